package organisation

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/yamlfile"
)

const examples = "../../deploy/example"

func load(t *testing.T, name string) *Organisation {
	t.Helper()
	o, err := Load(filepath.Join(examples, name))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// census counts units by kind, and checks that every unit but the root has one
// desk of its own.
func census(t *testing.T, o *Organisation) map[string]int {
	t.Helper()
	n, desks := make(map[string]int), make(map[string]int)
	for _, d := range o.Desks {
		desks[d.Unit]++
	}
	for _, u := range o.Units {
		n[u.Kind]++
		if want := 1; u.Parent != "" && desks[u.Code] != want {
			t.Errorf("%s has %d desks", u.Code, desks[u.Code])
		}
		if u.NameEN == "" {
			t.Errorf("%s has no English name", u.Code)
		}
	}
	return n
}

func TestExample2018(t *testing.T) {
	o := load(t, "nghe-an-2018.yaml")
	n := census(t, o)
	if n["phuong"] != 16 || n["xa"] != 9 || n["so"]+n["thanh-pho"] != 7 || n["su-nghiep"] < 5 || n["tinh"] != 1 {
		t.Errorf("%v", n)
	}
	if len(o.Kiosks) < 3 || len(o.Targets) != 5 {
		t.Errorf("%d kiosks, %d targets", len(o.Kiosks), len(o.Targets))
	}
	day := survey.NewDay(2018, 1, 1)
	want := map[string]int32{"so": 9500, "thanh-pho": 9500, "phuong": 9000, "xa": 9000, "su-nghiep": 9000}
	for _, x := range o.Targets {
		if x.Hundredths != want[x.Kind] || survey.Operator(x.Operator) != survey.OperatorAbove || x.From != int32(day) ||
			(x.Kind == "su-nghiep") != (survey.Service(x.Service) == survey.ServicePublic) {
			t.Errorf("%+v", x)
		}
	}
}

func TestExample2025(t *testing.T) {
	o := load(t, "nghe-an-2025.yaml")
	n := census(t, o)
	if n["phuong"] != 11 || n["xa"] != 119 || n["tinh"] != 1 {
		t.Errorf("%v", n)
	}
	for _, u := range o.Units {
		if (u.Kind == "xa" || u.Kind == "phuong") && (u.Parent != "H41" || len(u.Code) != 5 || u.From != int32(survey.NewDay(2025, 7, 1))) {
			t.Errorf("two levels since 1 July 2025: %+v", u)
		}
	}
}

// Languages and opening hours: those of the province, and of a desk that has its
// own.
func TestLanguagesAndHours(t *testing.T) {
	set := map[string]string{}
	for _, s := range load(t, "nghe-an-2018.yaml").Settings {
		set[s.Key] = s.Value
	}
	if got := Languages(set[SettingLanguages]); !slices.Equal(got, []string{"vi", "en", "lo"}) {
		t.Errorf("%v", got)
	}
	if got := Languages(""); !slices.Equal(got, []string{"vi", "en"}) {
		t.Errorf("nothing set: %v", got)
	}
	sunday := time.Date(2026, 11, 22, 9, 0, 0, 0, survey.Zone)
	for key, open := range map[string]bool{SettingHours: false, HoursOf("DG-BVDK-VINH"): true} {
		if h, err := survey.ParseHours(set[key]); err != nil || set[key] == "" || h.Open(sunday) != open {
			t.Errorf("%s: %q %v", key, set[key], err)
		}
	}
}

// The rows that the examples keep as comments work when an operator removes the
// number sign.
func TestExamplesCommentedRows(t *testing.T) {
	for _, name := range []string{"nghe-an-2018.yaml", "nghe-an-2025.yaml"} {
		data, err := os.ReadFile(filepath.Join(examples, name))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		lines := strings.Split(string(data), "\n")
		for i, line := range lines {
			trimmed := strings.TrimLeft(line, " ")
			if strings.HasPrefix(trimmed, "# - {") || strings.HasPrefix(trimmed, "# dossier_patterns:") || strings.HasPrefix(trimmed, "#   - '") {
				lines[i] = strings.Replace(line, "# ", "", 1)
				n++
			}
		}
		if _, err := Parse(name, []byte(strings.Join(lines, "\n"))); err != nil || n == 0 {
			t.Errorf("%s, %d rows: %v", name, n, err)
		}
	}
}

func TestEntries(t *testing.T) {
	o := load(t, "nghe-an-2018.yaml")
	all := o.Entries()
	if want := len(o.Settings) + len(o.Kinds) + len(o.Units) + len(o.Desks) + len(o.Kiosks) + len(o.Targets); len(all) != want {
		t.Fatalf("%d entries, want %d", len(all), want)
	}
	again := load(t, "nghe-an-2018.yaml").Entries()
	kinds := map[fact.Kind]any{fact.KindSetting: fact.Setting{}, fact.KindUnitKind: fact.UnitKind{}, fact.KindUnit: fact.Unit{},
		fact.KindDesk: fact.Desk{}, fact.KindKiosk: fact.Kiosk{}, fact.KindTarget: fact.Target{}}
	for i, e := range all {
		one, err1 := fact.Marshal(e.Body)
		two, err2 := fact.Marshal(again[i].Body)
		if err1 != nil || err2 != nil || string(one) != string(two) || e.Kind != again[i].Kind {
			t.Fatalf("entry %d: %v %v %v", i, e, err1, err2)
		}
		if want := kinds[e.Kind]; want == nil || reflect.TypeOf(want) != reflect.TypeOf(e.Body) {
			t.Fatalf("entry %d: kind %d with %T", i, e.Kind, e.Body)
		}
	}
}

// small is a file without faults, to which tests do harm.
const small = `province:
  name: Tỉnh Mẫu
  settings: {least_answers: 30}
unit_kinds:
  - {code: tinh, name: UBND tỉnh}
  - {code: so, name: Sở}
units:
  - {code: T, name: UBND tỉnh, kind: tinh}
  - {code: "007", name: Sở Bảy, kind: so, parent: T, from: 2018-01-01, until: 2030-01-01}
  - {code: S2, name: Sở Hai, kind: so, parent: T}
desks:
  - {code: D1, unit: "007", name: Một cửa, service: administrative}
kiosks:
  - {code: K1, desk: D1, name: Máy một}
targets:
  - {kind: so, service: administrative, operator: ">", percent: "95", from: 2018-01-01}
  - {kind: so, service: administrative, operator: ">", percent: "96.5", from: 2019-01-01}
  - {unit: S2, service: administrative, operator: ">", percent: 95, from: 2018-01-01}
  - {unit: S2, service: administrative, operator: ">=", percent: "97", from: 2019-01-01}
`

func TestSmall(t *testing.T) {
	o, err := Parse("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	u := o.Units[1]
	if u.Code != "007" || u.From != int32(survey.NewDay(2018, 1, 1)) || u.Until != int32(survey.NewDay(2030, 1, 1)) || u.Parent != "T" {
		t.Errorf("%+v", u)
	}
	if x := o.Targets[1]; x.Hundredths != 9650 || x.Operator != 1 || x.Service != 1 || x.Kind != "so" {
		t.Errorf("%+v", x)
	}
	if s := o.Settings; len(s) != 2 || s[0] != (fact.Setting{Key: SettingProvince, Value: "Tỉnh Mẫu"}) || s[1] != (fact.Setting{Key: SettingLeastAnswers, Value: "30"}) {
		t.Errorf("%+v", s)
	}
	// With a byte order mark and lines ended as on Windows, it says the same.
	w, err := Parse("small.yaml", []byte("\ufeff"+strings.ReplaceAll(small, "\n", "\r\n")))
	if err != nil || !reflect.DeepEqual(o, w) {
		t.Errorf("%v", err)
	}
}

// Each fault is found at its line, and nothing is loaded.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		old, new string
		line     int
		message  string
	}{
		{"  name: Tỉnh Mẫu", "  nmae: Tỉnh Mẫu", 2, "không có khóa «nmae»"},
		{"kiosks:", "kiosk:", 13, "không có khóa «kiosk»"},
		{"least_answers: 30", "least_answer: 30", 3, "không có khóa «least_answer»"},
		{"least_answers: 30", "least_answers: 3", 3, "số phiếu ít nhất"},
		{"least_answers: 30", "least_answers: 30.0", 3, "số phiếu ít nhất"},
		{"least_answers: 30", `dossier_patterns: [".*"]`, 3, "mẫu mã hồ sơ"},
		{"least_answers: 30", `dossier_patterns: "x"`, 3, "phải là một danh sách"},
		{"name: Sở Hai, kind: so", "name: Sở Hai, kind: xa", 10, "không có loại đơn vị mang mã «xa»"},
		{"name: Sở Hai, ", "", 10, "thiếu «name»"},
		{"name: Sở Hai", "name: ", 10, "thiếu «name»"},
		{"name: Sở Hai", "name: [Sở, Hai]", 10, "giá trị đơn"},
		{"code: S2, name", "code: '007', name", 10, "mã «007» đã có ở dòng 9"},
		{"code: S2, name", "code: t, name", 10, "mã «t» đã có ở dòng 8"},
		{"code: S2, name", "code: S 2, name", 10, "mã «S 2»"},
		{"code: S2, name", "code: S2, code: S3, name", 10, "khóa «code» được ghi hai lần"},
		{"kind: so, parent: T}", "kind: so}", 10, "không có cấp trên"},
		{"kind: so, parent: T}", "kind: so, parent: X}", 10, "không có đơn vị cấp trên mang mã «X»"},
		{"kind: so, parent: T}", "kind: so, parent: S2}", 10, "là cấp trên của chính nó"},
		{"kind: so, parent: T}", `kind: so, parent: "007"}`, 10, "không tồn tại suốt thời gian"},
		{"kind: tinh}", "kind: tinh, parent: S2}", 8, "là cấp trên của chính nó"},
		{"from: 2018-01-01, until", "from: 2018-02-29, until", 9, "«2018-02-29» không phải là một ngày"},
		{"from: 2018-01-01, until", "from: 1/1/2018, until", 9, "«1/1/2018» không phải là một ngày"},
		{"until: 2030-01-01", "until: 2018-01-01", 9, "ngày kết thúc phải sau"},
		{`unit: "007", name: Một cửa`, `unit: "7", name: Một cửa`, 12, "không có đơn vị mang mã «7»"},
		{"service: administrative}\nkiosks", "service: other}\nkiosks", 12, "không có loại dịch vụ «other»"},
		{"desk: D1", "desk: D2", 14, "không có bộ phận một cửa mang mã «D2»"},
		{`operator: ">", percent: "95"`, `operator: "<", percent: "95"`, 16, "không có phép so sánh «<»"},
		{`percent: "95"`, `percent: "95%"`, 16, "«95%» không phải là phần trăm"},
		{`percent: "95"`, `percent: "100"`, 16, "không tỷ lệ nào trên 100%"},
		{`{kind: so, service: administrative, operator: ">", percent: "95"`, `{service: administrative, operator: ">", percent: "95"`, 16, "đúng một trong"},
		{`{kind: so, service: administrative, operator: ">", percent: "95"`, `{kind: so, unit: S2, service: administrative, operator: ">", percent: "95"`, 16, "đúng một trong"},
		{`percent: "96.5", from: 2019-01-01`, `percent: "96.5", from: 2018-01-01`, 17, "mục tiêu này đã có ở dòng 16"},
		{"unit: S2, service", "unit: S9, service", 18, "không có đơn vị mang mã «S9»"},
		{"percent: 95,", "percent: 94.99,", 18, "thấp hơn mục tiêu chung của tỉnh (> 95%, dòng 16) từ ngày 2018-01-01"},
		{`operator: ">", percent: 95,`, `operator: ">=", percent: 95,`, 18, "thấp hơn mục tiêu chung"},
		{`percent: "97", from: 2019`, `percent: "97", from: 2020`, 18, "thấp hơn mục tiêu chung của tỉnh (> 96.5%, dòng 17) từ ngày 2019-01-01"},
		{`operator: ">=", percent: "97"`, `operator: ">=", percent: "96.5"`, 19, "thấp hơn mục tiêu chung"},
		{"least_answers: 30", "languages: [en]", 3, "thiếu tiếng Việt"},
		{"least_answers: 30", "comment_days: 0", 3, "số nguyên từ 1 đến 3650"},
		{"least_answers: 30", "contact_days: 3651", 3, "số nguyên từ 1 đến 3650"},
		{"least_answers: 30", "contact_days: 090", 3, "số nguyên từ 1 đến 3650"},
		{"least_answers: 30", "languages: [vi, vi]", 3, "được ghi hai lần"},
		{"least_answers: 30", "languages: [vi, tiếng Anh]", 3, "«tiếng Anh» không phải là mã ngôn ngữ"},
		{"least_answers: 30", "languages: [vi, EN]", 3, "«EN» không phải là mã ngôn ngữ"},
		{"least_answers: 30", `opening_hours: "T2-T6 7h30-11h30"`, 3, "giờ mở cửa «T2-T6 7h30-11h30» chưa đúng"},
		{"service: administrative}\nkiosks", `service: administrative, hours: "mọi ngày"}` + "\nkiosks", 12, "giờ mở cửa «mọi ngày» chưa đúng"},
		{"units:", "units: &u", 7, "không dùng «&»"},
		{`operator: ">", percent: "95"`, `operator: !!str x, percent: "95"`, 16, "không dùng «!!str»"},
		{"units:\n", "units: x\n", 7, "«units» phải là một danh sách"},
		{"desks:", "desks: [", 13, "YAML chưa đúng"},
		{"targets:", "---\ntargets:", 16, "hơn một văn bản"},
		{"kiosks:", "kiosks:\n  - x", 14, "ở đây cần các khóa"},
		{"kiosks:", "kiosks:\n  - {}", 14, "ở đây cần các khóa"},
		{"name: Máy một", `name: "Máy\u0007 một"`, 14, "ký tự điều khiển"},
		{"name: Máy một", "name: " + strings.Repeat("á", 201), 14, "dài quá 400 byte"},
	} {
		if strings.Count(small, c.old) < 1 {
			t.Fatalf("%q is not in the file", c.old)
		}
		i := strings.LastIndex(small, c.old)
		if strings.HasPrefix(c.old, "{kind") || strings.HasPrefix(c.old, "percent: \"95\"") || strings.HasPrefix(c.old, "unit: S2") || strings.HasPrefix(c.old, `operator: ">", percent: "95"`) {
			i = strings.Index(small, c.old)
		}
		o, err := Parse("small.yaml", []byte(small[:i]+c.new+small[i+len(c.old):]))
		if o != nil || survey.CodeOf(err) != survey.CodeOrganisationFault {
			t.Errorf("%q: loaded, %v", c.new, err)
			continue
		}
		all := yamlfile.Faults(err)
		if !slices.ContainsFunc(all, func(f yamlfile.Fault) bool {
			return f.Line == c.line && f.Column > 0 && strings.Contains(f.Message, c.message)
		}) {
			t.Errorf("%q: want «%s» at line %d:\n%v", c.new, c.message, c.line, errors.Unwrap(err))
		}
		for _, f := range all {
			if f.Try == "" || !strings.HasPrefix(f.Error(), "small.yaml:") || !strings.Contains(f.Error(), "Thử: ") {
				t.Errorf("%q: nothing to try: %s", c.new, f)
			}
		}
	}
}

