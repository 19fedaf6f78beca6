package asvs

import (
	"encoding/base64"
	"testing"
)

// What a session is known by has 256 bits.
func TestV3_2_2(t *testing.T) {
	seen := map[string]bool{}
	for _, role := range []string{"unit", "desk", "auditor"} {
		value := as(t, role).cookie()
		raw, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil || len(raw) != 32 || seen[string(raw[:4])] {
			t.Errorf("%q: %v", value, err)
		}
		seen[string(raw[:4])] = true
	}
}
