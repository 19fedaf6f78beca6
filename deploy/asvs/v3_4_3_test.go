package asvs

import "testing"

// Other sites' forms don't send the cookie.
func TestV3_4_3(t *testing.T) { attribute(t, "samesite=lax") }
