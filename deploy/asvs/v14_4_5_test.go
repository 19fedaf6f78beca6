package asvs

import "testing"

// Browsers come by https for a year from the first time.
func TestV14_4_5(t *testing.T) { bears(t, "Strict-Transport-Security", "max-age=31536000") }
