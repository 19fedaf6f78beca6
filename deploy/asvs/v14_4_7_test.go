package asvs

import (
	"strings"
	"testing"
)

// No other page puts ours into a frame.
func TestV14_4_7(t *testing.T) {
	if policy := as(t, "unit").get("/unit/VINH").header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Error(policy)
	}
}
