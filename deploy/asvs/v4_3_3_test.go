package asvs

import "testing"

// Administration needs the second factor, a change of one's own password that
// password.
func TestV4_3_3(t *testing.T) {
	b := as(t, "administrator")
	if a := b.form("/account/password", "password", "", "new", "mưa phùn tháng giêng 9"); a.status != 401 {
		t.Errorf("without the password: %d", a.status)
	}
	half := b.again()
	half.signIn(b.login, password)
	if a := half.get("/admin/accounts"); a.status == 200 {
		t.Error("the password alone opens the administration")
	}
}
