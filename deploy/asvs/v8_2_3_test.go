package asvs

import "testing"

// Signing out takes the cookie out of the browser.
func TestV8_2_3(t *testing.T) {
	b := person(t, "unit", "VINH")
	if a := b.form("/signout"); a.status != 303 || b.cookie() != "" {
		t.Errorf("%d, cookie %q", a.status, b.cookie())
	}
}
