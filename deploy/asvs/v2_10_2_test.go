package asvs

import (
	"strings"
	"testing"
)

// Nor by the names and passwords that everybody tries.
func TestV2_10_2(t *testing.T) {
	for _, name := range []string{"nats", "admin", "local", "hailong"} {
		if said := hello(t, `{"verbose":true,"user":"`+name+`","pass":"`+name+`"}`); !strings.Contains(said, "Authorization Violation") {
			t.Errorf("%s: %q", name, said)
		}
	}
}
