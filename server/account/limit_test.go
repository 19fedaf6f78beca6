package account

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The first failures cost nothing, then each as long again as the one before, up
// to the most, and an hour forgets them; counted by all servers together.
func TestDelayGrows(t *testing.T) {
	w := newWorld(t, 2)
	key := ByPair("203.0.113.7", "manager")
	for i, want := range []int{0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900} {
		n := w.nodes[i%2]
		if i > 0 {
			wait, err := n.Limits.Allow(t.Context(), key)
			seconds := int(wait.Round(time.Second).Seconds())
			if err != nil || seconds != want {
				t.Errorf("after %d failures: %s, want %d s (%v)", i, wait, want, err)
			}
			if got, err := n.Limits.Try(t.Context(), key); err != nil || (got > 0) != (want > 0) {
				t.Errorf("after %d failures an attempt waits %s (%v)", i, got, err)
			} else if got == 0 {
				if err := n.Limits.Forgive(t.Context(), key); err != nil {
					t.Error(err)
				}
			}
			w.pass(wait)
		}
		if err := n.Limits.Fail(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if wait, err := w.nodes[0].Limits.Allow(t.Context(), ByPair("203.0.113.8", "manager")); wait != 0 || err != nil {
		t.Error("another address waits", wait, err)
	}
	w.pass(forgotten)
	if wait, err := w.nodes[0].Limits.Try(t.Context(), key); wait != 0 || err != nil {
		t.Error("never forgotten", wait, err)
	}
}

func TestSuccessForgets(t *testing.T) {
	n := newWorld(t, 1).nodes[0]
	key := ByPair("203.0.113.7", "manager")
	for range 6 {
		if err := n.Limits.Fail(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if wait, err := n.Limits.Allow(t.Context(), key); wait == 0 || err != nil {
		t.Fatal(wait, err)
	}
	if err := n.Limits.Succeed(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if wait, err := n.Limits.Allow(t.Context(), key); wait != 0 || err != nil {
		t.Fatal(wait, err)
	}
}

// Of many attempts at once, at two servers, no more get through than are free.
func TestAttemptsAtOnce(t *testing.T) {
	w := newWorld(t, 2)
	var wg sync.WaitGroup
	var through atomic.Int32
	for i := range 40 {
		wg.Go(func() {
			wait, err := w.nodes[i%2].Limits.Try(t.Context(), ByPair("203.0.113.7", "manager"))
			if err != nil {
				t.Error(err)
			}
			if wait == 0 {
				through.Add(1)
			}
		})
	}
	wg.Wait()
	if n := int(through.Load()); n < 1 || n > patiences["pair"].free {
		t.Errorf("%d got through", n)
	}
}

// Nobody is kept out of an account for longer than a minute by others' failures,
// and a hundred people behind one address are not in each other's way.
func TestOthersFailures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := failures{Count: rapid.IntRange(0, 1<<40).Draw(t, "failures"), Last: time.Unix(1_790_000_000, 0)}
		now := f.Last.Add(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(2*time.Hour)).Draw(t, "since")))
		for kind, most := range map[string]time.Duration{"account": time.Minute, "address": time.Minute, "pair": 15 * time.Minute, "unknown kind": 15 * time.Minute} {
			wait := f.wait(kind+"/x", now)
			if wait < 0 || wait > most {
				t.Fatalf("%s: %s after %d", kind, wait, f.Count)
			}
			more := failures{f.Count + 1, f.Last}
			if more.wait(kind+"/x", now) < wait {
				t.Fatalf("%s: less after more failures", kind)
			}
			if at := f.wait(kind+"/x", f.Last.Add(wait+now.Sub(f.Last))); now.After(f.Last) && at != 0 {
				t.Fatalf("%s: to wait as long as was said is not enough: %s", kind, at)
			}
		}
		if f.Count < 100 && f.wait(ByAddress("203.0.113.7"), now) > 0 {
			t.Fatal("a shared address waits")
		}
	})
}

// Keys hold neither names nor addresses.
func TestLimitsTellNobody(t *testing.T) {
	n := newWorld(t, 1).nodes[0]
	for i := range 3 {
		if err := n.Limits.Fail(t.Context(), ByPair(fmt.Sprintf("203.0.113.%d", i), "manager")); err != nil {
			t.Fatal(err)
		}
	}
	kv, err := n.bus.KV(t.Context(), n.Limits.bucket.name, n.Limits.bucket.ttl)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := kv.Keys(t.Context())
	if err != nil || len(keys) != 3 {
		t.Fatal(keys, err)
	}
	for _, k := range keys {
		if len(k) != 64 {
			t.Error(k)
		}
	}
}
