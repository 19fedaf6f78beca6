package bus_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hailong/internal/bus"
)

// Erased words are in no file of the stream's store, and nobody gets them from
// it; all others stay.
func TestErasedWordsLeaveTheStreamsDisk(t *testing.T) {
	s := newStation(t)
	b, server := s.kiosk(), s.server(bus.Options{})
	for _, x := range []*bus.Bus{server, b} {
		if err := x.EnsureWords(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	secret, other := bytes.Repeat([]byte("nobody is to read this "), 100), bytes.Repeat([]byte("this stays "), 100)
	send(t, b, other, secret, []byte("a third"))
	send(t, server, secret, other) // as when somebody asked for them
	send(t, b, secret, other)      // as when an ack was lost
	if n := bytes.Count(read(t, filesWith(t, s.dir, secret[:64])), secret); n != 2 {
		t.Errorf("the words are %d times on the disk, of two senders", n)
	}
	if len(filesWith(t, s.dir, secret[:64])) == 0 || len(filesWith(t, s.dir, other[:64])) == 0 {
		t.Fatal("the test finds nothing where there is something")
	}
	digest := sha256.Sum256(secret)
	for range 2 { // to erase again is no error
		if err := server.EraseWords(within(t), digest); err != nil {
			t.Fatal(err)
		}
	}
	if found := filesWith(t, s.dir, []byte("nobody is to read this")); len(found) > 0 {
		t.Errorf("left in %v", found)
	}
	fetches(t, server, secret, nil)
	fetches(t, server, other, other)
	stored, err := server.StoredWords(within(t))
	if err != nil || len(stored) != 2 || slices.Contains(stored, digest) || !slices.Contains(stored, sha256.Sum256(other)) {
		t.Error(stored, err)
	}
}

func read(t testing.TB, paths []string) (all []byte) {
	t.Helper()
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return all
}

func filesWith(t testing.TB, dir string, text []byte) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, text) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
