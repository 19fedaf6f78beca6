package asvs

import "testing"

// To change the password takes the one before.
func TestV2_1_6(t *testing.T) {
	b := person(t, "unit", "VINH")
	for _, wrong := range []string{"", "sai mật khẩu rồi nhé"} {
		if a := b.form("/account/password", "password", wrong, "new", "mưa phùn tháng giêng 9"); a.status != 401 {
			t.Errorf("%q: %d", wrong, a.status)
		}
	}
	if a := b.again().signIn(b.login, password); a.status != 303 {
		t.Errorf("the password was changed: %d", a.status)
	}
}
