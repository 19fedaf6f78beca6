package asvs

import (
	"encoding/json"
	"testing"
)

// What a device has to sign is random, and another each time.
func TestV2_9_2(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		a := browse(t).send("GET", "/api/v1/kiosks/challenge", nil)
		var c struct{ Nonce string }
		if err := json.Unmarshal([]byte(a.body), &c); err != nil || len(c.Nonce) < 32 || seen[c.Nonce] {
			t.Fatalf("%v %s", err, a.body)
		}
		seen[c.Nonce] = true
	}
}
