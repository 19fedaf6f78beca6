package account

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A code is good once, for its purpose and its time, at every server.
func TestCode(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	make := func(ttl time.Duration) string {
		t.Helper()
		code, err := a.Codes.Make(t.Context(), "desk", []byte("D1"), ttl)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	take := func(n *node, purpose, code string, want bool) {
		t.Helper()
		payload, ok, err := n.Codes.Take(t.Context(), purpose, code)
		if err != nil || ok != want || ok && string(payload) != "D1" {
			t.Errorf("%q %q: %q %v %v", purpose, code, payload, ok, err)
		}
	}
	code := make(15 * time.Minute)
	if len(code) != 19 || strings.Count(code, "-") != 3 {
		t.Error(code)
	}
	take(b, "link", code, false)
	if payload, ok, err := b.Codes.Peek(t.Context(), "desk", code); !ok || err != nil || string(payload) != "D1" {
		t.Error(payload, ok, err)
	}
	take(b, "desk", strings.ToLower(code), true)
	take(a, "desk", code, false)
	take(b, "desk", code, false)
	for _, bad := range []string{"", "AAAA-AAAA-AAAA-AAAA", code + "0", "\x00", strings.Repeat("0", 1<<20)} {
		take(a, "desk", bad, false)
	}
	early, late := make(15*time.Minute), make(1000*time.Hour)
	w.pass(15 * time.Minute)
	take(a, "desk", early, false)
	if _, ok, err := a.Codes.Peek(t.Context(), "desk", early); ok || err != nil {
		t.Error("seen after its time", err)
	}
	w.pass(MaxLife)
	take(a, "desk", late, false)
}

// Of all who take a code at once, at two servers, one gets it.
func TestCodeTakenAtOnce(t *testing.T) {
	w := newWorld(t, 2)
	for range 10 {
		code, err := w.nodes[0].Codes.Make(t.Context(), "desk", nil, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var got atomic.Int32
		for i := range 8 {
			wg.Go(func() {
				_, ok, err := w.nodes[i%2].Codes.Take(t.Context(), "desk", code)
				if err != nil {
					t.Error(err)
				}
				if ok {
					got.Add(1)
				}
			})
		}
		wg.Wait()
		if got.Load() != 1 {
			t.Fatalf("%d got it", got.Load())
		}
	}
}

// The bucket does not tell a code to who reads it.
func TestCodeIsNotKept(t *testing.T) {
	n := newWorld(t, 1).nodes[0]
	code, err := n.Codes.Make(t.Context(), "desk", nil, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	kv, err := n.bus.KV(t.Context(), n.Codes.bucket.name, n.Codes.bucket.ttl)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := kv.Keys(t.Context())
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	e, err := kv.Get(t.Context(), keys[0])
	if err != nil || strings.Contains(keys[0]+string(e.Value()), code) || len(keys[0]) != 64 {
		t.Error(keys, string(e.Value()), err)
	}
}
