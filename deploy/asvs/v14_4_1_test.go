package asvs

import (
	"strings"
	"testing"
)

// Every answer says what it is, and in which letters.
func TestV14_4_1(t *testing.T) {
	for path, want := range map[string]string{"/signin": "text/html; charset=utf-8", "/openapi.json": "application/json", "/healthz": "text/plain; charset=utf-8", "/static/signin.js": "javascript; charset=utf-8", "/nowhere": "text/html; charset=utf-8"} {
		if kind := browse(t).get(path).header.Get("Content-Type"); !strings.Contains(strings.ToLower(kind), want) {
			t.Errorf("%s: %q", path, kind)
		}
	}
}
