package organisation

import (
	"strings"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/yamlfile"
)

// timeliness turns the rows of the section into one setting for each kind of
// unit: its roadmap, in the form of survey.ParseTimeliness.
func (b *builder) timeliness(rows []row) {
	roadmaps := make(map[string][]string)
	var kinds []string
	seen := make(map[[2]string]position)
	for _, r := range rows {
		kind := r.get("kind").Text
		if kind != "" && !b.kinds[kind] {
			b.Add(r.get("kind").At, "thêm loại này vào mục unit_kinds, hoặc sửa mã", "không có loại đơn vị mang mã «%s»", yamlfile.Clip(kind))
		}
		from := survey.Day(b.day(r, "from"))
		key := [2]string{kind, from.String()}
		if first, ok := seen[key]; ok {
			b.Add(r.at, "bỏ một trong hai, hoặc đổi from", "mục tiêu đúng hẹn này đã có ở dòng %d", first.Line)
		}
		seen[key] = r.at
		step := from.String() + " " + b.asked(r, "in_time") + " " + b.asked(r, "early")
		if roadmaps[kind] == nil {
			kinds = append(kinds, kind)
		}
		roadmaps[kind] = append(roadmaps[kind], step)
	}
	for _, kind := range kinds {
		text := strings.Join(roadmaps[kind], "; ")
		if r, err := survey.ParseTimeliness(text); err == nil { // else its fault is told already
			text = r.String()
		}
		if len(text) > fact.MaxText {
			b.Add(seen[[2]string{kind, roadmaps[kind][0][:len("2018-01-01")]}], "bỏ bớt mốc đã cũ", "lộ trình đúng hẹn của «%s» dài quá %d byte", kind, fact.MaxText)
		}
		b.o.Settings = append(b.o.Settings, fact.Setting{Key: survey.TimelinessSetting(kind), Value: text})
	}
}

// asked gives an operator and a percentage, as ">=30", of a value such as ">= 30".
func (b *builder) asked(r row, key string) string {
	v := r.get(key)
	text := strings.ReplaceAll(v.Text, " ", "")
	if _, err := survey.ParseTimeliness("2018-01-01 " + text + " =100"); err != nil && v.Text != "" {
		b.Add(v.At, `">" (trên), ">=" (trở lên) hoặc "=" (đạt) rồi số phần trăm, trong dấu nháy: ">= 30"`, "«%s» không phải là mục tiêu đúng hẹn", yamlfile.Clip(v.Text))
	}
	return text
}
