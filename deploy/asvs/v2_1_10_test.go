package asvs

import "testing"

// No history of passwords is kept: one may go back to an earlier one.
func TestV2_1_10(t *testing.T) {
	b := person(t, "unit", "VINH")
	const other = "mưa phùn tháng giêng 9"
	for _, change := range [][2]string{{password, other}, {other, password}} {
		if a := b.form("/account/password", "password", change[0], "new", change[1]); a.status != 303 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		b.get("/account")
	}
}
