package asvs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Libraries come with their hashes, from one place each.
func TestV14_2_4(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil || strings.Contains(string(mod), "\nreplace ") {
		t.Errorf("something is put in a library's place: %v", err)
	}
	lock, err := os.ReadFile(filepath.Join(root, "web/package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	var pack struct {
		Packages map[string]struct{ Resolved, Integrity string }
	}
	if err := json.Unmarshal(lock, &pack); err != nil || len(pack.Packages) < 2 {
		t.Fatal(err)
	}
	for name, p := range pack.Packages {
		if name != "" && p.Integrity == "" {
			t.Errorf("%s has no hash", name)
		}
	}
}
