package asvs

import (
	"debug/buildinfo"
	"path/filepath"
	"testing"
)

// Each program says itself of what it is made, with versions and hashes.
func TestV14_2_5(t *testing.T) {
	for _, name := range []string{"hailong-server", "hailong-kiosk"} {
		info, err := buildinfo.ReadFile(filepath.Join(folder, name))
		if err != nil || len(info.Deps) < 10 {
			t.Fatalf("%s: %v", name, err)
		}
		for _, d := range info.Deps {
			if d.Version == "" || d.Sum == "" {
				t.Errorf("%s: %s has no version or hash", name, d.Path)
			}
		}
	}
}
