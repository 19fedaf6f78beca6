package asvs

import "testing"

// A password has twelve characters at least, counted as people do.
func TestV2_1_1(t *testing.T) {
	b, code := invited(t, "unit", "VINH")
	if a := b.form("/signin/password", "code", code, "new", "gió đông bắ"); a.status != 400 || b.in() {
		t.Errorf("eleven characters: %d", a.status)
	}
	if a := b.form("/signin/password", "code", code, "new", "gió đông bắc"); a.status != 303 || !b.in() {
		t.Errorf("twelve characters: %d %s", a.status, a.body)
	}
}
