package api

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestDocumentAgainstRoutes(t *testing.T) {
	s := newSite(t)
	for _, odd := range Undocumented(s.app) {
		t.Error(odd)
	}
	s.app.Get("/api/v1/secret", showOpenAPI)
	if odd := Undocumented(s.app); len(odd) != 1 || !strings.Contains(odd[0], "GET /api/v1/secret exists") {
		t.Errorf("a route without document is not found: %v", odd)
	}
}

// schema checks a value against a schema of the document; it knows the words
// that the document uses, and no others.
func (d *doc) schema(at string, schema map[string]any, v any) error {
	if ref, ok := schema["$ref"].(string); ok {
		found, ok := d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
		if !ok {
			return fmt.Errorf("%s: %s is not there", at, ref)
		}
		return d.schema(at, found, v)
	}
	if kinds, ok := schema["oneOf"].([]any); ok {
		var faults []error
		for _, k := range kinds {
			err := d.schema(at, k.(map[string]any), v)
			if err == nil {
				return nil
			}
			faults = append(faults, err)
		}
		return fmt.Errorf("%s: none of %v", at, faults)
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, v) {
		return fmt.Errorf("%s: %v is not in %v", at, v, enum)
	}
	ok := false
	switch schema["type"] {
	case "null":
		ok = v == nil
	case "string":
		var s string
		if s, ok = v.(string); ok && schema["pattern"] != nil {
			ok = regexp.MustCompile(schema["pattern"].(string)).MatchString(s)
		}
	case "boolean":
		_, ok = v.(bool)
	case "number":
		_, ok = v.(float64)
	case "integer":
		var n float64
		n, ok = v.(float64)
		ok = ok && n == math.Trunc(n)
	case "array":
		var items []any
		items, ok = v.([]any)
		for i, item := range items {
			if err := d.schema(fmt.Sprintf("%s[%d]", at, i), schema["items"].(map[string]any), item); err != nil {
				return err
			}
		}
	case "object":
		var o map[string]any
		o, ok = v.(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, there := o[name.(string)]; !there {
				return fmt.Errorf("%s: %v is missing", at, name)
			}
		}
		for name, value := range o {
			p, known := properties[name].(map[string]any)
			if !known {
				if properties == nil {
					continue
				}
				return fmt.Errorf("%s: %s is not described", at, name)
			}
			if err := d.schema(at+"."+name, p, value); err != nil {
				return err
			}
		}
	}
	if !ok {
		return fmt.Errorf("%s: %v is not %v", at, v, schema["type"])
	}
	return nil
}

type content map[string]struct {
	Schema map[string]any `json:"schema"`
}

