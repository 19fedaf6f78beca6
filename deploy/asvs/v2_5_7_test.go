package asvs

import "testing"

// A lost second factor is taken away by an administrator with a second factor,
// and by nobody else.
func TestV2_5_7(t *testing.T) {
	b := person(t, "unit", "VINH")
	b.second()
	path := "/admin/accounts/" + b.id + "/second"
	if a := as(t, "province").form(path); a.status != 403 || !b.in() {
		t.Errorf("Sở Nội vụ: %d", a.status)
	}
	if a := as(t, "administrator").form(path); a.status != 303 || b.in() {
		t.Errorf("an administrator: %d", a.status)
	}
}
