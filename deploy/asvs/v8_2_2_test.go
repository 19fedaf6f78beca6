package asvs

import (
	"strings"
	"testing"
)

// Scripts keep nothing in the browser.
func TestV8_2_2(t *testing.T) {
	for name, script := range sources(t, ".js", "web/assets") {
		for _, store := range []string{"localStorage", "sessionStorage", "indexedDB", "caches.open", "document.cookie"} {
			if strings.Contains(script, store) {
				t.Errorf("%s: %s", name, store)
			}
		}
	}
}
