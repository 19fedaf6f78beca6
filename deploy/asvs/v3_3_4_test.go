package asvs

import (
	"regexp"
	"testing"
)

// People see their sessions, and end all others.
func TestV3_3_4(t *testing.T) {
	b := person(t, "unit", "VINH")
	other := b.again()
	other.signIn(b.login, password)
	rows := regexp.MustCompile(`<tr><th scope="row">`)
	if n := len(rows.FindAllString(b.get("/account").body, -1)); n != 2 {
		t.Errorf("%d sessions are shown", n)
	}
	if a := b.form("/account/sessions"); a.status != 303 || !b.in() || other.in() {
		t.Errorf("%d, in: %v, the other: %v", a.status, b.in(), other.in())
	}
}
