package asvs

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// What a device asks for is signed by its own key; another's signature, or none,
// gets nothing.
func TestV13_2_6(t *testing.T) {
	var c struct{ Nonce string }
	if err := json.Unmarshal([]byte(browse(t).send("GET", "/api/v1/kiosks/challenge", nil).body), &c); err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, another, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("hailong/credential\x00" + c.Nonce)
	codes := map[string]string{}
	for name, key := range map[string]ed25519.PrivateKey{"its own": private, "another's": another} {
		body := fmt.Sprintf(`{"key":"%x","nonce":"%s","signature":"%x"}`, []byte(public), c.Nonce, ed25519.Sign(key, text))
		a := browse(t).send("POST", "/api/v1/kiosks/credential", []byte(body), "Content-Type", "application/json")
		if a.status < 400 || strings.Contains(a.body, "jwt") {
			t.Errorf("%s: %d", name, a.status)
		}
		codes[name] = a.code()
	}
	if codes["its own"] == codes["another's"] {
		t.Errorf("the signature is not looked at: %v", codes)
	}
}
