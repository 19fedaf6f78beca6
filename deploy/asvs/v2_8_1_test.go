package asvs

import "testing"

// A telephone's code is good for its half minute, and the one before and after.
func TestV2_8_1(t *testing.T) {
	b := person(t, "unit", "VINH")
	secret, _ := b.second()
	c := b.again()
	c.signIn(b.login, password)
	for _, steps := range []int64{-20, 20} {
		if a := c.form("/signin/second", "code", digits(t, secret, steps)); a.status != 401 || c.in() {
			t.Errorf("%d steps away: %d", steps, a.status)
		}
	}
}
