package questionnaire

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hailong/internal/survey"
	"hailong/server/yamlfile"
)

// The example asks what the ministries' surveys ask: five factors with a
// question each, the 22 criteria of SIPAS, and what fits on a kiosk's screen.
func TestExample(t *testing.T) {
	v, err := Load("../../deploy/example/questionnaire.yaml")
	if err != nil {
		t.Fatal(err)
	}
	a, p := v.For(survey.ServiceAdministrative), v.For(survey.ServicePublic)
	if v.Version != 1 || v.From != survey.NewDay(2018, 1, 1) || a == nil || p == nil || a.Full || !p.Full {
		t.Fatalf("%+v", v)
	}
	if len(a.Reasons) != 22 || len(a.Factors) != 5 || len(p.Factors) != 5 || a.Steps["supplement"]["vi"] == "" || a.Steps["refused"]["vi"] == "" {
		t.Errorf("%d reasons, %d and %d factors, steps %v", len(a.Reasons), len(a.Factors), len(p.Factors), a.Steps)
	}
	for _, s := range v.Services {
		officer, kiosk, asked := 0, 0, map[string]bool{}
		for _, q := range s.Questions {
			if q.Officer {
				officer++
			} else {
				asked[q.Factor] = true
			}
		}
		onKiosk := map[string]bool{}
		for _, r := range s.Reasons {
			if r.Kiosk {
				kiosk, onKiosk[r.Factor] = kiosk+1, true
			}
			if r.Good["en"] == "" || r.Bad["en"] == "" || r.Kiosk && (r.Good["lo"] == "" || r.Bad["lo"] == "") {
				t.Errorf("%s lacks a language", r.Code)
			}
		}
		for _, f := range s.Factors {
			if !asked[f.Code] || !onKiosk[f.Code] {
				t.Errorf("service %d: the factor %s has no question, or no reason on kiosks", s.Service, f.Code)
			}
		}
		if wanted := s.Service == survey.ServiceAdministrative; kiosk != survey.MaxKiosk || (officer == 1) != wanted {
			t.Errorf("service %d: %d reasons on kiosks, %d questions about the officer", s.Service, kiosk, officer)
		}
	}
	f, err := v.Fact()
	if err != nil {
		t.Fatal(err)
	}
	if q, err := survey.ParseQuestionnaire(f.Document); err != nil || q.Version != f.Version || len(q.Services) != 2 {
		t.Errorf("%v %v", q, err)
	}
}

const small = `version: 2
from: 2026-12-01
scale:
  - {vi: "Một"}
  - {vi: "Hai"}
  - {vi: "Ba"}
  - {vi: "Bốn"}
  - {vi: "Năm", en: "Five"}
consent: {vi: "Đồng ý"}
services:
  - service: public
    full: true
    overall: {vi: "Thế nào?"}
    factors:
      - {code: a, name: {vi: "A"}}
    questions:
      - {code: a, factor: a, text: {vi: "A?"}}
      - code: b
        factor: a
        officer: true
        text: {vi: "B?"}
    reasons:
      - {code: a.x, factor: a, kiosk: true, good: {vi: "Tốt"}, bad: {vi: "Chưa tốt"}}
`

