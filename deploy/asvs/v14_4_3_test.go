package asvs

import (
	"strings"
	"testing"
)

// Pages run what comes from this server, and nothing that stands in them.
func TestV14_4_3(t *testing.T) {
	for _, path := range []string{"/signin", "/r", "/nowhere", "/healthz", "/static/signin.js"} {
		policy := browse(t).get(path).header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "base-uri 'none'") || !strings.Contains(policy, "form-action 'self'") {
			t.Errorf("%s: %q", path, policy)
		}
	}
}
