package organisation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// value is one scalar of the file, as it is written: a code of digits keeps its
// leading zeros, a percentage its decimals.
type value struct {
	text string
	at   position
}

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
	return value{at: r.at}
}

// document is the file's shape, before what it says is checked.
type document struct {
	province row
	settings row
	patterns []value
	tags     []value // languages
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
}

// sections are the keys of the file.
var sections = []string{"province", "unit_kinds", "units", "desks", "kiosks", "targets"}

// read gives the file's shape, or nil where it is not YAML at all.
func read(c *collector, data []byte) (d *document) {
	defer func() {
		if r := recover(); r != nil { // the parser has panicked on garbage before
			c.add(position{}, "so với tệp mẫu trong deploy/example", "tệp không phải YAML đúng (%s)", clip(fmt.Sprint(r)))
			d = nil
		}
	}()
	body := parse(c, data)
	if body == nil {
		return nil
	}
	d = &document{lists: make(map[string][]row)}
	for _, p := range pairs(c, body, sections) {
		switch p.key {
		case "province":
			d.readProvince(c, p)
		default:
			d.lists[p.key] = readList(c, p)
		}
	}
	for _, s := range []string{"province", "unit_kinds", "units"} {
		if _, ok := d.lists[s]; !ok && (s != "province" || d.province.fields == nil) {
			c.add(position{}, "thêm mục này theo tệp mẫu trong deploy/example", "thiếu mục «%s»", s)
		}
	}
	return d
}

func (d *document) readProvince(c *collector, p pair) {
	d.province = row{at: p.at, fields: make(map[string]value)}
	d.settings = row{at: p.at, fields: make(map[string]value)}
	for _, q := range pairs(c, p.node, []string{"name", "name_en", "settings"}) {
		if q.key != "settings" {
			put(c, d.province, q)
			continue
		}
		for _, s := range pairs(c, q.node, []string{SettingLeastAnswers, SettingPatterns, SettingSample, SettingLanguages, SettingHours}) {
			switch s.key {
			case SettingPatterns:
				d.patterns = scalars(c, s)
			case SettingLanguages:
				d.tags = scalars(c, s)
			default:
				put(c, d.settings, s)
			}
		}
	}
	if d.province.get("name").text == "" {
		c.add(p.at, "ghi tên tỉnh, ví dụ name: Tỉnh Nghệ An", "thiếu «name» của tỉnh")
	}
}

