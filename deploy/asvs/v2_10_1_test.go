package asvs

import (
	"strings"
	"testing"
)

// Nobody comes to NATS without a credential of its own.
func TestV2_10_1(t *testing.T) {
	for _, name := range []string{`{"verbose":true}`, `{"verbose":true,"jwt":"x","sig":"x"}`} {
		if said := hello(t, name); !strings.Contains(said, "Authorization Violation") {
			t.Errorf("%s: %q", name, said)
		}
	}
}
