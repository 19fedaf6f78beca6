package asvs

import (
	"regexp"
	"testing"
)

// Recovery codes are drawn at random, 80 bits each, and kept as keyed hashes.
func TestV2_6_2(t *testing.T) {
	_, codes := person(t, "unit", "VINH").second()
	different := map[string]bool{}
	for _, code := range codes {
		if !regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`).MatchString(code) {
			t.Errorf("%q is not 16 letters of 32", code)
		}
		different[code[:4]] = true
	}
	if len(codes) != 10 || len(different) < 9 {
		t.Errorf("%d codes: %v", len(codes), codes)
	}
}
