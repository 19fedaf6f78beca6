package asvs

import (
	"strings"
	"testing"
)

// The programs run no other program, so nobody's text reaches a command line.
func TestV5_3_8(t *testing.T) {
	for name, text := range sources(t, ".go", "cmd", "internal", "kiosk", "server") {
		if strings.Contains(text, `"os/exec"`) && !strings.HasPrefix(name, "internal/bench/") {
			t.Errorf("%s runs programs", name)
		}
	}
}
