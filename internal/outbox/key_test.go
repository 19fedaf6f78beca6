package outbox

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "device.key")
	var wg sync.WaitGroup
	keys := make([]ed25519.PrivateKey, 8)
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = LoadKey(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range keys {
		if !k.Equal(keys[0]) {
			t.Fatal("two keys were made")
		}
	}
	if left, err := filepath.Glob(path + ".*"); err != nil || len(left) > 0 {
		t.Fatal(left, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600 "+path) {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("short\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(path); err == nil || !strings.Contains(err.Error(), "put back its copy") {
		t.Fatal(err)
	}
	if _, err := LoadKey(filepath.Join(t.TempDir(), "no", "device.key")); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Fatal(err)
	}
}

func TestSystemStamp(t *testing.T) {
	a, b := SystemStamp(), SystemStamp()
	if a.Boot == [16]byte{} || a.Boot != b.Boot || a.Mono <= 0 || b.Mono < a.Mono || a.Wall == 0 {
		t.Fatal(a, b)
	}
}
