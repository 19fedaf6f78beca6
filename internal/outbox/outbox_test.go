package outbox

import (
	"crypto/ed25519"
	"path/filepath"
	"testing"

	"hailong/internal/fact"
)

var testKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

func mustOpen(t testing.TB, path string, o Options) *Outbox {
	t.Helper()
	if o.Key == nil {
		o.Key = testKey
	}
	if o.Role == 0 {
		o.Role = fact.RoleKiosk
	}
	box, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	return box
}

var _ = filepath.Join
