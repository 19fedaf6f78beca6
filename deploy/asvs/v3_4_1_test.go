package asvs

import "testing"

// The cookie goes over TLS alone.
func TestV3_4_1(t *testing.T) { attribute(t, "secure") }
