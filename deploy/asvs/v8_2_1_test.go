package asvs

import "testing"

// Nor by the browser.
func TestV8_2_1(t *testing.T) { fresh(t) }
