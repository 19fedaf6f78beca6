package asvs

import "testing"

// Signing in begins another session; the one before is good no more, whoever
// planted it.
func TestV3_2_1(t *testing.T) {
	b := person(t, "unit", "VINH")
	before := b.cookie()
	if a := b.signIn(b.login, password); a.status != 303 || b.cookie() == before {
		t.Fatalf("%d, or the same session", a.status)
	}
	if a := b.again().get("/account", "Cookie", "__Host-hailong="+before); a.status == 200 {
		t.Error("the session before is still good")
	}
}
