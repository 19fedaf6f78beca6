package words

import (
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hailong/server/keyring"
)

func ringOf(t *testing.T, path string) *keyring.Ring {
	t.Helper()
	r, err := keyring.Open(path, true)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// firstVersion makes a key file without keys for words on the disk.
func firstVersion(t *testing.T, path string) {
	t.Helper()
	key := base64.StdEncoding.EncodeToString(append(make([]byte, 31), 1))
	if err := os.WriteFile(path, []byte("hailong-keys-1\n"+key+"\n"+key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, s *Store, all ...[]byte) {
	t.Helper()
	if err := s.Put(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
}

func has(t *testing.T, s *Store, words []byte) bool {
	t.Helper()
	got, ok, err := s.Get(t.Context(), sha256.Sum256(words))
	if err != nil || ok && string(got) != string(words) {
		t.Fatalf("%q %v", got, err)
	}
	held, err := s.Held(t.Context(), [][32]byte{sha256.Sum256(words)})
	if err != nil || (len(held) == 1) != ok {
		t.Fatal("held and got differ", held, ok, err)
	}
	return ok
}

// Erased words are in no file of a store that stays open, even where they lie
// without a key.
func TestErasedWordsLeaveTheDisk(t *testing.T) {
	dir := t.TempDir()
	path, keys := filepath.Join(dir, "words.db"), filepath.Join(t.TempDir(), "keys")
	firstVersion(t, keys)
	s := openWith(t, path, ringOf(t, keys))
	for n := range byte(9) {
		put(t, s, secret(n))
	}
	if len(filesWith(t, secret(4)[:64], dir)) == 0 {
		t.Fatal("the test finds nothing where there is something")
	}
	if err := s.Erase(t.Context(), sha256.Sum256(secret(4)), sha256.Sum256([]byte("never here"))); err != nil {
		t.Fatal(err)
	}
	if found := filesWith(t, secret(4)[:64], dir); len(found) > 0 || has(t, s, secret(4)) {
		t.Error("left in", found)
	}
	if !has(t, s, secret(3)) || !has(t, s, secret(5)) {
		t.Error("others went too")
	}
}

// Keys rotate: words are sealed anew, and once the old key is removed an old copy
// of the file gives nothing, while the file itself gives all.
func TestKeysRotate(t *testing.T) {
	dir := t.TempDir()
	path, keys := filepath.Join(dir, "words.db"), filepath.Join(t.TempDir(), "keys")
	firstVersion(t, keys)
	const n = rewrapAtOnce + 7
	words := make([][]byte, n)
	for i := range words {
		words[i] = append(secret(byte(i)), byte(i>>8))
	}
	s := openWith(t, path, ringOf(t, keys))
	put(t, s, words[:n-1]...)
	rewrap := func(want int64) (steps []int64) {
		t.Helper()
		done, err := s.Rewrap(t.Context(), func(done int64) { steps = append(steps, done) })
		if err != nil || done != want {
			t.Fatal(done, want, err)
		}
		return steps
	}
	reopen := func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openWith(t, path, ringOf(t, keys))
	}
	rewrap(0) // there is no key yet
	rotate := func() {
		t.Helper()
		if _, err := keyring.Rotate(keys, time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
		reopen()
	}
	rotate()
	put(t, s, words[n-1]) // with the new key at once
	if steps := rewrap(n - 1); len(steps) != 2 || steps[0] != rewrapAtOnce {
		t.Error("progress", steps)
	}
	if found := filesWith(t, words[3][:64], dir); len(found) > 0 {
		t.Error("still there without a key, in", found)
	}
	old := ringOf(t, keys).RestKeys()[0]
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	backup, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s = openWith(t, path, ringOf(t, keys))
	rotate()
	rewrap(n)
	counts, err := s.Keys(t.Context())
	newest := ringOf(t, keys).RestKeys()[0]
	if err != nil || len(counts) != 1 || counts[0] != (UnderKey{newest, n, true}) {
		t.Fatal(counts, err)
	}
	if err := keyring.Prune(keys, []string{old}); err != nil {
		t.Fatal(err)
	}
	reopen()
	for _, w := range words {
		if !has(t, s, w) {
			t.Fatal("lost by the rotation")
		}
	}

	older := filepath.Join(t.TempDir(), "words.db")
	if err := os.WriteFile(older, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	b := openWith(t, older, ringOf(t, keys))
	for _, w := range words {
		if has(t, b, w) {
			t.Fatal("an old copy is read without its key")
		}
	}
	counts, err = b.Keys(t.Context())
	if err != nil || len(counts) != 1 || counts[0] != (UnderKey{old, n, false}) {
		t.Error(counts, err)
	}
	if done, err := b.Rewrap(t.Context(), nil); done != 0 || err != nil {
		t.Error("sealed anew what can't be read", done, err)
	}
	put(t, b, words[0]) // fetched again
	if !has(t, b, words[0]) {
		t.Error("what was fetched again is not kept")
	}
}
