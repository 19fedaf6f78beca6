package asvs

import "testing"

// Browsers don't guess what an answer is.
func TestV14_4_4(t *testing.T) { bears(t, "X-Content-Type-Options", "nosniff") }
