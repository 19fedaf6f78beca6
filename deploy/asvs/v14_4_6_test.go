package asvs

import "testing"

// No other site learns from which page somebody came: addresses hold receipts.
func TestV14_4_6(t *testing.T) { bears(t, "Referrer-Policy", "no-referrer") }
