package prooflog

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// copyOf copies the site's file, as a backup would, while it is closed.
func (s *site) copyOf(name, to string) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, to), data, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// A log goes on over restarts, and where it is not the one of its checkpoints
// any more another begins, which names the last.
func TestRestored(t *testing.T) {
	s := newSite(t)
	k := s.kiosk(20)
	s.round()
	first := s.latest()
	s.close()
	s.copyOf("log.db", "log-old.db")
	s.copyOf("server.db", "server-old.db")
	s.openProjection("server.db")
	s.openLog("log.db")
	k.rate(300)
	s.arrive(k.batch())
	s.round()
	second := s.latest()
	if !bytes.Equal(first.Log, second.Log) || second.Size <= first.Size {
		t.Fatalf("after a restart: %v then %v", first.Point, second.Point)
	}
	// What could not be signed before the process died is signed after.
	k.rate(5)
	s.arrive(k.batch())
	if err := s.log.grow(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.close()
	s.openProjection("server.db")
	s.openLog("log.db")
	s.round()
	third := s.latest()
	if !bytes.Equal(third.Log, first.Log) || third.Size < second.Size+5 {
		t.Fatalf("%v then %v", second.Point, third.Point)
	}

	another := func(why string, last Checkpoint) {
		t.Helper()
		s.round()
		now := s.latest()
		if bytes.Equal(now.Log, last.Log) {
			t.Fatalf("%s: the log goes on", why)
		}
		if !strings.Contains(now.Note, "\nprevious ") || s.log.now().previous.Size != last.Size || !bytes.Equal(s.log.now().previous.Root, last.Root) {
			t.Errorf("%s: does not name the last checkpoint:\n%s", why, now.Note)
		}
		want := plainRoot(s.leaves()[:now.Size])
		if !bytes.Equal(now.Root, want[:]) {
			t.Errorf("%s: another root", why)
		}
	}
	// Its file was put back.
	s.close()
	s.openProjection("server.db")
	s.openLog("log-old.db")
	another("an older log", third)
	fourth := s.latest()
	// It was lost.
	s.close()
	s.openProjection("server.db")
	s.openLog("log-new.db")
	another("a lost log", fourth)
	fifth := s.latest()
	// The projection was lost, and is filled in another order.
	s.close()
	sent := s.sent
	s.openProjection("server-new.db")
	for i := len(sent) - 1; i >= 0; i-- {
		s.arrive(sent[i])
	}
	s.openLog("log-new.db")
	another("another projection", fifth)
	// The projection was put back, and does not know what the log ends with; its
	// checkpoints come again only later.
	s.close()
	s.openProjection("server-old.db")
	s.openLog("log.db")
	if id := s.log.ID(); bytes.Equal(id[:], first.Log) {
		t.Error("the log goes on over a projection that was put back")
	}
	for _, b := range slices.Clone(s.sent) {
		s.arrive(b)
	}
	s.round()
	if now := s.latest(); bytes.Equal(now.Log, first.Log) {
		t.Error("two histories under one log")
	}
}

// Both files were put back together: nothing tells at once, and the checkpoints
// that were made since come back with the stream. Then another log begins, and
// no two roots of one size are ever signed.
func TestBothRestored(t *testing.T) {
	s := newSite(t)
	k := s.kiosk(20)
	s.round()
	first := s.latest()
	s.close()
	s.copyOf("log.db", "log-old.db")
	s.copyOf("server.db", "server-old.db")
	s.openProjection("server.db")
	s.openLog("log.db")
	before := len(s.sent)
	k.rate(3)
	one := k.batch()
	k.rate(4)
	s.arrive(one, k.batch())
	s.round()
	second := s.latest()
	since := s.sent[before:]
	s.close()
	s.openProjection("server-old.db")
	s.openLog("log-old.db")
	if id := s.log.ID(); !bytes.Equal(id[:], first.Log) {
		t.Fatal("another log begins without need")
	}
	for i := len(since) - 1; i >= 0; i-- { // the stream gives all, in another order
		s.arrive(since[i])
	}
	s.arrive(since...)
	s.round()
	third := s.latest()
	if bytes.Equal(third.Log, second.Log) {
		t.Errorf("one log has %v and %v", second.Point, third.Point)
	}
	if !strings.Contains(third.Note, "\nprevious ") {
		t.Error(third.Note)
	}
}
