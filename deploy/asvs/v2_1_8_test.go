package asvs

import (
	"strings"
	"testing"
)

// The form shows, while one types, whether the password is long enough.
func TestV2_1_8(t *testing.T) {
	page, script := as(t, "unit").get("/account").body, sources(t, "signin.js", "web/assets")["web/assets/signin.js"]
	if !strings.Contains(page, `data-length="new"`) || !strings.Contains(page, `data-length-text="new"`) || !strings.Contains(page, "signin.js") {
		t.Error("the form has no meter")
	}
	if !strings.Contains(script, "[data-length]") {
		t.Error("nothing moves the meter")
	}
}
