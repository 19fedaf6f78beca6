package bus_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

// send publishes words and waits until their stream has them.
func send(t *testing.T, b *bus.Bus, all ...[]byte) {
	t.Helper()
	ctx := within(t)
	for _, words := range all {
		a, err := b.PublishWords(words)
		if err == nil {
			_, err = a.Wait(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// fetches says what the stream gives under the digest of words; nil: nothing.
func fetches(t *testing.T, b *bus.Bus, words, want []byte) {
	t.Helper()
	got, ok, err := b.FetchWords(within(t), sha256.Sum256(words))
	if err != nil || ok != (want != nil) || !bytes.Equal(got, want) {
		t.Fatalf("fetched %.20q %v, want %.20q: %v", got, ok, want, err)
	}
}

func TestWordsAreFetchedByTheirDigest(t *testing.T) {
	s := newStation(t)
	kiosk, server, other := s.kiosk(), s.server(bus.Options{Replicas: 1, MaxAge: time.Hour}), s.server(bus.Options{})
	if _, _, err := server.FetchWords(within(t), [32]byte{}); err == nil {
		t.Fatal("fetched from a stream that was never looked up")
	}
	if err := errors.Join(kiosk.EnsureWords(within(t)), server.EnsureWords(within(t)), other.EnsureWords(within(t))); err != nil {
		t.Fatal(err)
	}
	long := bytes.Repeat([]byte{7}, fact.MaxSealedWords)
	fetches(t, server, long, nil)
	send(t, kiosk, []byte("one"), long, []byte("one"))
	fetches(t, server, long, long)
	fetches(t, server, []byte("one"), []byte("one"))
	fetches(t, server, []byte("two"), nil)
	st, err := s.jetstream().Stream(within(t), bus.WordsStream)
	if err != nil {
		t.Fatal(err)
	}
	if info := st.CachedInfo(); info.State.Msgs != 2 || info.Config.MaxAge != time.Hour || info.Config.DenyDelete || info.Config.DenyPurge {
		t.Fatalf("%+v", info)
	}
	// What the stream of facts has is apart from this.
	if _, err := server.EnsureStream(within(t)); err != nil {
		t.Fatal(err)
	}
	publish(t, kiosk, "a batch")
	fetches(t, server, long, long)
}

// Another's words under a digest are none; the true ones that come again stand.
func TestForgedWordsAreNotTaken(t *testing.T) {
	s := newStation(t)
	b, js := s.server(bus.Options{}), s.jetstream()
	if err := b.EnsureWords(within(t)); err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 10)
	stop, err := b.OnWords(func(digest [32]byte, words []byte) {
		if digest != sha256.Sum256(words) {
			t.Errorf("%q under another digest", words)
		}
		heard <- string(words)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	words := []byte("what was written")
	sum := sha256.Sum256(words)
	forge := func() {
		if _, err := js.Publish(within(t), "hl.words."+hex.EncodeToString(public(kioskKey))+"."+hex.EncodeToString(sum[:]), []byte("forged")); err != nil {
			t.Fatal(err)
		}
	}
	forge()
	fetches(t, b, words, nil)
	send(t, b, words)
	fetches(t, b, words, words)
	forge() // beside the true ones, since another sends it
	fetches(t, b, words, words)
	send(t, b, words, []byte("end"))
	fetches(t, b, words, words)
	for _, want := range []string{string(words), string(words), "end"} {
		if got := <-heard; got != want {
			t.Fatalf("heard %q, want %q", got, want)
		}
	}
}

func TestWhoeverLacksWordsAsks(t *testing.T) {
	s := newStation(t)
	a, b := s.server(bus.Options{}), s.server(bus.Options{})
	ctx := within(t)
	x, y, z := [32]byte{1}, [32]byte{2}, [32]byte{3}
	wanted := make(chan [][32]byte, 1)
	stop, err := b.OnWantWords(func(digests [][32]byte) { wanted <- digests })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	stopHeld, err := b.ServeHeldWords("b", func(digests [][32]byte) (held, gone [][32]byte, err error) {
		if slices.Contains(digests, z) {
			return nil, nil, errors.New("the disk is full")
		}
		return [][32]byte{x, z}, [][32]byte{y, z}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stopHeld()
	// A round trip, so that the broker knows of the subscriptions.
	held, gone, err := b.HeldWords(ctx, "b", [][32]byte{x, y})
	if err != nil || !slices.Equal(held, [][32]byte{x}) || !slices.Equal(gone, [][32]byte{y}) {
		t.Fatal(held, gone, err)
	}
	if err := a.WantWords([][32]byte{x, y}); err != nil {
		t.Fatal(err)
	}
	if got := <-wanted; !slices.Equal(got, [][32]byte{x, y}) {
		t.Fatal(got)
	}
	if held, _, err := a.HeldWords(ctx, "b", [][32]byte{x, y}); err != nil || !slices.Equal(held, [][32]byte{x}) {
		t.Fatal(held, err)
	}
	if _, _, err := a.HeldWords(ctx, "c", [][32]byte{x}); !errors.Is(err, bus.ErrNoServer) {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if held, _, err := a.HeldWords(short, "b", [][32]byte{z}); err == nil {
		t.Fatal("a server that cannot look answered", held)
	}
}

// A lost stream is made anew, and takes words again.
func TestStreamOfWordsLost(t *testing.T) {
	s := newStation(t)
	b := s.server(bus.Options{})
	if err := b.EnsureWords(within(t)); err != nil {
		t.Fatal(err)
	}
	send(t, b, []byte("one"))
	if err := s.jetstream().DeleteStream(within(t), bus.WordsStream); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := b.FetchWords(within(t), sha256.Sum256([]byte("one"))); ok || err == nil {
		t.Fatal(ok, err)
	}
	if a, err := b.PublishWords([]byte("one")); err == nil {
		if _, err := a.Wait(within(t)); err == nil {
			t.Fatal("taken by no stream")
		}
	}
	if err := b.EnsureWords(within(t)); err != nil {
		t.Fatal(err)
	}
	fetches(t, b, []byte("one"), nil)
	send(t, b, []byte("one"))
	fetches(t, b, []byte("one"), []byte("one"))
	// And with the whole store, while nobody looked.
	s.b.Close()
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	s.start()
	if _, cancel, err := b.Connected(within(t)); err != nil {
		t.Fatal(err)
	} else {
		cancel()
	}
	if err := b.EnsureWords(within(t)); err != nil {
		t.Fatal(err)
	}
	send(t, b, []byte("two"))
	fetches(t, b, []byte("two"), []byte("two"))
}
