package asvs

import "testing"

// What is of one person is kept by no cache on the way.
func TestV8_1_1(t *testing.T) { fresh(t) }
