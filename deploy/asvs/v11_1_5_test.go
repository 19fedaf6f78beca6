package asvs

import (
	"slices"
	"strings"
	"testing"
)

// An answer counts only with a receipt that was given out; an unknown one is
// refused.
func TestV11_1_5(t *testing.T) {
	id := []byte(slip(t))
	slices.Reverse(id)
	for _, made := range []string{string(id), "0000000000000000X", strings.Repeat("0", len(id))} {
		if a := browse(t).form("/r/"+made, "score", "5"); a.status < 400 || a.status > 499 {
			t.Errorf("%s: %d", made, a.status)
		}
	}
}
