package asvs

import (
	"regexp"
	"testing"
)

// No header says which programs and versions answer.
func TestV14_3_3(t *testing.T) {
	for name, values := range browse(t).get("/signin").header {
		for _, v := range values {
			if name == "Server" || name == "X-Powered-By" || regexp.MustCompile(`(?i)fiber|fasthttp|go1\.|nats`).MatchString(v) {
				t.Errorf("%s: %s", name, v)
			}
		}
	}
}
