package asvs

import (
	"strings"
	"testing"
)

// Nothing of a citizen stands in the log: no receipt, no score, no words, no
// address.
func TestV7_1_2(t *testing.T) {
	id := slip(t)
	writes(t, id, "cô ở quầy bốn giúp tận tình", "0987 111 222")
	for _, text := range []string{id, "tận tình", "0987 111", "score=", "127.0.1."} {
		if strings.Contains(server.log(), text) {
			t.Errorf("%q is in the log", text)
		}
	}
	if !strings.Contains(server.log(), "route=/r/:id") {
		t.Error("nothing is logged at all")
	}
}
