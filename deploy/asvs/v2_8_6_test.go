package asvs

import "testing"

// A second factor that was taken away lets nobody in any more, at once.
func TestV2_8_6(t *testing.T) {
	b := person(t, "unit", "VINH")
	secret, _ := b.second()
	if a := as(t, "administrator").form("/admin/accounts/" + b.id + "/second"); a.status != 303 || b.in() {
		t.Fatalf("%d, still in: %v", a.status, b.in())
	}
	c := b.again()
	if a := c.form("/signin/second", "code", digits(t, secret, 1)); a.status != 401 || c.in() {
		t.Errorf("its code: %d", a.status)
	}
}
