package asvs

import "testing"

// A telephone's code is good once.
func TestV2_8_4(t *testing.T) {
	b := person(t, "unit", "VINH")
	secret, _ := b.second()
	code := digits(t, secret, 1)
	for _, want := range []int{303, 401} {
		c := b.again()
		c.signIn(b.login, password)
		if a := c.form("/signin/second", "code", code); a.status != want || c.in() != (want == 303) {
			t.Errorf("%d, want %d", a.status, want)
		}
	}
}
