package words

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/server/broker"
	"hailong/server/keyring"
	"hailong/server/natsauth/natsauthtest"
	"hailong/server/projection"
)

// world is a message server and one kiosk's chain, which every server takes in.
type world struct {
	t    *testing.T
	dir  string
	port int
	b    *broker.Broker
	bus  *bus.Bus // of whoever wrote
	ring *keyring.Ring
	nats *natsauthtest.Realm
	log  *slog.Logger // shown where a test fails

	key     ed25519.PrivateKey
	origin  fact.OriginID
	number  uint64
	prev    fact.Hash
	batches [][]byte
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir() + "/stream", log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	var err error
	if w.ring, err = keyring.New(); err != nil {
		t.Fatal(err)
	}
	w.nats = natsauthtest.Of(t, w.ring)
	w.startBroker()
	t.Cleanup(func() { w.b.Close() })
	w.bus = w.connect()
	w.ensure()
	w.key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	w.origin = fact.NewOriginID(w.public(), [16]byte{})
	w.fact(fact.KindOpened, &fact.Opened{Role: fact.RoleServer, Name: "x", Member: w.ring.Member(w.public())})
	return w
}

func (w *world) public() ed25519.PublicKey { return w.key.Public().(ed25519.PublicKey) }

func (w *world) startBroker() {
	w.t.Helper()
	var err error
	if w.b, err = broker.Start(w.nats.Broker(broker.Options{Dir: w.dir, Port: w.port, Log: w.log})); err != nil {
		w.t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(w.b.Addr())
	w.port, _ = strconv.Atoi(port)
}

func (w *world) connect() *bus.Bus {
	w.t.Helper()
	b, err := bus.Connect(w.nats.Server(bus.Options{URL: "nats://127.0.0.1:" + strconv.Itoa(w.port), Log: w.log}, natsauthtest.Key(w.t)))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(b.Close)
	return b
}

func (w *world) ensure() {
	w.t.Helper()
	w.eventually("the stream", func() bool { return w.bus.EnsureWords(w.t.Context()) == nil })
}

func (w *world) jetstream() jetstream.JetStream {
	w.t.Helper()
	nc, err := nats.Connect("nats://"+w.b.Addr(), w.nats.Option())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		w.t.Fatal(err)
	}
	return js
}

func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	limit := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-limit:
			w.t.Fatal("never: ", what)
		case <-tick.C:
		}
	}
}

// fact adds one to the chain.
func (w *world) fact(kind fact.Kind, body any) {
	w.t.Helper()
	raw, err := fact.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	f := fact.Fact{Version: fact.Version, Origin: w.origin, Number: w.number + 1, Prev: w.prev, Wall: 1_790_000_000_000, Kind: kind, Body: raw}
	data, err := f.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	w.number, w.prev = f.Number, fact.HashOf(data)
	batch, err := fact.EncodeBatch(w.public(), [16]byte{}, [][]byte{data}, fact.SignHead(w.key, w.origin, w.number, w.prev))
	if err != nil {
		w.t.Fatal(err)
	}
	w.batches = append(w.batches, batch)
}

func wordsOf(n int) []byte { return fmt.Appendf(nil, "sealed words %d", n) }

// names adds the text fact of words.
func (w *world) names(words []byte) {
	w.t.Helper()
	sum := sha256.Sum256(words)
	w.fact(fact.KindText, &fact.Text{
		Receipt: bytes.Repeat([]byte{2}, 32), Session: bytes.Repeat([]byte{1}, 16), Purpose: 1, Digest: sum[:], Size: uint32(len(words)), Language: "vi",
	})
}

