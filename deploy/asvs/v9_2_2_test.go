package asvs

import (
	"strings"
	"testing"
)

// NATS speaks TLS alone, also where it lies on the same machine.
func TestV9_2_2(t *testing.T) {
	if _, info := greeting(t); !strings.Contains(info, `"tls_required":true`) {
		t.Error(info)
	}
}
