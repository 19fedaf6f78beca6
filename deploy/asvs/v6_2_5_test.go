package asvs

import (
	"strings"
	"testing"
)

// No cipher or hash that is broken: SHA-1 only where the second factor's standard
// has it.
func TestV6_2_5(t *testing.T) {
	for name, text := range sources(t, ".go", "cmd", "internal", "kiosk", "server") {
		for _, weak := range []string{`"crypto/md5"`, `"crypto/sha1"`, `"crypto/des"`, `"crypto/rc4"`, "NewCBC", "x/crypto/blowfish"} {
			if strings.Contains(text, weak) {
				t.Errorf("%s: %s", name, weak)
			}
		}
	}
}
