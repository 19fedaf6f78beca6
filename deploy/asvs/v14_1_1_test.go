package asvs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// One command builds, from what is locked by hashes.
func TestV14_1_1(t *testing.T) {
	for name, want := range map[string]string{"Makefile": "go build", "go.sum": "h1:", "web/package-lock.json": `"integrity": "sha512-`} {
		if text, err := os.ReadFile(filepath.Join(root, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %s: %v", name, want, err)
		}
	}
}
