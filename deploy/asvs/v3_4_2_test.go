package asvs

import "testing"

// Scripts can't read the cookie.
func TestV3_4_2(t *testing.T) { attribute(t, "httponly") }
