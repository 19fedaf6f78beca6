package asvs

import "testing"

// People change their password themselves.
func TestV2_1_5(t *testing.T) {
	b := person(t, "unit", "VINH")
	const other = "mưa phùn tháng giêng 9"
	if a := b.form("/account/password", "password", password, "new", other); a.status != 303 || !b.in() {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := b.again().signIn(b.login, password); a.status != 401 {
		t.Errorf("the one before: %d", a.status)
	}
	if a := b.again().signIn(b.login, other); a.status != 303 {
		t.Errorf("the new one: %d", a.status)
	}
}