func TestFaults(t *testing.T) {
	if v, err := Parse("small.yaml", []byte(small)); err != nil || !v.Services[0].Questions[1].Officer || !v.Services[0].Full ||
		v.Services[0].Reasons[0].Bad["vi"] != "Chưa tốt" || v.Scale[4]["en"] != "Five" {
		t.Fatalf("%+v, %v", v, err)
	}
	for _, c := range []struct {
		old, new string
		line     int
		message  string
	}{
		{"version: 2", "version: 0", 1, "từ 1 trở lên"},
		{"version: 2", "version: 70000", 1, "từ 0 đến 65535"},
		{"version: 2", "version: two", 1, "phải là số nguyên"},
		{"version: 2\n", "", 0, "từ 1 trở lên"},
		{"2026-12-01", "2026-02-30", 2, "Không có ngày «2026-02-30»"},
		{`  - {vi: "Ba"}` + "\n", "", 3, "đúng năm mức"},
		{`- {vi: "Ba"}`, `- {en: "Three"}`, 6, "thiếu câu tiếng Việt"},
		{`- {vi: "Ba"}`, `- {vi: "Ba", EN: "Three"}`, 6, "«EN» không phải là mã ngôn ngữ"},
		{`- {vi: "Ba"}`, `- {vi: "Ba\u0007"}`, 6, "ký tự điều khiển"},
		{`- {vi: "Ba"}`, `- {vi: "` + strings.Repeat("á", 201) + `"}`, 6, "từ 1 đến 400 byte"},
		{`- {vi: "Ba"}`, `- Ba`, 6, "các cặp khóa và giá trị"},
		{`- {vi: "Ba"}`, `- {vi: "Ba", vi: "Tư"}`, 6, "được ghi hai lần"},
		{"consent: {vi", "consent: {en", 9, "thiếu câu tiếng Việt"},
		{"consent:", "consents:", 9, "không có khóa «consents»"},
		{"service: public", "service: other", 11, "Không có loại dịch vụ «other»"},
		{"full: true", "full: yes", 12, "phải là true hoặc false"},
		{"code: a, name", "code: A, name", 15, "mã phải gồm chữ thường"},
		{"{code: a, factor: a, text", "{code: a, factor: c, text", 17, "không có yếu tố"},
		{"code: b\n", "code: a\n", 18, "mã «a» được ghi hai lần"},
		{"        factor: a\n", "        factor: c\n", 19, "không có yếu tố"},
		{"        factor: a\n", "", 18, "không có yếu tố"},
		{`, bad: {vi: "Chưa tốt"}`, ``, 23, "thiếu câu tiếng Việt"},
		{"full: true", "steps: {lost: {vi: \"x\"}}", 12, "không có bước nào"},
		{"services:\n  - service", "services: x\nother:\n  - service", 10, "«services» phải là một danh sách"},
		{"scale:", "scale: &s", 3, "không dùng «&»"},
	} {
		if strings.Count(small, c.old) < 1 {
			t.Fatalf("%q is not in the file", c.old)
		}
		v, err := Parse("small.yaml", []byte(strings.Replace(small, c.old, c.new, 1)))
		if v != nil || survey.CodeOf(err) != survey.CodeSheetFault {
			t.Errorf("%q: loaded, %v", c.new, err)
			continue
		}
		all := yamlfile.Faults(err)
		if !slices.ContainsFunc(all, func(f yamlfile.Fault) bool {
			return f.Line == c.line && strings.Contains(f.Message, c.message) && f.Try != ""
		}) {
			t.Errorf("%q: want «%s» at line %d: %v", c.new, c.message, c.line, err)
		}
	}
}

// All faults come at once, in the order of their lines.
func TestFaultsAllAtOnce(t *testing.T) {
	r := strings.NewReplacer("version: 2", "version: 0", `{vi: "Hai"}`, `{en: "Two"}`, "service: public", "service: other", "code: b\n", "code: a\n", "good: {vi", "good: {en")
	_, err := Parse("small.yaml", []byte(r.Replace(small)))
	var lines []int
	for _, f := range yamlfile.Faults(err) {
		lines = append(lines, f.Line)
	}
	if !slices.Equal(lines, []int{1, 5, 11, 18, 23}) {
		t.Errorf("%v\n%v", lines, err)
	}
}

func TestWholeFiles(t *testing.T) {
	for name, data := range map[string]string{
		"empty": "", "list": "- a\n", "text": "xin chào", "latin": "version: \xe9", "deep": strings.Repeat("[", 100000), "twice": small + "\n" + small,
	} {
		v, err := Parse(name, []byte(data))
		if v != nil || survey.CodeOf(err) != survey.CodeSheetFault || len(yamlfile.Faults(err)) == 0 {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	if _, err := Parse("big", make([]byte, MaxFile+1)); survey.CodeOf(err) != survey.CodeFileTooLarge {
		t.Error(err)
	}
	// Within the file's bound and beyond a fact's.
	var many strings.Builder
	for i := range 55 {
		fmt.Fprintf(&many, "      - {code: x%d, factor: a, good: {vi: \"%[2]s\"", i, strings.Repeat("x", 400))
		for k := range 10 {
			fmt.Fprintf(&many, ", l%c: \"%s\"", 'a'+k, strings.Repeat("x", 400))
		}
		many.WriteString("}, bad: {vi: \"x\"}}\n")
	}
	if _, err := Parse("long", []byte(small+many.String())); len(yamlfile.Faults(err)) != 1 || !strings.Contains(err.Error(), "phiếu hỏi dài quá") {
		t.Error(err)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); survey.CodeOf(err) != survey.CodeFileUnreadable {
		t.Error(err)
	}
}

// Whatever the file, there is either a version that can be recorded and read
// back, or faults, and never both.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../../deploy/example/questionnaire.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(small))
	f.Add(example)
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Parse("fuzz.yaml", data)
		if err != nil {
			if v != nil || len(yamlfile.Faults(err)) == 0 && survey.CodeOf(err) != survey.CodeFileTooLarge {
				t.Fatalf("%v, %v", v, err)
			}
			return
		}
		q, err := v.Fact()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := survey.ParseQuestionnaire(q.Document); err != nil {
			t.Fatal(err)
		}
	})
}
