package asvs

import (
	"strings"
	"testing"
)

// Pages run nothing that others uploaded or that lies elsewhere.
func TestV12_3_6(t *testing.T) {
	if policy := as(t, "unit").get("/unit/VINH").header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Error(policy)
	}
}
