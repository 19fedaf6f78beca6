package words

import (
	"bytes"
	"crypto/sha256"
	"path/filepath"
	"slices"
	"testing"

	"hailong/internal/fact"
	"hailong/server/keyring"
)

func open(t *testing.T, path string) *Store {
	t.Helper()
	ring, err := keyring.Open(path+".keys", true)
	if err != nil {
		t.Fatal(err)
	}
	return openWith(t, path, ring)
}

func openWith(t *testing.T, path string, keys Keys) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestWordsAreFoundByTheirDigest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "words.db")
	s := open(t, path)
	long := bytes.Repeat([]byte{7}, fact.MaxSealedWords)
	for range 2 {
		if err := s.Put(t.Context(), []byte("one"), long); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	one, two, three := sha256.Sum256([]byte("one")), sha256.Sum256(long), [32]byte{3}
	for digest, want := range map[[32]byte][]byte{one: []byte("one"), two: long, three: nil} {
		got, ok, err := s.Get(t.Context(), digest)
		if err != nil || ok != (want != nil) || !bytes.Equal(got, want) {
			t.Errorf("%x: %.10q %v %v", digest, got, ok, err)
		}
	}
	held, err := s.Held(t.Context(), [][32]byte{three, two})
	if err != nil || !slices.Equal(held, [][32]byte{two}) {
		t.Fatal(held, err)
	}
	if held, err := s.Held(t.Context(), nil); len(held) != 0 || err != nil {
		t.Fatal(held, err)
	}
	many := make([][32]byte, 1000) // as many as one question may have
	for i := range many {
		many[i] = sha256.Sum256([]byte{byte(i), byte(i >> 8)})
	}
	many[500] = one
	if held, err := s.Held(t.Context(), many); len(held) != 1 || err != nil {
		t.Fatal(held, err)
	}
}

// Whoever erases words later leaves nothing of them in the file.
func TestDeletedWordsAreOverwritten(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "words.db"))
	var mode int
	if err := s.db.Conn().QueryRowContext(t.Context(), "PRAGMA secure_delete").Scan(&mode); err != nil || mode != 1 {
		t.Fatal(mode, err)
	}
}
