package organisation

import (
	"path/filepath"
	"strings"
	"testing"

	"hailong/internal/survey"
	"hailong/server/yamlfile"
)

// TestTimeliness: a kind's rows are one roadmap, in order of their days, and what
// is wrong with them is told in its place.
func TestTimeliness(t *testing.T) {
	const base = "province: {name: A}\nunit_kinds: [{code: x, name: X}, {code: y, name: Y}]\nunits: [{code: u, name: U, kind: x}]\ntimeliness:\n"
	o, err := Parse("a.yaml", []byte(base+`  - {kind: x, in_time: ">= 99.5", early: ">=35", from: 2019-01-01}
  - {kind: y, in_time: "> 98", early: ">= 25", from: 2018-01-01}
  - {kind: x, in_time: "=100", early: ">= 30", from: 2018-01-01}
`))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range o.Settings {
		got[s.Key] = s.Value
	}
	if got["timeliness/x"] != "2018-01-01 =100 >=30; 2019-01-01 >=99.5 >=35" || got["timeliness/y"] != "2018-01-01 >98 >=25" {
		t.Errorf("%q", got)
	}
	for text, want := range map[string]string{
		"  - {kind: z, in_time: \"=100\", early: \">=30\", from: 2018-01-01}\n":                    "không có loại đơn vị",
		"  - {kind: x, in_time: \"100\", early: \">=30\", from: 2018-01-01}\n":                     "không phải là mục tiêu đúng hẹn",
		"  - {kind: x, in_time: \"=100\", early: \">=130\", from: 2018-01-01}\n":                   "không phải là mục tiêu đúng hẹn",
		"  - {kind: x, in_time: \"=100\", early: \">=30; =1\", from: 2018-01-01}\n":                "không phải là mục tiêu đúng hẹn",
		"  - {kind: x, in_time: \"=100\", early: \">=30\", from: 2018-02-30}\n":                    "không phải là một ngày",
		"  - {kind: x, in_time: \"=100\", from: 2018-01-01}\n":                                     "thiếu «early»",
		strings.Repeat("  - {kind: x, in_time: \"=100\", early: \">=30\", from: 2018-01-01}\n", 2): "đã có ở dòng 5",
	} {
		_, err := Parse("a.yaml", []byte(base+text))
		if all := yamlfile.Faults(err); len(all) == 0 || !strings.Contains(all[0].Message, want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	// The examples ask what the seed document asks.
	for _, name := range []string{"nghe-an-2018.yaml", "nghe-an-2025.yaml"} {
		o, err := Load(filepath.Join("..", "..", "deploy", "example", name))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, s := range o.Settings {
			if r, err := survey.ParseTimeliness(s.Value); s.Key == survey.TimelinessSetting("so") {
				found = err == nil && r.On(survey.NewDay(2026, 1, 1)) == survey.TimelinessDepartment
			}
		}
		if !found {
			t.Errorf("%s: departments are not asked for 100%% and 30%%", name)
		}
	}
}
