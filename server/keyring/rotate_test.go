package keyring_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hailong/internal/receipt"
	"hailong/server/keyring"
)

func rotate(t *testing.T, path string, from time.Time) {
	t.Helper()
	if _, err := keyring.Rotate(path, from); err != nil {
		t.Fatal(err)
	}
}

// TestFirstVersion: a file of the first version is read, opens what was sealed to
// its pair, and has no key for words on the disk until it is rotated.
func TestFirstVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "servers.keys")
	e := base64.StdEncoding
	mac, secret := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	text := "hailong-keys-1\n" + e.EncodeToString(mac) + "\n" + e.EncodeToString(secret) + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	old := open(t, path, false)
	if old.Ballot("H41-1") != receipt.BallotOfDossier(mac, "H41-1") {
		t.Error("ballots are not those of the file")
	}
	if name, data := old.SealRest([]byte("label"), []byte("plain")); name != "" || string(data) != "plain" {
		t.Errorf("a key out of nowhere: %q %q", name, data)
	}
	sealed, err := old.SealWords([]byte("words"))
	if err != nil {
		t.Fatal(err)
	}
	rotate(t, path, time.Unix(0, 0))
	now := open(t, path, false)
	if now.Public() == old.Public() {
		t.Error("sealed to the old pair still")
	}
	if now.Ballot("H41-1") != old.Ballot("H41-1") || now.Derive("x") != old.Derive("x") {
		t.Error("keyed hashes changed: no dossier would be known")
	}
	if plain, ok := now.OpenWords(sealed); !ok || string(plain) != "words" {
		t.Errorf("what was sealed to the old pair: %q %v", plain, ok)
	}
	if len(now.RestKeys()) != 1 {
		t.Error(now.RestKeys())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestPairFromATimeOn: until the time named, whoever has the new file seals to
// the pair that servers with the old file can open.
func TestPairFromATimeOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "servers.keys")
	first := open(t, path, true)
	rotate(t, path, time.Now().Add(time.Hour))
	waiting := open(t, path, false)
	if waiting.Public() != first.Public() {
		t.Fatal("sealed to a pair that others do not have yet")
	}
	rotate(t, path, time.Now().Add(-time.Second))
	public := open(t, path, false).Public()
	if public == first.Public() {
		t.Fatal("the pair's time has come, and it is not used")
	}
	sealed, err := receipt.SealCode(&public, "H41-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if code, err := open(t, path, false).OpenCode(sealed); err != nil || code != "H41-1" {
		t.Error(code, err)
	}
	if _, err := waiting.OpenCode(sealed); err == nil {
		t.Error("opened without the pair's secret")
	}
}

// TestRestKeys: words are sealed with the newest key, and opened with any that is
// in the file; a removed one opens nothing, and the newest is not removed.
func TestRestKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "servers.keys")
	ring := open(t, path, true)
	label := []byte("digest")
	old, sealed := ring.SealRest(label, []byte("words"))
	if old == "" || bytes.Contains(sealed, []byte("words")) {
		t.Fatalf("%q %q", old, sealed)
	}
	rotate(t, path, time.Unix(0, 0))
	ring = open(t, path, false)
	if names := ring.RestKeys(); len(names) != 2 || names[1] != old || names[0] == old {
		t.Fatal(names)
	}
	if name, _ := ring.SealRest(label, []byte("words")); name != ring.RestKeys()[0] {
		t.Error("not sealed with the newest")
	}
	if plain, ok := ring.OpenRest(old, label, sealed); !ok || string(plain) != "words" {
		t.Errorf("%q %v", plain, ok)
	}
	bad := bytes.Clone(sealed)
	bad[len(bad)-1]++
	for what, c := range map[string]struct {
		name          keyring.RestKey
		label, sealed []byte
	}{
		"another label": {old, []byte("other"), sealed},
		"another key":   {ring.RestKeys()[0], label, sealed},
		"unknown key":   {"00000000", label, sealed},
		"changed":       {old, label, bad},
		"cut off":       {old, label, sealed[:10]},
	} {
		if _, ok := ring.OpenRest(c.name, c.label, c.sealed); ok {
			t.Error("opened:", what)
		}
	}
	for _, name := range []keyring.RestKey{ring.RestKeys()[0], "00000000"} {
		if err := keyring.Prune(path, []keyring.RestKey{name}); err == nil || !strings.Contains(err.Error(), string(old)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := keyring.Prune(path, []keyring.RestKey{old}); err != nil {
		t.Fatal(err)
	}
	pruned := open(t, path, false)
	if _, ok := pruned.OpenRest(old, label, sealed); ok || len(pruned.RestKeys()) != 1 {
		t.Error("opened with a removed key", pruned.RestKeys())
	}
	if pruned.Public() != ring.Public() || pruned.Ballot("x") != ring.Ballot("x") {
		t.Error("other keys went too")
	}
}
