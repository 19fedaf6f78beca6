package asvs

import "testing"

// A new password ends all other sessions.
func TestV3_3_3(t *testing.T) {
	b := person(t, "unit", "VINH")
	other := b.again()
	other.signIn(b.login, password)
	if !other.in() {
		t.Fatal("not in")
	}
	if a := b.form("/account/password", "password", password, "new", "mưa phùn tháng giêng 9"); a.status != 303 || !b.in() {
		t.Fatalf("%d", a.status)
	}
	if other.in() {
		t.Error("another session goes on")
	}
}
