package asvs

import (
	"regexp"
	"strings"
	"testing"
)

// A password is hidden, and can be shown.
func TestV2_1_12(t *testing.T) {
	page := browse(t).get("/signin").body
	if !regexp.MustCompile(`id="password"[^>]*type="password"`).MatchString(page) || !strings.Contains(page, `data-reveal="password"`) {
		t.Errorf("%s", page)
	}
	if script := sources(t, "signin.js", "web/assets")["web/assets/signin.js"]; !strings.Contains(script, "[data-reveal]") {
		t.Error("nothing shows it")
	}
}
