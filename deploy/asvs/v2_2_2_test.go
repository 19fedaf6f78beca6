package asvs

import (
	"regexp"
	"testing"
)

// There is no way in by text message or mail: password, a telephone's code, and
// the codes on paper are all.
func TestV2_2_2(t *testing.T) {
	for _, path := range []string{"/signin", "/signin/link"} {
		page := browse(t).get(path).body
		if regexp.MustCompile(`type="(tel|email)"|name="(phone|email|sms)"`).MatchString(page) {
			t.Errorf("%s asks for an address to send a code to", path)
		}
	}
	if a := browse(t).form("/signin", "login", "x", "email", "x@example.vn"); a.status != 400 {
		t.Errorf("%d", a.status)
	}
}