// doc is the document as read back.
type doc struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string `json:"operationId"`
		RequestBody *struct {
			Content content `json:"content"`
		} `json:"requestBody"`
		Responses map[string]struct {
			Description string  `json:"description"`
			Content     content `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]map[string]any `json:"schemas"`
	} `json:"components"`
}

func TestAnswersAgainstDocument(t *testing.T) {
	s := newSite(t)
	_, body := s.do("GET", "/openapi.json", "", "")
	var d doc
	if err := json.Unmarshal([]byte(body), &d); err != nil || d.OpenAPI != "3.1.0" {
		t.Fatalf("%v %.100s", err, body)
	}
	key := strings.Repeat("ab", 32)
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/api/v1/receipts", dossier(code, `,"unit":"H41","due":"2026-11-30"`)},
		{"POST", "/api/v1/receipts", dossier(code)},
		{"POST", "/api/v1/receipts?pictures=false", `{"dossiers":[` + dossier(code) + `,` + dossier("x") + `]}`},
		{"POST", "/api/v1/receipts", `{"dossiers":[` + dossier("x") + `]}`},
		{"POST", "/api/v1/receipts/reprint", `{"code":"` + code + `"}`},
		{"POST", "/api/v1/slips", `{"unit":"BV","count":1}`},
		{"POST", "/api/v1/dossiers/events", `{"events":[{"code":"` + code + `","step":"returned","at":"2026-11-22T10:00:00+07:00"},{"code":"x","step":"returned","at":"x"}]}`},
		{"POST", "/api/v1/receipts/import", "code,desk,received\n000.00.06.H41-261120-0362,D1,20/11/2026 09:30\nx,D1,\n"},
		{"POST", "/api/v1/organisation", "nonsense: 1\n"},
		{"POST", "/api/v1/questionnaires", "nonsense: 1\n"},
		{"POST", "/api/v1/questionnaires", sheet},
		{"POST", "/api/v1/questionnaires?from=2027-01-01", sheet},
		{"POST", "/api/v1/questionnaires", strings.Replace(sheet, "Thế nào?", "Ra sao?", 1)},
		{"GET", "/api/v1/questionnaires", ""},
		{"POST", "/api/v1/kiosks/admit", `{"kiosk":"K01","key":"` + key + `"}`},
		{"POST", "/api/v1/kiosks/admit", `{"kiosk":"K99","key":"` + key + `"}`},
		{"POST", "/api/v1/kiosks/revoke", `{"key":"` + key + `","reason":"x"}`},
		{"POST", "/api/v1/forks/decide", `{}`},
		{"GET", "/api/v1/index?from=2026-11-01&to=2026-12-01", ""},
		{"GET", "/api/v1/index?from=x&to=x", ""},
		{"GET", "/api/v1/tree?from=2026-11-01&to=2026-12-01", ""},
		{"GET", "/api/v1/tree?from=2026-11-01&to=2026-12-01&unit=H41&before_from=2025-11-01&before_to=2025-12-01&service=administrative", ""},
		{"GET", "/api/v1/tree?from=2026-11-01&to=2026-12-01&unit=X", ""},
		{"GET", "/api/v1/tree?from=x&to=x", ""},
		{"GET", "/api/v1/closings", ""},
		{"GET", "/api/v1/breakdown?unit=H41&service=public&by=hour&from=2026-10-01&to=2026-11-01", ""},
		{"GET", "/api/v1/breakdown?unit=nowhere&service=public&by=hour&from=2026-10-01&to=2026-11-01", ""},
		{"GET", "/api/v1/breakdown?unit=H41&service=public&by=mood&from=2026-10-01&to=2026-11-01", ""},
		{"GET", "/api/v1/breakdown?unit=H41", ""},
		{"GET", "/api/v1/reports?from=x", ""},
		{"GET", "/api/v1/reports?period=2026&unit=X", ""},
		{"GET", "/api/v1/reports/kept", ""},
		{"GET", "/api/v1/export?from=x", ""},
		{"GET", "/api/v1/export?period=2026-10", ""},
		{"GET", "/api/v1/reports/kept/file?name=x", ""},
		{"GET", "/openapi.json", ""},
	} {
		path, _, _ := strings.Cut(c.path, "?")
		op, ok := d.Paths[path][strings.ToLower(c.method)]
		if !ok {
			t.Fatalf("%s %s is not documented", c.method, path)
		}
		contentType := "application/json"
		if op.RequestBody != nil && op.RequestBody.Content["application/json"].Schema == nil {
			for contentType = range op.RequestBody.Content {
			}
		}
		status, body := s.do(c.method, c.path, contentType, c.body)
		described, ok := op.Responses[fmt.Sprint(status)]
		if !ok {
			t.Errorf("%s: %d is not documented: %s", c.path, status, body)
			continue
		}
		var v any
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		if err := d.schema(path, described.Content["application/json"].Schema, v); err != nil {
			t.Errorf("%s %d: %v in %s", c.path, status, err, body)
		}
		if status < 300 && contentType == "application/json" && c.body != "" {
			if err := json.Unmarshal([]byte(c.body), &v); err != nil {
				t.Fatal(err)
			}
			if err := d.schema("request", op.RequestBody.Content[contentType].Schema, v); err != nil {
				t.Errorf("%s: the request is not as documented: %v", c.path, err)
			}
		}
	}
}
