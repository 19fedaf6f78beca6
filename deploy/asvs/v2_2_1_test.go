package asvs

import "testing"

// Who guesses waits, longer each time, and the right password does not help.
func TestV2_2_1(t *testing.T) {
	b := person(t, "unit", "VINH")
	guess := b.again()
	var a answer
	for range 4 {
		a = guess.signIn(b.login, "sai mật khẩu rồi nhé")
	}
	if a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("the fourth attempt: %d", a.status)
	}
	if a := guess.signIn(b.login, password); a.status != 429 {
		t.Errorf("the right one at once: %d", a.status)
	}
	if a := b.again().signIn(b.login, password); a.status != 303 {
		t.Errorf("the owner, elsewhere: %d", a.status)
	}
}
