package asvs

import "testing"

// The cookie is of the whole host, which is this program's alone.
func TestV3_4_5(t *testing.T) { attribute(t, "path=/") }
