package uplink_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/uplink"
)

func wordsOf(n int) []byte { return fmt.Appendf(nil, "sealed words %d", n) }

// text is a text fact with its words.
func text(words []byte) fact.Entry {
	sum := sha256.Sum256(words)
	return fact.Entry{Kind: fact.KindText, Words: words, Body: &fact.Text{
		Session: bytes.Repeat([]byte{1}, 16), Purpose: 1, Digest: sum[:], Size: uint32(len(words)), Language: "vi",
	}}
}

// write records words from..to-1.
func (k *kiosk) write(from, to int) {
	k.w.t.Helper()
	for n := from; n < to; n++ {
		if _, err := k.box.Append(context.Background(), text(wordsOf(n))); err != nil {
			k.w.t.Fatal(err)
		}
	}
}

// taken waits until the stream has words from..to-1, and the kiosk knows it.
func (k *kiosk) taken(b *bus.Bus, from, to int) {
	k.w.t.Helper()
	for n := from; n < to; n++ {
		eventually(k.w.t, fmt.Sprintf("words %d in the stream", n), func() bool {
			got, ok, err := b.FetchWords(context.Background(), sha256.Sum256(wordsOf(n)))
			if err != nil {
				_ = b.EnsureWords(context.Background()) // it may have been deleted
			}
			return ok && bytes.Equal(got, wordsOf(n))
		})
	}
	eventually(k.w.t, "all words sent", func() bool { return k.status().WordsUnsent == 0 })
}

func TestWordsGoBesideTheFacts(t *testing.T) {
	w := newWorld(t)
	b := w.direct()
	k := w.kiosk("s1")
	k.open()
	k.write(0, 150) // more than go at once
	k.start()
	k.taken(b, 0, 150)
	k.write(150, 151)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := k.up.WaitWords(ctx, sha256.Sum256(wordsOf(150)), sha256.Sum256([]byte("of another"))); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := b.FetchWords(ctx, sha256.Sum256(wordsOf(150))); !ok || err != nil {
		t.Fatal("waited, and they are not in the stream", err)
	}
	// Nothing goes without a connection, and all of it with the next.
	w.proxy.cut(true)
	k.write(151, 160)
	if st := k.status(); st.WordsUnsent != 9 {
		t.Fatalf("%d unsent", st.WordsUnsent)
	}
	over, end := context.WithTimeout(ctx, 20*time.Millisecond)
	defer end()
	if err := k.up.WaitWords(over, sha256.Sum256(wordsOf(151))); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	w.proxy.up()
	k.taken(b, 151, 160)
}

// The stream is deleted, and then lost with its whole store: words that were
// sent are given again to whoever asks, new ones find a new stream.
func TestStreamOfWordsIsLost(t *testing.T) {
	w := newWorld(t)
	b := w.direct()
	k := w.kiosk("s1")
	k.start()
	k.write(0, 3)
	k.taken(b, 0, 3)
	for round, lose := range []func(){
		func() {
			nc, err := nats.Connect("nats://"+w.b.Addr(), w.nats.Option())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			js, err := jetstream.New(nc)
			if err == nil {
				err = js.DeleteStream(context.Background(), bus.WordsStream)
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		func() { w.restartBroker(w.loseStore) },
	} {
		lose()
		k.write(10+round, 11+round)
		k.taken(b, 10+round, 11+round)
		var mu sync.Mutex
		var heard [][]byte
		stop, err := b.OnWords(func(_ [32]byte, words []byte) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, bytes.Clone(words))
		})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "an answer", func() bool {
			_ = b.WantWords([][32]byte{{9}, sha256.Sum256(wordsOf(0)), sha256.Sum256(wordsOf(2))}) // the connection may be coming back
			mu.Lock()
			defer mu.Unlock()
			has := func(n int) bool {
				return slices.ContainsFunc(heard, func(x []byte) bool { return bytes.Equal(x, wordsOf(n)) })
			}
			if has(1) {
				t.Fatal("what nobody asked for was sent")
			}
			return has(0) && has(2)
		})
		stop()
		k.taken(b, 0, 1)
		k.taken(b, 2, 3)
	}
}

// forgetful loses the note that words were sent, as a process does that is
// killed between the stream's ack and the note.
type forgetful struct {
	*outbox.Outbox
	forgets atomic.Int64
}

func (f *forgetful) MarkSent(ctx context.Context, digests ...[32]byte) error {
	if f.forgets.Add(-1) >= 0 {
		return errors.New("killed")
	}
	return f.Outbox.MarkSent(ctx, digests...)
}

