package asvs

import (
	"strings"
	"testing"
)

// Codes are those of RFC 6238: a telephone that knows nothing of us gets in.
func TestV2_8_3(t *testing.T) {
	b := person(t, "unit", "VINH")
	secret, _ := b.second()
	if bits := 5 * len(strings.ReplaceAll(secret, " ", "")); bits < 160 {
		t.Errorf("a secret of %d bits", bits)
	}
	c := b.again()
	c.signIn(b.login, password)
	if a := c.form("/signin/second", "code", digits(t, secret, 1)); a.status != 303 || !c.in() {
		t.Errorf("%d", a.status)
	}
}
