package asvs

import (
	"os"
	"path/filepath"
	"testing"
)

// Secret keys are readable by the program's own user alone.
func TestV2_9_1(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kiosk")
	if out, err := command("hailong-kiosk", "key", "--data="+dir); err != nil {
		t.Fatal(err, out)
	}
	err := filepath.WalkDir(filepath.Dir(data), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", path, info.Mode())
		}
		if os.IsNotExist(err) {
			err = nil // it was for a moment only
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v %v", e.Name(), info.Mode(), err)
		}
	}
}
