package asvs

import "testing"

// Nothing is asked of the kinds of characters: small letters alone will do.
func TestV2_1_9(t *testing.T) {
	b, code := invited(t, "unit", "VINH")
	if a := b.form("/signin/password", "code", code, "new", "bờtrelũycũ vắng"); a.status != 303 || !b.in() {
		t.Errorf("%d %s", a.status, a.body)
	}
}
