package asvs

import (
	"strings"
	"testing"
)

// No script makes code of text, and pages don't let it.
func TestV5_2_4(t *testing.T) {
	for name, script := range sources(t, ".js", "web/assets") {
		for _, way := range []string{"eval(", "new Function", "setTimeout(\"", "document.write"} {
			if strings.Contains(script, way) {
				t.Errorf("%s: %s", name, way)
			}
		}
	}
	if policy := browse(t).get("/signin").header.Get("Content-Security-Policy"); policy == "" || strings.Contains(policy, "unsafe-eval") {
		t.Error(policy)
	}
}
