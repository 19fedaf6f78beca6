package yamlfile

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"hailong/internal/survey"
)

// Places are the positions of what Decode read, by path: "services[0].overall".
type Places map[string]Position

// Of gives the position of a path, or of the nearest thing around it that the
// file has.
func (p Places) Of(path string) Position {
	for path != "" {
		if at, ok := p[path]; ok {
			return at
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return Position{}
}

// Decode reads what stands at a node into what to points to, and says where it
// found each thing. The keys of a mapping are those of the struct's json tags, or
// any where there is a map of texts. Values are texts, bool, unsigned numbers, or
// what reads itself from a text; an absent one stays as it was. Whatever does not
// fit is a fault.
func (f *File) Decode(n ast.Node, to any) Places {
	places := Places{}
	f.decode(n, reflect.ValueOf(to).Elem(), "", places)
	return places
}

func (f *File) decode(n ast.Node, v reflect.Value, path string, places Places) {
	places[path] = At(n)
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if x, ok := f.Scalar(n); ok {
			if err := text.UnmarshalText([]byte(x.Text)); err != nil {
				f.Add(x.At, "xem các giá trị trong tệp mẫu", "%s", strings.TrimSuffix(survey.ErrorOf(err).Message, "."))
			}
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		fields := fieldsOf(v)
		var names []string
		for _, x := range fields {
			names = append(names, x.name)
		}
		pairs := f.Pairs(n, names)
		if len(pairs) > 0 && strings.HasSuffix(path, "]") {
			places[path] = pairs[0].At
		}
		for _, p := range pairs {
			i := slices.Index(names, p.Key)
			f.decode(p.Node, fields[i].value, join(path, p.Key), places)
			places[join(path, p.Key)] = p.At
		}
	case reflect.Slice:
		key := path[strings.LastIndexByte(path, '.')+1:]
		for i, item := range f.Items(Pair{key, At(n), n}) {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			f.decode(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i), places)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, p := range f.Pairs(n, nil) {
			value := reflect.New(v.Type().Elem()).Elem()
			f.decode(p.Node, value, join(path, p.Key), places)
			places[join(path, p.Key)] = p.At
			v.SetMapIndex(reflect.ValueOf(p.Key), value)
		}
	default:
		if x, ok := f.Scalar(n); ok && x.Text != "" {
			f.set(v, x)
		}
	}
}

// set reads a single value.
func (f *File) set(v reflect.Value, x Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(x.Text)
	case reflect.Bool:
		if x.Text != "true" && x.Text != "false" {
			f.Add(x.At, "true hoặc false", "«%s» phải là true hoặc false", Clip(x.Text))
		}
		v.SetBool(x.Text == "true")
	default: // unsigned numbers: a test decodes each type that is used
		u, err := strconv.ParseUint(x.Text, 10, v.Type().Bits())
		if err != nil {
			f.Add(x.At, "ví dụ 1", "«%s» phải là số nguyên từ 0 đến %d", Clip(x.Text), uint64(1)<<v.Type().Bits()-1)
		}
		v.SetUint(u)
	}
}

type field struct {
	name  string
	value reflect.Value
}

// fieldsOf lists a struct's fields by the names of their json tags, those of
// embedded structs among them.
func fieldsOf(v reflect.Value) (all []field) {
	for i := range v.NumField() {
		t := v.Type().Field(i)
		if t.Anonymous {
			all = append(all, fieldsOf(v.Field(i))...)
			continue
		}
		name, _, _ := strings.Cut(t.Tag.Get("json"), ",")
		all = append(all, field{name, v.Field(i)})
	}
	return all
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
