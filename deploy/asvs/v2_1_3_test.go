package asvs

import (
	"strings"
	"testing"
)

// A long password counts to its last character.
func TestV2_1_3(t *testing.T) {
	b, code := invited(t, "unit", "VINH")
	long := []rune(strings.Repeat(password+" ", 6))[:100]
	if a := b.form("/signin/password", "code", code, "new", string(long)); a.status != 303 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := b.again().signIn(b.login, string(long[:99])); a.status != 401 {
		t.Errorf("without the last character: %d", a.status)
	}
	if a := b.again().signIn(b.login, string(long)); a.status != 303 {
		t.Errorf("the whole: %d", a.status)
	}
}
