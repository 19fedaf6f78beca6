package asvs

import (
	"testing"

	"golang.org/x/text/unicode/norm"
)

// A password may be of any characters: spaces, Vietnamese, emoji. How a device
// composes its marks makes no difference.
func TestV2_1_4(t *testing.T) {
	b, code := invited(t, "unit", "VINH")
	const any = "Ước gì “đỡ” nắng 🌦 ກຂ"
	if a := b.form("/signin/password", "code", code, "new", any); a.status != 303 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := b.again().signIn(b.login, norm.NFD.String(any)); a.status != 303 {
		t.Errorf("the marks apart: %d", a.status)
	}
}
