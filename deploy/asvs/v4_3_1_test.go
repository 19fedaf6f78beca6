package asvs

import "testing"

// An administrator without a second factor changes nothing.
func TestV4_3_1(t *testing.T) {
	b := person(t, "administrator", "")
	if a := b.form("/admin/tokens", "name", "x", "unit", "VINH"); a.status != 403 {
		t.Errorf("%d", a.status)
	}
	b.second()
	if a := b.form("/admin/tokens", "name", "x", "unit", "VINH"); a.status != 200 {
		t.Errorf("with it: %d %s", a.status, a.body)
	}
}
