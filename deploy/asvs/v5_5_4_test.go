package asvs

import (
	"strings"
	"testing"
)

// Scripts read JSON as JSON.
func TestV5_5_4(t *testing.T) {
	parsed := false
	for name, script := range sources(t, ".js", "web/assets") {
		parsed = parsed || strings.Contains(script, "JSON.parse") || strings.Contains(script, ".json()")
		if strings.Contains(script, "eval(") {
			t.Errorf("%s: eval", name)
		}
	}
	if !parsed {
		t.Error("no script reads JSON at all")
	}
}
