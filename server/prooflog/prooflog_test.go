package prooflog

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"golang.org/x/mod/sumdb/note"

	"hailong/internal/fact"
)

// plainRoot is RFC 6962's definition of the tree's hash, word for word.
func plainRoot(leaves [][32]byte) [32]byte {
	switch len(leaves) {
	case 0:
		return [32]byte(hasher.EmptyRoot())
	case 1:
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	a, b := plainRoot(leaves[:k]), plainRoot(leaves[k:])
	return [32]byte(hasher.HashChildren(a[:], b[:]))
}

// leaves reads the log's leaves from its runs and the projection's facts.
func (s *site) leaves() (all [][32]byte) {
	s.t.Helper()
	ctx := context.Background()
	arrivals, err := s.proj.Arrivals(ctx, 0, 1<<20)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, a := range arrivals {
		hashes, err := s.proj.FactHashes(ctx, a.Origin, a.First, a.Last)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, h := range hashes {
			all = append(all, LeafHash(h))
		}
	}
	return all
}

// The log grows in pieces of any size, and at every size its root is the one of
// RFC 6962, with proofs that others can check.
func TestGrows(t *testing.T) {
	s := newSite(t)
	ctx := context.Background()
	k := s.kiosk(1)
	var points []Checkpoint
	for _, n := range []int{1, 2, 250, 3, 1, 255, 256, 257, 700, 1} {
		k.rate(n)
		s.arrive(k.batch())
		s.round()
		points = append(points, s.latest())
	}
	leaves := s.leaves()
	for _, c := range points {
		want := plainRoot(leaves[:c.Size])
		if !bytes.Equal(c.Root, want[:]) {
			t.Fatalf("root of %d leaves is another", c.Size)
		}
		p, err := Parse([]byte(c.Note), s.own.public())
		if err != nil || p.Size != c.Size || !bytes.Equal(p.Root, c.Root) || !bytes.Equal(p.Log, c.Log) {
			t.Fatal(p, err)
		}
	}
	// Between any two checkpoints.
	for i, a := range points {
		for _, b := range points[i:] {
			path, err := s.log.Consistency(ctx, a.Size, b.Size)
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.VerifyConsistency(hasher, a.Size, b.Size, path, a.Root, b.Root); err != nil {
				t.Fatalf("%d to %d: %v", a.Size, b.Size, err)
			}
		}
	}
	// Every fact up to the checkpoint, and none after it.
	hashes, err := s.proj.FactHashes(ctx, k.id, 1, k.number)
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range hashes {
		in, ok, err := s.log.Include(ctx, k.id, uint64(i)+1, h)
		if err != nil || !ok {
			t.Fatal(i, ok, err)
		}
		if leaf := LeafHash(h); leaf != in.Leaf || proof.VerifyInclusion(hasher, in.Index, in.Of.Size, leaf[:], in.Path, in.Of.Root) != nil {
			t.Fatalf("fact %d is not shown to be in the log", i+1)
		}
		// By the first checkpoint after it, which is one that was published.
		at := slices.IndexFunc(points, func(c Checkpoint) bool { return c.Size > in.Index })
		if in.Of.Size != points[at].Size {
			t.Fatalf("leaf %d is shown by the checkpoint of %d leaves", in.Index, in.Of.Size)
		}
	}
	k.rate(1)
	s.arrive(k.batch())
	if err := s.log.grow(ctx); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.log.Include(ctx, k.id, k.number, k.prev); ok || err != nil {
		t.Error("a fact after the checkpoint is shown to be in it", err)
	}
	if _, ok, err := s.log.Include(ctx, k.id, 3, k.prev); ok || err != nil {
		t.Error("another hash under a number is shown to be in the log", err)
	}
	for _, sizes := range [][2]uint64{{0, 1}, {2, 1}, {1, 1 << 40}} {
		if _, err := s.log.Consistency(ctx, sizes[0], sizes[1]); !errors.Is(err, ErrNoSuchSize) {
			t.Errorf("%v: %v", sizes, err)
		}
	}
}

// Nothing new but the last checkpoint itself: no further one.
func TestNoCheckpointOfNothing(t *testing.T) {
	s := newSite(t)
	s.kiosk(1)
	s.round()
	first := s.latest()
	s.round()
	s.round()
	if again := s.latest(); again.Size != first.Size || again.Number != first.Number {
		t.Errorf("after %d leaves another of %d", first.Size, again.Size)
	}
}

// A checkpoint names what moved: each origin once, at the last fact in effect.
func TestHolds(t *testing.T) {
	s := newSite(t)
	a, b := s.kiosk(3), s.kiosk(2)
	s.round()
	b.rate(4)
	s.arrive(b.batch())
	s.round()
	var first, second fact.Checkpoint
	for i, c := range []*fact.Checkpoint{&first, &second} {
		var raw []byte
		err := s.proj.Reader().QueryRow(`SELECT f.bytes FROM checkpoint c JOIN fact f ON f.id = c.fact ORDER BY c.size LIMIT 1 OFFSET ?`, i).Scan(&raw)
		if err != nil {
			t.Fatal(err)
		}
		f, err := fact.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := fact.Unmarshal(f.Body, c); err != nil {
			t.Fatal(err)
		}
	}
	held := func(c *fact.Checkpoint, o *chain) (n uint64) {
		for _, h := range c.Holds {
			if h.Origin == o.id {
				n = h.Number
			}
		}
		return n
	}
	if len(first.Holds) != 3 || held(&first, a) != 4 || held(&first, b) != 3 {
		t.Errorf("%+v", first.Holds)
	}
	if len(second.Holds) != 2 || held(&second, a) != 0 || held(&second, b) != 7 || second.Holds[0].Hash != b.prev && second.Holds[1].Hash != b.prev {
		t.Errorf("%+v", second.Holds)
	}
}

// A fork: facts that lost have their leaves, those that won too.
func TestFork(t *testing.T) {
	s := newSite(t)
	k := s.kiosk(5)
	twin := *k
	k.rate(10)
	twin.rate(10)
	one, other := k.batch(), twin.batch()
	s.arrive(one)
	s.round()
	s.arrive(other)
	s.round()
	ctx := context.Background()
	shown := 0
	for _, c := range []*chain{k, &twin} {
		if _, ok, err := s.log.Include(ctx, c.id, c.number, c.prev); err != nil {
			t.Fatal(err)
		} else if ok {
			shown++
		}
	}
	h, _, err := s.proj.HashAt(ctx, k.id, k.number)
	if err != nil {
		t.Fatal(err)
	}
	want := 1 // the first branch counts still
	if h == twin.prev {
		want = 2
	}
	if shown != want {
		t.Errorf("%d branches have leaves, want %d", shown, want)
	}
}

// Whoever has the public key reads a checkpoint with any program for such notes;
// another key's, or a changed line, is refused.
func TestNote(t *testing.T) {
	s := newSite(t)
	s.kiosk(2)
	s.round()
	c := s.latest()
	key, err := s.log.VerifierKey()
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open([]byte(c.Note), note.VerifierList(verifier)); err != nil {
		t.Error(err)
	}
	if _, err := Parse([]byte(c.Note), newChain(t, fact.RoleKiosk, s.ring).public()); err == nil {
		t.Error("another key's")
	}
	lines := strings.Split(c.Note, "\n")
	lines[1] += "0"
	if _, err := Parse([]byte(strings.Join(lines, "\n")), s.own.public()); err == nil {
		t.Error("a changed size")
	}
	for _, text := range []string{"", "\n", "hailong/s1/00\n1\n\n", c.Note[:len(c.Note)/2]} {
		if _, err := Parse([]byte(text), s.own.public()); err == nil {
			t.Errorf("%q is taken for a checkpoint", text)
		}
	}
	if name := Name("tỉnh +1", c.Log); strings.ContainsAny(name, " +\n") {
		t.Error(name)
	}
}

// At gives what was in effect where a closing was made, whatever came later.
func TestAt(t *testing.T) {
	s := newSite(t)
	k := s.kiosk(2)
	ctx := context.Background()
	s.round()
	first := s.latest()
	holds, err := s.proj.Effects(ctx)
	if err != nil {
		t.Fatal(err)
	}
	k.rate(2)
	s.arrive(k.batch())
	s.round()
	c, ok, err := At(ctx, s.proj.Reader(), holds)
	if err != nil || !ok || c.Size != first.Size {
		t.Errorf("%+v %v %v", c, ok, err)
	}
	if _, ok, err := At(ctx, s.proj.Reader(), nil); ok || err != nil {
		t.Error("a checkpoint of nothing", err)
	}
}
