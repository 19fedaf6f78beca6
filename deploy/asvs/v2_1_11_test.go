package asvs

import (
	"strings"
	"testing"
)

// Passwords can be pasted, and filled in by a password manager.
func TestV2_1_11(t *testing.T) {
	for path, want := range map[string]string{"/signin": `autocomplete="current-password"`, "/account": `autocomplete="new-password"`} {
		if page := as(t, "unit").again().get("/signin").body; path == "/signin" && !strings.Contains(page, want) {
			t.Errorf("%s lacks %s", path, want)
		}
		if page := as(t, "unit").get("/account").body; path == "/account" && !strings.Contains(page, want) {
			t.Errorf("%s lacks %s", path, want)
		}
	}
	for name, text := range sources(t, "signin.js", "web/assets") {
		if strings.Contains(text, "paste") {
			t.Errorf("%s does something about pasting", name)
		}
	}
}
