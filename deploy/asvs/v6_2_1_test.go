package asvs

import (
	"strings"
	"testing"
)

// What does not open says so in one way, whatever is wrong with it.
func TestV6_2_1(t *testing.T) {
	said := map[string]bool{}
	zeros := strings.Repeat("0", 64)
	for _, nonce := range []string{"", "x", strings.Repeat("A", 64), zeros} {
		a := browse(t).send("POST", "/api/v1/kiosks/credential", []byte(`{"key":"`+zeros+`","nonce":"`+nonce+`","signature":"`+zeros+zeros+`"}`), "Content-Type", "application/json")
		if a.status < 400 || a.status > 499 {
			t.Errorf("%q: %d", nonce, a.status)
		}
		said[a.code()] = true
	}
	if len(said) != 1 {
		t.Errorf("faults are told apart: %v", said)
	}
}