// sends publishes words.
func (w *world) sends(b *bus.Bus, words []byte) {
	w.t.Helper()
	a, err := b.PublishWords(words)
	if err == nil {
		_, err = a.Wait(w.t.Context())
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// server is a projection and a store, with what keeps them level once it runs.
type server struct {
	w     *world
	id    string
	path  string
	p     *projection.Projection
	s     *Store
	k     atomic.Pointer[Keeper]
	sweep time.Duration
	taken int // batches
	stop  func()
}

func (w *world) server(id string) *server {
	w.t.Helper()
	s := &server{w: w, id: id, path: filepath.Join(w.t.TempDir(), "words.db")}
	var err error
	s.p, err = projection.Open(w.t.Context(), filepath.Join(w.t.TempDir(), "server.db"), projection.Options{
		Server: id, Keys: w.ring, Log: w.log, CacheKiB: 2048, OnChange: func(c projection.Change) {
			if k := s.k.Load(); k != nil {
				k.Changed(c.Texts)
				k.Gone(c.Erased)
			}
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { s.halt(); s.p.Close() })
	return s
}

// run keeps words until the test's end, or until it is halted.
func (s *server) run() *server {
	s.w.t.Helper()
	s.s = openWith(s.w.t, s.path, s.w.ring)
	b := s.w.connect()
	k := New(Options{Server: s.id, Bus: b, Store: s.s, Texts: s.p, Log: s.w.log, Sweep: s.sweep})
	s.k.Store(k)
	s.w.t.Cleanup(s.halt) // before its bus is closed
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	s.stop = func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			s.w.t.Errorf("%s ended: %v", s.id, err)
		}
		b.Close()
		if err := s.s.Close(); err != nil {
			s.w.t.Error(err)
		}
	}
	return s
}

func (s *server) halt() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// takes applies what was added to the chain.
func (s *server) takes() {
	s.w.t.Helper()
	for ; s.taken < len(s.w.batches); s.taken++ {
		o := s.p.Open(s.w.batches[s.taken : s.taken+1])
		if err := s.p.Apply(context.Background(), o, projection.Position{Stream: 1, Sequence: uint64(s.taken + 1)}, true); err != nil {
			s.w.t.Fatal(err)
		}
	}
}

// holds waits until the server has words 0 … n-1, and misses nothing.
func (s *server) holds(n int) {
	s.w.t.Helper()
	for i := range n {
		s.w.eventually(fmt.Sprintf("%s holds words %d", s.id, i), func() bool {
			got, ok, err := s.s.Get(context.Background(), sha256.Sum256(wordsOf(i)))
			return err == nil && ok && bytes.Equal(got, wordsOf(i))
		})
	}
	s.w.eventually(s.id+" misses nothing", func() bool { all, vain := s.k.Load().Missing(); return all+vain == 0 })
}

func (s *server) lacks(words []byte) {
	s.w.t.Helper()
	if _, ok, err := s.s.Get(context.Background(), sha256.Sum256(words)); ok || err != nil {
		s.w.t.Fatalf("%s holds %q: %v", s.id, words, err)
	}
}

// Words and their fact come in either order; what no fact names is not kept.
func TestWordsAreKeptOnceAFactNamesThem(t *testing.T) {
	w := newWorld(t)
	a := w.server("a").run()
	a.takes()
	w.eventually("a listens", func() bool { _, _, err := w.bus.HeldWords(t.Context(), "a", nil); return err == nil })
	w.sends(w.bus, wordsOf(0))
	w.sends(w.bus, []byte("of no fact"))
	a.lacks(wordsOf(0))
	w.names(wordsOf(0))
	w.names(wordsOf(1))
	a.takes()
	w.eventually("words 1 are missing", func() bool { all, _ := a.k.Load().Missing(); return all == 1 })
	w.sends(w.bus, wordsOf(1))
	w.sends(w.bus, []byte("of no fact either"))
	a.holds(2)
	a.lacks([]byte("of no fact"))
	a.lacks([]byte("of no fact either"))
	held, _, err := w.bus.HeldWords(t.Context(), "a", [][32]byte{sha256.Sum256(wordsOf(1)), sha256.Sum256([]byte("of no fact"))})
	if err != nil || len(held) != 1 || held[0] != sha256.Sum256(wordsOf(1)) {
		t.Fatal(held, err)
	}
}

// A server that was down, and one whose store was lost, fill themselves: from
// the stream, and where that was lost too, from another server.
func TestALostStoreFillsItself(t *testing.T) {
	const n = 600 // more than are got at once
	w := newWorld(t)
	a, b := w.server("a").run(), w.server("b")
	for i := range n {
		w.names(wordsOf(i))
		w.sends(w.bus, wordsOf(i))
	}
	a.takes()
	a.holds(n)
	b.takes()
	b.run().holds(n) // was down
	b.halt()
	remove(t, b.path)
	b.run().holds(n) // from the stream
	b.halt()
	remove(t, b.path)
	if err := w.jetstream().DeleteStream(t.Context(), bus.WordsStream); err != nil {
		t.Fatal(err)
	}
	b.run().holds(n) // from the other server
	a.holds(n)
}

func remove(t *testing.T, path string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// The whole broker is lost while a server waits for words: it asks again on the
// next connection, until somebody has them.
func TestWordsAreAskedForUntilSomebodyHasThem(t *testing.T) {
	w := newWorld(t)
	a := w.server("a").run()
	w.names(wordsOf(0))
	w.names(wordsOf(1))
	a.takes()
	w.eventually("a looks in vain", func() bool { all, vain := a.k.Load().Missing(); return all == 2 && vain == 2 })
	w.b.Close()
	if err := os.RemoveAll(w.dir); err != nil {
		t.Fatal(err)
	}
	w.startBroker()
	// Somebody who has one of them comes back, and says nothing until asked.
	var other atomic.Bool
	stop, err := w.bus.OnWantWords(func(digests [][32]byte) {
		for _, d := range digests {
			switch d {
			case sha256.Sum256(wordsOf(1)):
				other.Store(true)
			case sha256.Sum256(wordsOf(0)):
				if _, err := w.bus.PublishWords(wordsOf(0)); err != nil {
					t.Error(err)
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	w.eventually("a has what somebody has, and asks for the other", func() bool {
		all, _ := a.k.Load().Missing()
		return all == 1 && other.Load()
	})
	a.lacks(wordsOf(1))
	w.ensure()
	w.sends(w.bus, wordsOf(1))
	a.holds(2)
}

// Forged words under the digest of true ones are not taken, and do not keep the
// true ones out.
func TestForgedWordsAreNotKept(t *testing.T) {
	w := newWorld(t)
	a, b := w.server("a"), w.server("b")
	w.names(wordsOf(0))
	w.sends(w.bus, wordsOf(0))
	a.takes()
	a.run().holds(1)
	sum := sha256.Sum256(wordsOf(0))
	js := w.jetstream()
	forge := func() {
		if _, err := js.Publish(t.Context(), "hl.words."+hex.EncodeToString(sum[:]), []byte("forged")); err != nil {
			t.Fatal(err)
		}
	}
	forge()
	b.takes()
	b.run()
	w.eventually("b looks in vain, or has them already", func() bool {
		forge() // again and again
		_, ok, err := b.s.Get(t.Context(), sum)
		return ok && err == nil
	})
	b.holds(1)
	for _, s := range []*server{a, b} {
		s.lacks([]byte("forged"))
	}
}
