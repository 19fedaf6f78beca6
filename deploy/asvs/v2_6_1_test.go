package asvs

import "testing"

// A recovery code is good once.
func TestV2_6_1(t *testing.T) {
	b := person(t, "unit", "VINH")
	_, codes := b.second()
	c := b.again()
	c.signIn(b.login, password)
	if a := c.form("/signin/second", "code", codes[3]); a.status != 303 || !c.in() {
		t.Fatalf("%d", a.status)
	}
	c = b.again()
	c.signIn(b.login, password)
	if a := c.form("/signin/second", "code", codes[3]); a.status != 401 || c.in() {
		t.Errorf("a second time: %d", a.status)
	}
}