func TestWordsWhoseNoteIsLostAreSentAgain(t *testing.T) {
	w := newWorld(t)
	b := w.direct()
	k := w.kiosk("s1")
	k.open()
	k.write(0, 5)
	box := &forgetful{Outbox: k.box}
	box.forgets.Store(2)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	k.up = uplink.New(uplink.Options{Outbox: box, Bus: w.direct(), Servers: func() []string { return nil }, Log: w.log})
	done := make(chan error)
	go func() { done <- k.up.Run(ctx) }()
	k.taken(b, 0, 5)
	if box.forgets.Load() >= 0 {
		t.Fatal("nothing was forgotten")
	}
	cancel()
	<-done
}

// Words leave the device only when each listed server says that it holds them.
func TestWordsArePruned(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1", "s2")
	now := fact.Stamp{Wall: time.Now().UnixMilli()}
	var err error
	k.box, err = outbox.Open(t.Context(), k.path, outbox.Options{Key: k.key, Role: fact.RoleServer, Stamp: func() fact.Stamp { return now }})
	if err != nil {
		t.Fatal(err)
	}
	k.write(0, 3)
	head := k.box.Head()
	now.Wall += (91 * 24 * time.Hour).Milliseconds()
	for _, id := range k.servers {
		head.Server = id
		if err := k.box.Marked(t.Context(), head); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := k.box.Prune(t.Context(), k.servers); n == 0 || err != nil {
		t.Fatal(n, err)
	}
	k.start()
	server := w.direct()
	holds := func(id string, lacks ...int) (stop func()) {
		stop, err := server.ServeHeldWords(id, func(digests [][32]byte) (held, gone [][32]byte, err error) {
			return slices.DeleteFunc(digests, func(d [32]byte) bool {
				return slices.ContainsFunc(lacks, func(n int) bool { return d == sha256.Sum256(wordsOf(n)) })
			}), nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return stop
	}
	if _, err := k.up.PruneWords(t.Context()); err == nil {
		t.Fatal("nobody was asked")
	}
	holds("s1", 1)
	eventually(t, "s1 is known to the broker", func() bool {
		_, _, err := k.bus.HeldWords(t.Context(), "s1", nil)
		return err == nil
	})
	if n, err := k.up.PruneWords(t.Context()); n != 0 || !errors.Is(err, bus.ErrNoServer) {
		t.Fatal("one server is down", n, err)
	}
	stop := holds("s2", 2)
	eventually(t, "all but what one server lacks is deleted", func() bool {
		n, err := k.up.PruneWords(t.Context())
		return err == nil && n == 1
	})
	stop()
	for n, want := range []bool{false, true, true} {
		if _, ok, err := k.box.Words(t.Context(), sha256.Sum256(wordsOf(n))); ok != want || err != nil {
			t.Fatal(n, ok, err)
		}
	}
	alone := uplink.New(uplink.Options{Outbox: k.box, Bus: server, Servers: func() []string { return nil }})
	if n, err := alone.PruneWords(t.Context()); n != 0 || err != nil {
		t.Fatal("no server is listed", n, err)
	}
}

// What a server says is to be kept nowhere leaves the device: at a connection,
// before it is sent; when it is told; and when it is asked for. Files are
// outbox.TestErasedWordsAreInNoFile's affair.
func TestWordsAreErasedOnTheDevice(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1")
	k.open()
	k.write(0, 3)
	server := w.direct()
	var gone atomic.Pointer[[][32]byte]
	gone.Store(&[][32]byte{sha256.Sum256(wordsOf(0))})
	stop, err := server.ServeHeldWords("s1", func([][32]byte) (_, _ [][32]byte, err error) { return nil, *gone.Load(), nil })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	heard := make(chan [32]byte, 10)
	stopWords, err := server.OnWords(func(d [32]byte, _ []byte) { heard <- d })
	if err != nil {
		t.Fatal(err)
	}
	defer stopWords()
	eventually(t, "s1 is known to the broker", func() bool {
		_, _, err := server.HeldWords(t.Context(), "s1", nil)
		return err == nil
	})
	k.start()
	here := func(n int) bool {
		_, ok, err := k.box.Words(t.Context(), sha256.Sum256(wordsOf(n)))
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	k.taken(server, 1, 3)
	if here(0) || !here(1) || !here(2) {
		t.Fatal("at the connection:", here(0), here(1), here(2))
	}
	for range 2 {
		if <-heard == sha256.Sum256(wordsOf(0)) {
			t.Fatal("erased words were sent")
		}
	}
	if err := server.TellGone([][32]byte{sha256.Sum256(wordsOf(1))}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what is told is erased", func() bool { return !here(1) })
	gone.Store(&[][32]byte{sha256.Sum256(wordsOf(2))})
	if n, err := k.up.EraseGone(t.Context()); n != 1 || err != nil || here(2) {
		t.Fatal(n, err, here(2))
	}
}
