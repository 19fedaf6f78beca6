package asvs

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"testing"
)

// Servers keep a hash of a session's cookie: who reads their files has no
// session.
func TestV3_2_4(t *testing.T) {
	b := as(t, "unit")
	raw, err := base64.RawURLEncoding.DecodeString(b.cookie())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{b.cookie(), string(raw), hex.EncodeToString(raw)} {
		if where := kept(t, text); len(where) > 0 {
			t.Errorf("it is in %v", where)
		}
	}
	hash := sha256.Sum256(raw)
	if where := kept(t, hex.EncodeToString(hash[:])); len(where) == 0 {
		t.Error("and its hash is nowhere: another hash is kept, which this test does not know")
	}
}
