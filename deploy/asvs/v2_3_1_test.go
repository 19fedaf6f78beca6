package asvs

import (
	"regexp"
	"testing"
)

// The first way in is a random code that is good once and for a day; the owner
// sets the password, nobody else knows it.
func TestV2_3_1(t *testing.T) {
	b, code := invited(t, "unit", "VINH")
	_, other := invited(t, "unit", "VINH")
	if !regexp.MustCompile(`^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$`).MatchString(code) || code == other {
		t.Errorf("%q, %q", code, other)
	}
	out := ask[struct{ Hours int }](t, "/api/v1/accounts/link", `{"login":"`+b.login+`"}`)
	if out.Hours < 1 || out.Hours > 24 {
		t.Errorf("good for %d hours", out.Hours)
	}
	if a := b.form("/signin/password", "code", code, "new", password); a.status != 303 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := b.again().form("/signin/password", "code", code, "new", password); a.status != 410 {
		t.Errorf("a second time: %d", a.status)
	}
}
