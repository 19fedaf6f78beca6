package asvs

import (
	"strings"
	"testing"
)

// Long passwords are taken, up to 128 characters and not more.
func TestV2_1_2(t *testing.T) {
	b, code := invited(t, "unit", "VINH")
	long := strings.Repeat(password+" ", 6)
	if a := b.form("/signin/password", "code", code, "new", long[:150]+strings.Repeat("x", 50)); a.status != 400 || b.in() {
		t.Errorf("too long: %d", a.status)
	}
	if a := b.form("/signin/password", "code", code, "new", string([]rune(long)[:128])); a.status != 303 || !b.in() {
		t.Errorf("128 characters: %d %s", a.status, a.body)
	}
}
