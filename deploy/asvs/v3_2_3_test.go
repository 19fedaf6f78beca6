package asvs

import (
	"strings"
	"testing"
)

// A browser keeps the session in a cookie that scripts can't read, and nothing of
// it anywhere else.
func TestV3_2_3(t *testing.T) {
	b := person(t, "unit", "VINH")
	set := b.signIn(b.login, password).header.Get("Set-Cookie")
	if !strings.Contains(set, "HttpOnly") || !strings.Contains(strings.ToLower(set), "secure") {
		t.Error(set)
	}
	for name, script := range sources(t, ".js", "web/assets") {
		for _, store := range []string{"localStorage", "sessionStorage", "indexedDB", "document.cookie"} {
			if strings.Contains(script, store) {
				t.Errorf("%s uses %s", name, store)
			}
		}
	}
}