// readList reads a list of mappings of scalars.
func readList(c *collector, p pair) []row {
	known := keys[p.key]
	rows := []row{}
	for _, n := range items(c, p) {
		r := row{at: at(n), fields: make(map[string]value)}
		got := pairs(c, n, known.names)
		if got == nil {
			continue
		}
		r.at = got[0].at
		for _, q := range got {
			put(c, r, q)
		}
		for _, k := range known.names[:known.required] {
			if r.get(k).text == "" && !slices.ContainsFunc(got, func(q pair) bool { return q.key == k && broken(q.node) }) {
				c.add(r.at, "ghi «"+k+": …» vào dòng này", "thiếu «%s»", k)
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// put stores a pair's scalar in a row, if it is one.
func put(c *collector, r row, p pair) {
	if v, ok := scalar(c, p.node); ok && v.text != "" {
		r.fields[p.key] = v
	}
}

// pair is one key of a mapping, with what stands under it.
type pair struct {
	key  string
	at   position
	node ast.Node
}

// pairs gives a mapping's known keys, each once. An unknown or repeated key, or
// another thing than a mapping, is a fault.
func pairs(c *collector, n ast.Node, known []string) []pair {
	m, ok := n.(ast.MapNode)
	if !ok {
		c.add(at(n), "viết mỗi khóa một dòng, như trong tệp mẫu", "ở đây cần các khóa: %s", strings.Join(known, ", "))
		return nil
	}
	var all []pair
	before := len(c.faults)
	for it := m.MapRange(); it.Next(); {
		key, where := it.Key().GetToken().Value, at(it.Key())
		switch {
		case !slices.Contains(known, key):
			c.add(where, "dùng một trong: "+strings.Join(known, ", "), "không có khóa «%s» ở đây", clip(key))
		case slices.ContainsFunc(all, func(p pair) bool { return p.key == key }):
			c.add(where, "bỏ một trong hai", "khóa «%s» được ghi hai lần", key)
		default:
			all = append(all, pair{key, where, it.Value()})
		}
	}
	if all == nil && len(c.faults) == before {
		c.add(at(n), "viết mỗi khóa một dòng, như trong tệp mẫu", "ở đây cần các khóa: %s", strings.Join(known, ", "))
	}
	return all
}

// items gives the entries of a list; an empty value is an empty list.
func items(c *collector, p pair) []ast.Node {
	switch n := p.node.(type) {
	case *ast.SequenceNode:
		return n.Values
	case *ast.NullNode:
		return nil
	}
	c.add(p.at, "bắt đầu mỗi mục bằng dấu «- »", "«%s» phải là một danh sách", p.key)
	return nil
}

// scalars gives the entries of a list of single values.
func scalars(c *collector, p pair) (all []value) {
	for _, n := range items(c, p) {
		if v, ok := scalar(c, n); ok {
			all = append(all, v)
		}
	}
	return all
}

// broken says that a node is no scalar, which scalar reports.
func broken(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode, *ast.NullNode:
		return false
	}
	return true
}

// scalar gives a single value as written; an absent one is empty.
func scalar(c *collector, n ast.Node) (value, bool) {
	switch n := n.(type) {
	case *ast.NullNode:
		return value{at: at(n)}, true
	case *ast.StringNode:
		return value{strings.TrimSpace(n.Value), at(n)}, true
	}
	if broken(n) {
		c.add(at(n), "ghi một giá trị trên cùng dòng với khóa", "ở đây cần một giá trị đơn")
		return value{}, false
	}
	return value{n.GetToken().Value, at(n)}, true
}

func at(n ast.Node) position {
	if n == nil {
		return position{}
	}
	return place(n.GetToken())
}

func place(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{}
	}
	return position{t.Position.Line, t.Position.Column}
}

// clip shortens what is quoted in a message.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// parse gives the root of the only document. Only plain YAML is taken: no
// anchors, tags or block texts, of which an organisation needs none, and no
// deep nesting, which the parser would follow recursively.
func parse(c *collector, data []byte) (body ast.Node) {
	if !utf8.Valid(data) {
		c.add(position{}, "lưu lại tệp dưới dạng UTF-8", "tệp không phải là văn bản UTF-8")
		return nil
	}
	tokens := lexer.Tokenize(strings.TrimPrefix(string(data), "\ufeff"))
	if !plain(c, tokens) {
		return nil
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var where yaml.Error
		if errors.As(err, &where) {
			c.add(place(where.GetToken()), "kiểm tra thụt đầu dòng, dấu hai chấm và dấu nháy quanh dòng này", "YAML chưa đúng: %s", clip(where.GetMessage()))
		} else {
			c.add(position{}, "so với tệp mẫu trong deploy/example", "YAML chưa đúng")
		}
		return nil
	}
	for _, d := range f.Docs {
		switch {
		case d == nil || d.Body == nil:
		case body != nil:
			c.add(at(d.Body), "bỏ dấu «---» và phần sau nó", "tệp có hơn một văn bản YAML")
			return nil
		default:
			body = d.Body
		}
	}
	if body == nil {
		c.add(position{}, "bắt đầu từ tệp mẫu trong deploy/example", "tệp trống")
	}
	return body
}

// plain refuses what is not plain YAML.
func plain(c *collector, tokens token.Tokens) bool {
	const deepest = 8
	flow, line, entries, colons := 0, 0, 0, 0
	for _, t := range tokens {
		if p := place(t); p.line != line {
			line, entries, colons = p.line, 0, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.LiteralType, token.FoldedType, token.MappingKeyType, token.DirectiveType:
			c.add(place(t), `đặt giá trị trong dấu nháy, ví dụ ">"`, "không dùng «%s» trong tệp này", clip(t.Value))
			return false
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType:
			entries++
		case token.MappingValueType:
			colons++
		}
		if flow > deepest || entries > deepest || colons > 8*deepest {
			c.add(place(t), "viết mỗi mục một dòng, như trong tệp mẫu", "các mục lồng nhau quá nhiều")
			return false
		}
	}
	return true
}
