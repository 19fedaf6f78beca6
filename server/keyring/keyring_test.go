package keyring_test

import (
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hailong/internal/receipt"
	"hailong/server/keyring"
)

func open(t *testing.T, path string, make bool) *keyring.Ring {
	t.Helper()
	r, err := keyring.Open(path, make)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestMadeOnce: the file is made at the first start only, for its owner alone,
// and every later start has the same secrets.
func TestMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "server.keys")
	first := open(t, path, true)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := os.Stat(path + ".new"); !os.IsNotExist(err) {
		t.Errorf("left behind: %v", err)
	}
	for _, make := range []bool{true, false} {
		again := open(t, path, make)
		if again.Public() != first.Public() || again.Ballot("H41-1") != first.Ballot("H41-1") || !again.IsMember([]byte("key"), first.Member([]byte("key"))) {
			t.Errorf("another ring (make %v)", make)
		}
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(text) {
		t.Errorf("written again: %v", err)
	}
}

// TestMissing: a server with data does not make other keys, which would know
// none of its dossiers.
func TestMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server.keys")
	_, err := keyring.Open(path, false)
	if err == nil || !strings.Contains(err.Error(), "put the file back") || !strings.Contains(err.Error(), path) {
		t.Errorf("missing: %v", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("made all the same: %v", err)
	}
}

func TestReadableByOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server.keys")
	open(t, path, true)
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := keyring.Open(path, true); err == nil || !strings.Contains(err.Error(), "try: chmod 600 "+path) {
			t.Errorf("%o: %v", mode, err)
		}
	}
}

// TestDamaged: a file that is not whole is refused, never replaced, and what
// it holds is in no error.
func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server.keys")
	open(t, path, true)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(whole))
	short := base64.StdEncoding.EncodeToString(make([]byte, 31))
	for name, text := range map[string]string{
		"empty":          "",
		"cut off":        string(whole[:len(whole)/2]),
		"another format": strings.Replace(string(whole), "hailong-keys-2", "hailong-keys-3", 1),
		"older format":   strings.Replace(string(whole), "hailong-keys-2", "hailong-keys-1", 1),
		"a line more":    string(whole) + lines[2] + "\n",
		"two macs":       string(whole) + "mac " + lines[2] + "\n",
		"no pair":        lines[0] + "\nmac " + lines[2] + "\nrest " + lines[7] + "\n",
		"no mac":         lines[0] + "\npair " + lines[4] + " 0\nrest " + lines[7] + "\n",
		"pair's time":    strings.Replace(string(whole), " 0\n", " soon\n", 1),
		"short key":      lines[0] + "\nmac " + short + "\npair " + lines[4] + " 0\n",
		"no base64":      lines[0] + "\nmac " + lines[2] + "\npair " + lines[4][1:] + "* 0\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := keyring.Open(path, true)
		if err == nil || !strings.Contains(err.Error(), "put the right file back") {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), lines[2]) || strings.Contains(err.Error(), lines[4]) || strings.Contains(err.Error(), lines[7]) {
			t.Errorf("%s: the error tells a secret", name)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != text {
			t.Errorf("%s: replaced: %v", name, err)
		}
	}
}

// TestMember: who holds the shared key proves it for one public key; another
// key's proof, and another ring's, do not hold.
func TestMember(t *testing.T) {
	ours, err := keyring.New()
	if err != nil {
		t.Fatal(err)
	}
	others, err := keyring.New()
	if err != nil {
		t.Fatal(err)
	}
	a, b := []byte("one server's public key, 32 bytes"), []byte("another's public key, of 32 bytes")
	proof := ours.Member(a)
	for name, c := range map[string]struct {
		ring   *keyring.Ring
		public []byte
		proof  []byte
		want   bool
	}{
		"its own":        {ours, a, proof, true},
		"of another key": {ours, b, proof, false},
		"another ring":   {others, a, proof, false},
		"none":           {ours, a, nil, false},
		"half":           {ours, a, proof[:16], false},
	} {
		if got := c.ring.IsMember(c.public, c.proof); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if ours.Ballot("H41-1") == others.Ballot("H41-1") || ours.Ballot("H41-1") == ours.Ballot("H41-2") {
		t.Error("ballot keys of two codes, or of two provinces, are alike")
	}
}

// TestPage: every server of one key file opens what another's page sealed, and
// none of another file.
func TestPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "servers.key")
	first, again, other := open(t, path, true), open(t, path, false), open(t, filepath.Join(t.TempDir(), "servers.key"), true)
	if first.Page() != again.Page() || first.Page() == other.Page() || first.Page() == first.Public() {
		t.Error("the pages' key is not the file's own")
	}
}

// TestOpenCode: what a kiosk seals to the public key, only this ring opens.
func TestOpenCode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server.keys")
	ring := open(t, path, true)
	public := ring.Public()
	sealed, err := receipt.SealCode(&public, "000.17.22.H41-210531-0001", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if code, err := open(t, path, false).OpenCode(sealed); err != nil || code != "000.17.22.H41-210531-0001" {
		t.Errorf("%q, %v", code, err)
	}
	other, err := keyring.New()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.OpenCode(sealed); err == nil {
		t.Error("another ring opened it")
	}
}
