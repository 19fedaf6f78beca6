package asvs

import (
	"strings"
	"testing"
)

// What everybody takes is not taken here, also with figures behind it.
func TestV2_1_7(t *testing.T) {
	b, code := invited(t, "unit", "VINH")
	for _, common := range []string{"123456789012", "password1234", "Password2026", "qwertyuiop12", "qwerty123456", "iloveyou1234", "matkhau12345", "Matkhau@2026",
		"admin1234567", "abcd12345678", "111111111111", "abcabcabcabc", "hailong12345", "vietnam12345", strings.Repeat(b.login, 2)} {
		if a := b.form("/signin/password", "code", code, "new", common); a.status != 400 || b.in() {
			t.Errorf("%q: %d", common, a.status)
		}
	}
}