// All faults come at once, in the order of their lines, and no valid row is
// taken for one.
func TestFaultsAllAtOnce(t *testing.T) {
	r := strings.NewReplacer("parent: T}", "parent: X}", "desk: D1", "desk: D9", `percent: "95"`, `percent: "95."`, "code: K1", "colour: red, code: K1", "kind: tinh", "kind: thanh")
	_, err := Parse("small.yaml", []byte(r.Replace(small)))
	var lines []int
	for _, f := range yamlfile.Faults(err) {
		lines = append(lines, f.Line)
	}
	if !slices.Equal(lines, []int{8, 10, 14, 14, 16}) {
		t.Errorf("%v\n%v", lines, err)
	}
	if !strings.Contains(err.Error(), "5 faults") {
		t.Error(err)
	}
	_, windows := Parse("small.yaml", []byte(strings.ReplaceAll(r.Replace(small), "\n", "\r\n")))
	if !slices.Equal(yamlfile.Faults(windows), yamlfile.Faults(err)) {
		t.Errorf("with lines ended as on Windows: %v", windows)
	}
}

func TestWholeFiles(t *testing.T) {
	for name, data := range map[string]string{
		"empty": "", "comment": "# chỉ có chú thích\n", "list": "- a\n", "text": "xin chào", "null": "~", "latin": "province: {name: \xe9}",
		"missing": "province: {name: x}\n", "empty map": "{}", "tabs": "province:\n\tname: x\n", "deep": strings.Repeat("[", 100000),
		"dashes": strings.Repeat("- ", 100000), "colons": strings.Repeat("a: ", 100000), "questions": strings.Repeat("? ", 1000), "circle": small + "\n" + small,
	} {
		o, err := Parse(name, []byte(data))
		if o != nil || survey.CodeOf(err) != survey.CodeOrganisationFault || len(yamlfile.Faults(err)) == 0 {
			t.Errorf("%s: %v, %v", name, o, err)
		}
	}
	if _, err := Parse("big", make([]byte, MaxFile+1)); survey.CodeOf(err) != survey.CodeFileTooLarge {
		t.Error(err)
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); survey.CodeOf(err) != survey.CodeFileUnreadable || !errors.Is(err, os.ErrNotExist) || yamlfile.Faults(err) != nil {
		t.Error(err)
	}
	if _, err := Load(t.TempDir()); survey.CodeOf(err) != survey.CodeFileUnreadable {
		t.Error(err)
	}
	var many strings.Builder
	for i := range 300 {
		fmt.Fprintf(&many, "key%d: x\n", i)
	}
	if _, err := Parse("many", []byte(many.String())); len(yamlfile.Faults(err)) != 101 {
		t.Errorf("%d faults", len(yamlfile.Faults(err)))
	}
}

