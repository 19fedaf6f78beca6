package organisation

import (
	"slices"

	"hailong/server/yamlfile"
)

// value and position are those of the file.
type (
	value    = yamlfile.Value
	position = yamlfile.Position
)

// row is one mapping of the file, with the values of its known keys.
type row struct {
	at     position
	fields map[string]value
}

// get gives the value of a key; where it is absent or empty, the row's place.
func (r row) get(key string) value {
	if v, ok := r.fields[key]; ok {
		return v
	}
	return value{At: r.at}
}

// document is the file's shape, before what it says is checked.
type document struct {
	province row
	settings row
	patterns []value
	tags     []value // languages
	letter   *row    // nil: the file says nothing of it
	lines    map[string][]value
	lists    map[string][]row
}

// keys are the keys of the rows of each list, in the order in which faults name
// them; those that must be given come first, up to required.
var keys = map[string]struct {
	names    []string
	required int
}{
	"unit_kinds": {[]string{"code", "name", "name_en"}, 2},
	"units":      {[]string{"code", "name", "kind", "name_en", "parent", "from", "until"}, 3},
	"desks":      {[]string{"code", "unit", "name", "service", "name_en", "hours"}, 4},
	"kiosks":     {[]string{"code", "desk", "name"}, 3},
	"targets":    {[]string{"service", "operator", "percent", "from", "kind", "unit"}, 4},
	"timeliness": {[]string{"kind", "in_time", "early", "from"}, 4},
}

// sections are the keys of the file.
var sections = []string{"province", "unit_kinds", "units", "desks", "kiosks", "targets", "timeliness", "letter"}

// read gives the file's shape, or nil where it is not YAML at all.
func read(c *yamlfile.File, data []byte) *document {
	body := c.Root(data)
	if body == nil {
		return nil
	}
	d := &document{lists: make(map[string][]row)}
	for _, p := range c.Pairs(body, sections) {
		switch p.Key {
		case "province":
			d.readProvince(c, p)
		case "letter":
			d.readLetter(c, p)
		default:
			d.lists[p.Key] = readList(c, p)
		}
	}
	for _, s := range []string{"province", "unit_kinds", "units"} {
		if _, ok := d.lists[s]; !ok && (s != "province" || d.province.fields == nil) {
			c.Add(position{}, "thêm mục này theo tệp mẫu trong deploy/example", "thiếu mục «%s»", s)
		}
	}
	return d
}

func (d *document) readProvince(c *yamlfile.File, p yamlfile.Pair) {
	d.province = row{at: p.At, fields: make(map[string]value)}
	d.settings = row{at: p.At, fields: make(map[string]value)}
	for _, q := range c.Pairs(p.Node, []string{"name", "name_en", "settings"}) {
		if q.Key != "settings" {
			put(c, d.province, q)
			continue
		}
		for _, s := range c.Pairs(q.Node, []string{SettingLeastAnswers, SettingPatterns, SettingSample, SettingLanguages, SettingHours, "comment_days", "contact_days"}) {
			switch s.Key {
			case SettingPatterns:
				d.patterns = c.Scalars(s)
			case SettingLanguages:
				d.tags = c.Scalars(s)
			default:
				put(c, d.settings, s)
			}
		}
	}
	if d.province.get("name").Text == "" {
		c.Add(p.At, "ghi tên tỉnh, ví dụ name: Tỉnh Nghệ An", "thiếu «name» của tỉnh")
	}
}

// readLetter reads what stands around a periodic report.
func (d *document) readLetter(c *yamlfile.File, p yamlfile.Pair) {
	d.letter = &row{at: p.At, fields: make(map[string]value)}
	d.lines = make(map[string][]value)
	for _, q := range c.Pairs(p.Node, slices.Concat(LetterTexts, LetterLists)) {
		if slices.Contains(LetterLists, q.Key) {
			d.lines[q.Key] = c.Scalars(q)
		} else {
			put(c, *d.letter, q)
		}
	}
}

// readList reads a list of mappings of scalars.
func readList(c *yamlfile.File, p yamlfile.Pair) []row {
	known := keys[p.Key]
	rows := []row{}
	for _, n := range c.Items(p) {
		r := row{at: yamlfile.At(n), fields: make(map[string]value)}
		got := c.Pairs(n, known.names)
		if got == nil {
			continue
		}
		r.at = got[0].At
		for _, q := range got {
			put(c, r, q)
		}
		for _, k := range known.names[:known.required] {
			if r.get(k).Text == "" && !slices.ContainsFunc(got, func(q yamlfile.Pair) bool { return q.Key == k && yamlfile.Broken(q.Node) }) {
				c.Add(r.at, "ghi «"+k+": …» vào dòng này", "thiếu «%s»", k)
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// put stores a pair's scalar in a row, if it is one.
func put(c *yamlfile.File, r row, p yamlfile.Pair) {
	if v, ok := c.Scalar(p.Node); ok && v.Text != "" {
		r.fields[p.Key] = v
	}
}
