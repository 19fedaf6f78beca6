package asvs

import (
	"strings"
	"testing"
)

// Recovery codes are in no file of the server.
func TestV2_6_3(t *testing.T) {
	_, codes := person(t, "unit", "VINH").second()
	for _, secret := range []string{codes[0], strings.ReplaceAll(codes[0], "-", "")} {
		if where := kept(t, secret); len(where) > 0 || strings.Contains(server.log(), secret) {
			t.Errorf("it is in %v, or in the log", where)
		}
	}
}