// A circle of three is one fault, at its first unit.
func TestCircle(t *testing.T) {
	_, err := Parse("circle.yaml", []byte(`province: {name: x}
unit_kinds: [{code: a, name: a}]
units:
  - {code: R, name: r, kind: a}
  - {code: X, name: x, kind: a, parent: Z}
  - {code: Y, name: y, kind: a, parent: X}
  - {code: Z, name: z, kind: a, parent: Y}
  - {code: W, name: w, kind: a, parent: Z}
`))
	if all := yamlfile.Faults(err); len(all) != 1 || all[0].Line != 5 || !strings.Contains(all[0].Message, "vòng 3 đơn vị") {
		t.Error(err)
	}
}

// TestLetter: every part is a setting, what the file leaves out too, so that a
// later file takes it back; without the section nothing is said.
func TestLetter(t *testing.T) {
	const base = "province: {name: A}\nunit_kinds: [{code: x, name: X}]\nunits: [{code: u, name: U, kind: x}]\n"
	letter := func(text string) map[string]string {
		o, err := Parse("a.yaml", []byte(base+text))
		if err != nil {
			t.Fatalf("%v", errors.Join(err, errors.Unwrap(err)))
		}
		got := map[string]string{}
		for _, s := range o.Settings {
			if strings.HasPrefix(s.Key, "letter/") {
				got[s.Key] = s.Value
			}
		}
		return got
	}
	if got := letter(""); len(got) != 0 {
		t.Errorf("%v", got)
	}
	got := letter("letter:\n  agency: Sở Nội vụ\n  recipients: [UBND tỉnh, Các sở]\n")
	if len(got) != len(LetterTexts)+len(LetterLists) || got[LetterOf("agency")] != "Sở Nội vụ" || got[LetterOf("recipients")] != "UBND tỉnh\nCác sở" || got[LetterOf("signer")] != "" {
		t.Errorf("%q", got)
	}
	for _, bad := range []string{
		"letter:\n  agent: x\n", "letter:\n  opening: x\n", "letter: [x]\n",
		"letter:\n  agency: " + strings.Repeat("x", 401) + "\n",
		"letter:\n  opening: [" + strings.Repeat("x", 300) + ", " + strings.Repeat("y", 300) + "]\n",
		"letter:\n  recipients: [\"a\\u0007\"]\n",
	} {
		_, err := Parse("a.yaml", []byte(base+bad))
		if survey.CodeOf(err) != survey.CodeOrganisationFault || len(yamlfile.Faults(err)) != 1 || yamlfile.Faults(err)[0].Line < 4 {
			t.Errorf("%.60q: %v", bad, yamlfile.Faults(err))
		}
	}
}
