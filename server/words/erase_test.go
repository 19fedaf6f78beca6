package words

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hailong/internal/fact"
)

// secret are sealed words that can be found in a file by any piece of them.
func secret(n byte) []byte { return bytes.Repeat([]byte{'s', 'e', 'c', 'r', 'e', 't', n}, 400) }

// filesWith names the files below some folders in which a text stands.
func filesWith(t testing.TB, text []byte, dirs ...string) (found []string) {
	t.Helper()
	for _, dir := range dirs {
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
	}
	return found
}

func (w *world) erases(words []byte) {
	w.t.Helper()
	sum := sha256.Sum256(words)
	w.fact(fact.KindErasure, &fact.Erasure{Digest: sum[:], Reason: fact.ErasedOnRequest})
}

// shows says whether a server shows words.
func (s *server) shows(words []byte) bool {
	s.w.t.Helper()
	got, ok, err := s.k.Load().Words(context.Background(), sha256.Sum256(words))
	if err != nil || ok && !bytes.Equal(got, words) {
		s.w.t.Fatal(got, err)
	}
	return ok
}

// gone waits until words are at neither server nor in any file of the stream.
func (w *world) gone(words []byte, servers ...*server) {
	w.t.Helper()
	w.eventually("the words are erased", func() bool {
		for _, s := range servers {
			if _, ok, err := s.s.Get(w.t.Context(), sha256.Sum256(words)); ok || err != nil {
				return false
			}
		}
		return len(filesWith(w.t, words[:64], w.dir)) == 0
	})
}

// An erasure takes words from all servers and from the stream's files; they are
// refused when they come back, and what else there is stays.
func TestErasedWordsStayErased(t *testing.T) {
	w := newWorld(t)
	a, b := w.server("a"), w.server("b")
	w.names(secret(0))
	w.names(secret(1))
	w.sends(w.bus, secret(0))
	w.sends(w.bus, secret(1))
	for _, s := range []*server{a, b} {
		s.takes()
		s.run()
		w.eventually("both are shown", func() bool { return s.shows(secret(0)) && s.shows(secret(1)) })
	}
	if len(filesWith(t, secret(0)[:64], w.dir)) == 0 {
		t.Fatal("the test finds nothing where there is something")
	}
	w.erases(secret(0))
	for _, s := range []*server{a, b} {
		s.takes()
		if s.shows(secret(0)) {
			t.Fatal(s.id, "shows what is erased by now")
		}
	}
	w.gone(secret(0), a, b)
	// Somebody who was away sends them again, and asks for them.
	other := w.connect()
	if err := other.EnsureWords(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.sends(other, secret(0))
	w.gone(secret(0), a, b)
	if err := other.WantWords([][32]byte{sha256.Sum256(secret(0)), sha256.Sum256(secret(1))}); err != nil {
		t.Fatal(err)
	}
	held, gone, err := other.HeldWords(t.Context(), "a", [][32]byte{sha256.Sum256(secret(0)), sha256.Sum256(secret(1))})
	if err != nil || len(held) != 1 || len(gone) != 1 || gone[0] != sha256.Sum256(secret(0)) {
		t.Error(held, gone, err)
	}
	for _, s := range []*server{a, b} {
		if !s.shows(secret(1)) {
			t.Error(s.id, "lost what was not erased")
		}
		if all, vain := s.k.Load().Missing(); all+vain > 0 {
			t.Error(s.id, "looks for erased words", all, vain)
		}
	}
	w.gone(secret(0), a, b)
}

// A server whose files are put back from before an erasure shows nothing until it
// has read the stream of facts again, and then erases what was in them.
func TestErasureAfterARestore(t *testing.T) {
	w := newWorld(t)
	w.names(secret(0))
	w.names(secret(1))
	w.sends(w.bus, secret(0))
	w.sends(w.bus, secret(1))
	a, before := w.server("a"), w.server("a")
	for _, s := range []*server{a, before} {
		s.takes()
		s.run()
		w.eventually("both are shown", func() bool { return s.shows(secret(0)) && s.shows(secret(1)) })
	}
	before.halt() // its words are the backup
	w.erases(secret(0))
	a.takes()
	w.gone(secret(0), a)

	// The projection is as it is now: what is erased goes at the start.
	backup, err := os.ReadFile(before.path)
	if err != nil {
		t.Fatal(err)
	}
	a.halt()
	remove(t, a.path)
	if err := os.WriteFile(a.path, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	a.run()
	w.eventually("what was not erased is shown", func() bool { return a.shows(secret(1)) })
	if a.shows(secret(0)) {
		t.Fatal("shown again after a restore")
	}
	w.gone(secret(0), a)

	// The projection is put back too: it learns of the erasure from the stream.
	c := w.server("c")
	if err := os.WriteFile(c.path, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	// The stream says that there is more to read than this server has.
	if _, err := w.jetstream().Publish(t.Context(), "hl.fact.x.y", []byte("more")); err != nil {
		t.Fatal(err)
	}
	c.run()
	if _, _, err := w.bus.HeldWords(t.Context(), "c", nil); err != nil {
		t.Log("not listening yet:", err)
	}
	if c.shows(secret(0)) || c.shows(secret(1)) {
		t.Fatal("shown before anything is known of erasures")
	}
	c.takes()
	w.eventually("what was not erased is shown", func() bool { return c.shows(secret(1)) })
	if c.shows(secret(0)) {
		t.Fatal("shown again after a restore of all")
	}
	w.gone(secret(0), c)
}

// Words past their time go as if they were erased, without anybody's doing.
func TestWordsPastTheirTime(t *testing.T) {
	w := newWorld(t)
	a := w.server("a")
	a.sweep = 20 * time.Millisecond
	w.names(secret(0))
	w.sends(w.bus, secret(0))
	a.takes()
	a.run()
	w.eventually("they are shown", func() bool { return a.shows(secret(0)) })
	// The text is of another day than today.
	w.fact(fact.KindSetting, &fact.Setting{Key: "retention:comment", Value: "1"})
	a.takes()
	w.gone(secret(0), a)
	w.sends(w.bus, secret(0))
	w.gone(secret(0), a)
	if all, vain := a.k.Load().Missing(); all+vain > 0 {
		t.Error("looks for words past their time", all, vain)
	}
}
