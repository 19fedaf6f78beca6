package yamlfile

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

// Value is one scalar of the file, as it is written: a code of digits keeps its
// leading zeros, a percentage its decimals.
type Value struct {
	Text string
	At   Position
}

// Pair is one key of a mapping, with what stands under it.
type Pair struct {
	Key  string
	At   Position
	Node ast.Node
}

// Pairs gives a mapping's known keys, each once; with none known, any key. An
// unknown or repeated key, or another thing than a mapping, is a fault.
func (f *File) Pairs(n ast.Node, known []string) []Pair {
	m, ok := n.(ast.MapNode)
	if !ok {
		f.needKeys(n, known)
		return nil
	}
	var all []Pair
	before := len(f.faults)
	for it := m.MapRange(); it.Next(); {
		key, where := it.Key().GetToken().Value, At(it.Key())
		switch {
		case known != nil && !slices.Contains(known, key):
			f.Add(where, "dùng một trong: "+strings.Join(known, ", "), "không có khóa «%s» ở đây", Clip(key))
		case slices.ContainsFunc(all, func(p Pair) bool { return p.Key == key }):
			f.Add(where, "bỏ một trong hai", "khóa «%s» được ghi hai lần", key)
		default:
			all = append(all, Pair{key, where, it.Value()})
		}
	}
	if all == nil && len(f.faults) == before {
		f.needKeys(n, known)
	}
	return all
}

func (f *File) needKeys(n ast.Node, known []string) {
	if known == nil {
		f.Add(At(n), `ví dụ {vi: "…", en: "…"}`, "ở đây cần các cặp khóa và giá trị")
		return
	}
	f.Add(At(n), "viết mỗi khóa một dòng, như trong tệp mẫu", "ở đây cần các khóa: %s", strings.Join(known, ", "))
}

// Items gives the entries of a list; an empty value is an empty list.
func (f *File) Items(p Pair) []ast.Node {
	switch n := p.Node.(type) {
	case *ast.SequenceNode:
		return n.Values
	case *ast.NullNode:
		return nil
	}
	f.Add(p.At, "bắt đầu mỗi mục bằng dấu «- »", "«%s» phải là một danh sách", p.Key)
	return nil
}

// Scalars gives the entries of a list of single values.
func (f *File) Scalars(p Pair) (all []Value) {
	for _, n := range f.Items(p) {
		if v, ok := f.Scalar(n); ok {
			all = append(all, v)
		}
	}
	return all
}

// Broken says that a node is no scalar, which Scalar reports.
func Broken(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode, *ast.NullNode:
		return false
	}
	return true
}

// Scalar gives a single value as written; an absent one is empty.
func (f *File) Scalar(n ast.Node) (Value, bool) {
	switch n := n.(type) {
	case *ast.NullNode:
		return Value{At: At(n)}, true
	case *ast.StringNode:
		return Value{strings.TrimSpace(n.Value), At(n)}, true
	}
	if Broken(n) {
		f.Add(At(n), "ghi một giá trị trên cùng dòng với khóa", "ở đây cần một giá trị đơn")
		return Value{}, false
	}
	return Value{n.GetToken().Value, At(n)}, true
}

// At gives a node's place.
func At(n ast.Node) Position {
	if n == nil {
		return Position{}
	}
	return place(n.GetToken())
}

func place(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{}
	}
	return Position{t.Position.Line, t.Position.Column}
}

// Clip shortens what is quoted in a message.
func Clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// Root gives the root of the file's only YAML document; nil, with a fault, where
// there is none.
func (f *File) Root(data []byte) (body ast.Node) {
	defer func() {
		if r := recover(); r != nil { // the parser has panicked on garbage before
			f.Add(Position{}, "so với tệp mẫu trong deploy/example", "tệp không phải YAML đúng (%s)", Clip(fmt.Sprint(r)))
			body = nil
		}
	}()
	return f.parse(data)
}

// parse gives the root of the only document. Only plain YAML is taken: no
// anchors, tags or block texts, of which none is needed, and no
// deep nesting, which the parser would follow recursively.
func (f *File) parse(data []byte) (body ast.Node) {
	if !utf8.Valid(data) {
		f.Add(Position{}, "lưu lại tệp dưới dạng UTF-8", "tệp không phải là văn bản UTF-8")
		return nil
	}
	tokens := lexer.Tokenize(strings.TrimPrefix(string(data), "\ufeff"))
	if !f.plain(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var where yaml.Error
		if errors.As(err, &where) {
			f.Add(place(where.GetToken()), "kiểm tra thụt đầu dòng, dấu hai chấm và dấu nháy quanh dòng này", "YAML chưa đúng: %s", Clip(where.GetMessage()))
		} else {
			f.Add(Position{}, "so với tệp mẫu trong deploy/example", "YAML chưa đúng")
		}
		return nil
	}
	for _, d := range file.Docs {
		switch {
		case d == nil || d.Body == nil:
		case body != nil:
			f.Add(At(d.Body), "bỏ dấu «---» và phần sau nó", "tệp có hơn một văn bản YAML")
			return nil
		default:
			body = d.Body
		}
	}
	if body == nil {
		f.Add(Position{}, "bắt đầu từ tệp mẫu trong deploy/example", "tệp trống")
	}
	return body
}

// plain refuses what is not plain YAML.
func (f *File) plain(tokens token.Tokens) bool {
	const deepest = 8
	flow, line, entries, colons := 0, 0, 0, 0
	for _, t := range tokens {
		if p := place(t); p.Line != line {
			line, entries, colons = p.Line, 0, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.LiteralType, token.FoldedType, token.MappingKeyType, token.DirectiveType:
			f.Add(place(t), `đặt giá trị trong dấu nháy, ví dụ ">"`, "không dùng «%s» trong tệp này", Clip(t.Value))
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
			f.Add(place(t), "viết mỗi mục một dòng, như trong tệp mẫu", "các mục lồng nhau quá nhiều")
			return false
		}
	}
	return true
}
