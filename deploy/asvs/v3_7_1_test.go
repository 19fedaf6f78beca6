package asvs

import "testing"

// A password alone opens nothing where there is a second factor, and to change
// what lets in takes the password again.
func TestV3_7_1(t *testing.T) {
	b := person(t, "contact", "VINH")
	b.second()
	half := b.again()
	half.signIn(b.login, password)
	for _, path := range []string{"/account", "/texts", "/unit/VINH"} {
		if a := half.get(path); a.status == 200 {
			t.Errorf("%s is open", path)
		}
	}
	for _, path := range []string{"/account/password", "/account/recovery"} {
		fields := []string{"password", ""}
		if path == "/account/password" {
			fields = append(fields, "new", "mưa phùn tháng giêng 9")
		}
		if a := b.form(path, fields...); a.status != 401 {
			t.Errorf("%s without the password: %d", path, a.status)
		}
	}
}
