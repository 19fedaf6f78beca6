package api

import (
	"encoding"
	"reflect"
	"strings"

	"hailong/internal/survey"
)

// schemas makes JSON schemas of the types that requests and answers are made of,
// so that the document cannot say other than the code does.
type schemas map[string]map[string]any

// words are the values of types that are written as one word.
var words = map[reflect.Type][]any{
	reflect.TypeFor[survey.Service]():  {"administrative", "public"},
	reflect.TypeFor[survey.Operator](): {">", ">=", "="},
	reflect.TypeFor[survey.Verdict]():  {"met", "not_met", "too_few"},
}

// of gives the schema of a type, named ones by reference.
func (s schemas) of(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[survey.Day]():
		return map[string]any{"type": "string", "format": "date"}
	case t == reflect.TypeFor[survey.Code]():
		return map[string]any{"type": "string", "pattern": "^HL[0-9]{4}$"}
	case words[t] != nil:
		return map[string]any{"type": "string", "enum": words[t]}
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) && t.Kind() != reflect.Pointer:
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint16, reflect.Uint64:
		return map[string]any{"type": "integer"}
	case reflect.Map: // of texts
		return map[string]any{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(t.Elem())}
	case reflect.Pointer: // null where there is none
		return map[string]any{"oneOf": []any{s.of(t.Elem()), map[string]any{"type": "null"}}}
	case reflect.Struct:
		if s[t.Name()] == nil {
			s[t.Name()] = map[string]any{} // for types that hold themselves
			s[t.Name()] = s.object(t)
		}
		return map[string]any{"$ref": "#/components/schemas/" + t.Name()}
	}
	panic("api: no schema for " + t.String()) // a test makes the document
}

func (s schemas) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []any{}
	var add func(t reflect.Type)
	add = func(t reflect.Type) {
		for f := range fields(t) {
			name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous && name == "" {
				add(f.Type)
				continue
			}
			ft := f.Type
			optional := strings.Contains(rest, "omitempty")
			if optional && ft.Kind() == reflect.Pointer {
				ft = ft.Elem() // left out, never null
			}
			p := s.of(ft)
			if enum := f.Tag.Get("enum"); enum != "" {
				p["enum"] = list(strings.Split(enum, ","))
			}
			if doc := f.Tag.Get("doc"); doc != "" {
				p["description"] = doc
			}
			properties[name] = p
			if !optional {
				required = append(required, name)
			}
		}
	}
	add(t)
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

func list(words []string) []any {
	all := make([]any, len(words))
	for i, w := range words {
		all[i] = w
	}
	return all
}
