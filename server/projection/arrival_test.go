package projection

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"hailong/internal/fact"
)

// arrivals reads all after a Seq, a few at a time.
func arrivals(t interface{ Fatal(...any) }, p *Projection, after int64) (all []Arrival) {
	for {
		some, err := p.Arrivals(context.Background(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(some) == 0 {
			return all
		}
		all, after = append(all, some...), some[len(some)-1].Seq
	}
}

// Whoever reads arrivals as they come has every fact of every chain that counts,
// in an order in which each follows the one before it, also over forks and
// restarts.
func TestArrivalsHaveEveryFact(t *testing.T) {
	ring := newRing(t)
	forks := 0
	rapid.Check(t, func(t *rapid.T) {
		w := generate(t, ring)
		dir, err := os.MkdirTemp("", "projection")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		ctx := context.Background()
		open := func() *Projection {
			p, err := Open(ctx, filepath.Join(dir, "server.db"), Options{Server: "s1", Keys: ring, CacheKiB: 2048, Log: quiet})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		p := open()
		defer func() { p.Close() }()
		var seq int64
		heads, leaves := map[fact.OriginID]uint64{}, map[fact.Hash]bool{}
		for order, at := w.batches, uint64(1); len(order) > 0; at++ {
			n := rapid.IntRange(1, min(len(order), 12)).Draw(t, "piece")
			if err := p.Apply(ctx, p.Open(order[:n]), Position{Stream: 1, Sequence: at}, true); err != nil {
				t.Fatal(err)
			}
			order = order[n:]
			for _, a := range arrivals(t, p, seq) {
				head := heads[a.Origin]
				if a.Seq <= seq || a.First > head+1 || a.Last < a.First {
					t.Fatalf("%+v comes after Seq %d and number %d", a, seq, head)
				}
				if a.First <= head {
					forks++
				}
				seq, heads[a.Origin] = a.Seq, a.Last
				hashes, err := p.FactHashes(ctx, a.Origin, a.First, a.Last)
				if err != nil {
					t.Fatal(err)
				}
				for _, h := range hashes {
					leaves[h] = true
				}
			}
			holds, err := p.Effects(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for i, h := range holds {
				if o := p.origins[h.Origin]; o.applied != h.Number || i > 0 && holds[i-1].Origin.String() >= h.Origin.String() {
					t.Fatalf("in effect: %+v; the projection says %d", holds, o.applied)
				}
			}
			for _, m := range p.Marks() {
				if heads[m.Origin] != m.Number {
					t.Fatalf("arrivals of %s lead to %d, its chain to %d", m.Origin, heads[m.Origin], m.Number)
				}
				hashes, err := p.FactHashes(ctx, m.Origin, 1, fact.MaxNumber)
				if err != nil || uint64(len(hashes)) != m.Number || m.Number > 0 && hashes[m.Number-1] != m.Hash {
					t.Fatalf("%d hashes of %s up to %d: %v", len(hashes), m.Origin, m.Number, err)
				}
				for i, h := range hashes {
					if !leaves[h] {
						t.Fatalf("fact %d of %s never arrived", i+1, m.Origin)
					}
				}
			}
			if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
				if err := p.Close(); err != nil {
					t.Fatal(err)
				}
				p = open()
			}
		}
	})
	if forks == 0 {
		t.Error("no chain was decided anew: this tests little")
	}
}

// Batches of several origins that come together, one after the other, are one
// arrival of each.
func TestArrivalsAreFew(t *testing.T) {
	ring := newRing(t)
	p := openTest(t, t.TempDir(), ring)
	defer p.Close()
	var makers []*maker
	var order [][]byte
	for range 3 {
		makers = append(makers, newMaker(t, fact.RoleServer, ring.Member))
	}
	for range 10 {
		for _, m := range makers {
			m.add(t, fact.KindSetting, &fact.Setting{Key: "a", Value: "b"}, 0)
			order = append(order, m.batches(t, 500)...)
		}
	}
	if err := p.Apply(context.Background(), p.Open(order), Position{Stream: 1, Sequence: 1}, true); err != nil {
		t.Fatal(err)
	}
	all := arrivals(t, p, 0)
	if len(all) != len(makers) {
		t.Fatalf("%+v", all)
	}
	for i, a := range all {
		if a.Origin != makers[i].id || a.First != 1 || a.Last != 11 {
			t.Errorf("%+v", a)
		}
	}
}
