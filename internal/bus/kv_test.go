package bus_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/bus"
)

// Servers that ask for a bucket at once all have the same one, with the settings
// that the last asked for.
func TestKV(t *testing.T) {
	s := newStation(t)
	one, other := s.server(bus.Options{Replicas: 1}), s.server(bus.Options{Replicas: 1})
	ctx := within(t)
	var wg sync.WaitGroup
	for range 4 {
		for _, b := range []*bus.Bus{one, other} {
			wg.Go(func() {
				if _, err := b.KV(ctx, "things", time.Hour); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	a, err := one.KV(ctx, "things", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Create(ctx, "key", []byte("value")); err != nil {
		t.Fatal(err)
	}
	b, err := other.KV(ctx, "things", 2*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.Get(ctx, "key")
	if err != nil || string(e.Value()) != "value" {
		t.Fatal(e, err)
	}
	st, err := a.Status(ctx)
	if err != nil || st.TTL() != 2*time.Hour {
		t.Fatal(st, err)
	}
}

// A bucket outlives the broker's restart, and one that was deleted is made anew.
func TestKVAgain(t *testing.T) {
	s := newStation(t)
	b := s.server(bus.Options{})
	ctx := within(t)
	put := func(value string) {
		t.Helper()
		kv, err := b.KV(ctx, "things", 0)
		if err == nil {
			_, err = kv.Put(ctx, "key", []byte(value))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	get := func() (string, error) {
		t.Helper()
		kv, err := b.KV(ctx, "things", 0)
		if err != nil {
			t.Fatal(err)
		}
		e, err := kv.Get(ctx, "key")
		if err != nil {
			return "", err
		}
		return string(e.Value()), nil
	}
	put("one")
	link, release, err := b.Connected(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	s.b.Close()
	<-link.Done()
	s.start()
	if got, err := get(); err != nil || got != "one" {
		t.Fatal(got, err)
	}
	if err := s.jetstream().DeleteKeyValue(ctx, "things"); err != nil {
		t.Fatal(err)
	}
	if got, err := get(); !errors.Is(err, jetstream.ErrKeyNotFound) {
		t.Fatal(got, err)
	}
	put("two")
	if got, err := get(); err != nil || got != "two" {
		t.Fatal(got, err)
	}
}
