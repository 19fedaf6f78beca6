package audit

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Field is one field of what was changed. None: there was no such thing.
type Field struct {
	Name          string
	Before, After any // as encoding/json reads them, numbers as json.Number; nil: none
	Differs       bool
}

// Fields gives what was and what is side by side, what differs first.
func (c Change) Fields() []Field {
	before, after := values(c.Before), values(c.After)
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	var all, same []Field
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := Field{Name: name, Before: before[name], After: after[name]}
		f.Differs = len(before) > 0 && Plain(f.Before) != Plain(f.After)
		if f.Differs {
			all = append(all, f)
		} else {
			same = append(same, f)
		}
	}
	return append(all, same...)
}

func values(raw json.RawMessage) map[string]any {
	var v map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil // none, or not ours
	}
	return v
}

// Plain writes a value of a field as a text.
func Plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = Plain(v[i])
		}
		return strings.Join(parts, ", ")
	}
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(data)
}
