package asvs

import (
	"regexp"
	"strings"
	"testing"
)

// What is secret goes in the body or a header: an address takes none of it.
func TestV8_3_1(t *testing.T) {
	b := as(t, "unit")
	for _, path := range []string{"/signin?login=" + b.login + "&password=x", "/signin/link?code=0000-0000-0000-0000"} {
		if a := b.again().get(path); a.status != 400 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	for path, page := range map[string]string{"/signin": b.again().get("/signin").body, "/account": b.get("/account").body} {
		for _, form := range regexp.MustCompile(`(?s)<form.*?</form>`).FindAllString(page, -1) {
			if strings.Contains(form, `type="password"`) && !strings.Contains(form, `method="post"`) {
				t.Errorf("%s has a form that puts a password into the address", path)
			}
		}
	}
}
