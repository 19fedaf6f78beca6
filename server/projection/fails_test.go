package projection

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hailong/internal/fact"
)

// A projection whose transaction fails goes on as if the call had not been.
func TestApplyFails(t *testing.T) {
	ring := newRing(t)
	rapid.Check(t, func(t *rapid.T) {
		w := generate(t, ring)
		dir, err := os.MkdirTemp("", "projection")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		p, err := Open(context.Background(), filepath.Join(dir, "server.db"), Options{Server: "s1", Keys: ring, CacheKiB: 2048, Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		ctx := context.Background()
		for i, b := range w.batches {
			if rapid.Bool().Draw(t, "fails") {
				p.mu.Lock()
				_, err := p.write(ctx, func(w *run) error {
					batch, err := fact.Open(b)
					if err == nil {
						err = w.take(batch)
					}
					if err == nil {
						err = w.settle()
					}
					if err == nil {
						err = w.finish()
					}
					return fmt.Errorf("power lost (%v)", err)
				})
				p.mu.Unlock()
				if err == nil {
					t.Fatal("the failing write did not fail")
				}
			}
			if err := p.Apply(ctx, p.Open([][]byte{b}), Position{Sequence: uint64(i + 1)}, true); err != nil {
				t.Fatal(err)
			}
		}
		var out bytes.Buffer
		if err := Dump(ctx, p.Reader(), &out); err != nil {
			t.Fatal(err)
		}
		if want, got := newNaive(w).recount(), dumped(out.String()); !slices.Equal(got, want) {
			t.Fatalf("after failures the projection differs from a recount:\n%s", cmp.Diff(want, got))
		}
	})
}
