package asvs

import (
	"crypto/ed25519"
	"path/filepath"
	"regexp"
	"testing"
)

// A device's key is of Ed25519, made on the device.
func TestV2_9_3(t *testing.T) {
	keys := map[string]bool{}
	for range 2 {
		out, err := command("hailong-kiosk", "key", "--data="+filepath.Join(t.TempDir(), "kiosk"))
		key := regexp.MustCompile(`\b[0-9a-f]{64}\b`).FindString(out)
		if err != nil || len(key) != 2*ed25519.PublicKeySize || keys[key] {
			t.Fatalf("%v %s", err, out)
		}
		keys[key] = true
	}
}
