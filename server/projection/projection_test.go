package projection

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hailong/server/keyring"
)

func openTest(t testing.TB, dir string, ring *keyring.Ring) *Projection {
	p, err := Open(context.Background(), filepath.Join(dir, "server.db"), Options{Server: "s1", Keys: ring, CacheKiB: 65536})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// deliver gives the batches to a fresh projection in the given pieces, closing
// and opening it again now and then, and returns what it computed.
func deliver(t *rapid.T, ring *keyring.Ring, order [][]byte) string {
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
		p.ahead.worthwhile = rapid.SampledFrom([]int{1, 8}).Draw(t, "worthwhile")
		return p
	}
	p := open()
	var opened []Opened // ahead of what is applied
	for seq := uint64(0); len(order) > 0 || len(opened) > 0; {
		if len(order) > 0 && (len(opened) == 0 || rapid.Bool().Draw(t, "ahead")) {
			n := rapid.IntRange(1, min(len(order), 12)).Draw(t, "piece")
			opened = append(opened, p.Open(order[:n]))
			order = order[n:]
			continue
		}
		seq++
		if err := p.Apply(ctx, opened[0], Position{Stream: 1, Sequence: seq}, true); err != nil {
			t.Fatal(err)
		}
		opened = opened[1:]
		if len(opened) > 0 {
			continue
		}
		if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			p = open()
		}
	}
	defer p.Close()
	checkMonths(t, p)
	var out bytes.Buffer
	if err := Dump(ctx, p.Reader(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The property that everything stands on: the projection is a function of the
// set of facts, not of the order, pieces or number of times in which they come.
func TestSameFactsSameResult(t *testing.T) {
	ring := newRing(t)
	rapid.Check(t, func(t *rapid.T) {
		w := generate(t, ring)
		first := deliver(t, ring, w.batches)
		var shuffled [][]byte
		for _, i := range rapid.Permutation(indices(len(w.batches))).Draw(t, "order") {
			shuffled = append(shuffled, w.batches[i])
		}
		for range rapid.IntRange(0, 5).Draw(t, "twice") {
			shuffled = append(shuffled, pick(w, w.batches))
		}
		second := deliver(t, ring, shuffled)
		if first != second {
			t.Fatalf("the same facts in another order gave another result (-first +second):\n%s", cmp.Diff(strings.Split(first, "\n"), strings.Split(second, "\n")))
		}
	})
}

var quiet = slog.New(slog.DiscardHandler)

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
