package follow_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/server/broker"
	"hailong/server/follow"
	"hailong/server/keyring"
	"hailong/server/natsauth/natsauthtest"
	"hailong/server/projection"
)

const when = 1_790_000_000_000 // of every fact

// world is a message server and a province's shared key.
type world struct {
	t    *testing.T
	b    *broker.Broker
	ring *keyring.Ring
	nats *natsauthtest.Realm
	log  *slog.Logger // shown where a test fails
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	var err error
	if w.ring, err = keyring.New(); err != nil {
		t.Fatal(err)
	}
	w.nats = natsauthtest.Of(t, w.ring)
	if w.b, err = broker.Start(w.nats.Broker(broker.Options{Dir: t.TempDir(), Log: w.log})); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.b.Close)
	return w
}

// connect is a server's bus.
func (w *world) connect(addr string) *bus.Bus {
	w.t.Helper()
	return w.join(w.nats.Server(bus.Options{URL: "nats://" + addr, Log: w.log}, natsauthtest.Key(w.t)))
}

// device is the bus of an origin's device.
func (w *world) device(o *chain) *bus.Bus {
	w.t.Helper()
	return w.join(w.nats.Kiosk(bus.Options{URL: "nats://" + w.b.Addr(), Log: w.log}, o.key))
}

func (w *world) join(o bus.Options) *bus.Bus {
	w.t.Helper()
	b, err := bus.Connect(o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(b.Close)
	return b
}

// server is a projection, and what keeps it level once it runs.
type server struct {
	w  *world
	id string
	p  *projection.Projection
	f  *follow.Follower
}

func (w *world) server(id string) *server {
	w.t.Helper()
	s := &server{w: w, id: id}
	var err error
	s.p, err = projection.Open(w.t.Context(), filepath.Join(w.t.TempDir(), "server.db"), projection.Options{
		Server: id, Keys: w.ring, Log: w.log, CacheKiB: 2048, OnChange: func(c projection.Change) {
			if s.f != nil {
				s.f.Changed(c)
			}
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := s.p.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return s
}

// knows gives batches to a server that does not run, as an earlier stream did.
func (s *server) knows(batches ...[]byte) {
	s.w.t.Helper()
	if err := s.p.Apply(s.w.t.Context(), s.p.Open(batches), projection.Position{Stream: 1, Sequence: uint64(len(batches))}, true); err != nil {
		s.w.t.Fatal(err)
	}
}

// run follows the stream at the address until the test's end.
func (s *server) run(addr string, servers ...string) {
	s.w.t.Helper()
	b := s.w.connect(addr)
	s.f = follow.New(follow.Options{
		Server: s.id, Servers: servers, Bus: b, Projection: s.p, Log: s.w.log, Lag: 100 * time.Millisecond, Round: 200 * time.Millisecond,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.f.Run(ctx) }()
	s.w.t.Cleanup(func() { // before its connection is closed
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			s.w.t.Errorf("%s ended: %v", s.id, err)
		}
	})
}

func (s *server) digest() string {
	s.w.t.Helper()
	d, err := projection.Digest(context.Background(), s.p.Reader())
	if err != nil {
		s.w.t.Fatal(err)
	}
	return d
}

func (s *server) count(query string) (n int) {
	s.w.t.Helper()
	if err := s.p.Reader().QueryRow(query).Scan(&n); err != nil {
		s.w.t.Fatal(err)
	}
	return n
}

const walkIns = "SELECT coalesce(sum(s1 + s2 + s3 + s4 + s5), 0) FROM walkin_day"

// chain is one branch of an origin.
type chain struct {
	w      *world
	key    ed25519.PrivateKey
	id     fact.OriginID
	number uint64
	prev   fact.Hash
	open   [][]byte
}

func (w *world) chain(seed byte, role uint8) *chain {
	c := &chain{w: w, key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, 32))}
	c.id = fact.NewOriginID(c.public(), [16]byte{})
	opened := fact.Opened{Role: role, Name: "x"}
	if role == fact.RoleServer {
		opened.Member = w.ring.Member(c.public())
	}
	c.add(fact.KindOpened, &opened)
	return c
}

func (c *chain) public() ed25519.PublicKey { return c.key.Public().(ed25519.PublicKey) }

func (c *chain) add(kind fact.Kind, body any) {
	c.w.t.Helper()
	raw, err := fact.Marshal(body)
	if err != nil {
		c.w.t.Fatal(err)
	}
	f := fact.Fact{Version: fact.Version, Origin: c.id, Number: c.number + 1, Prev: c.prev, Wall: when, Kind: kind, Body: raw}
	data, err := f.Encode()
	if err != nil {
		c.w.t.Fatal(err)
	}
	c.number, c.prev, c.open = f.Number, fact.HashOf(data), append(c.open, data)
}

// rate adds walk-ins' ratings, told apart by the branch.
func (c *chain) rate(branch byte, n int) *chain {
	for range n {
		session := binary.BigEndian.AppendUint64(bytes.Repeat([]byte{branch}, 8), c.number)
		c.add(fact.KindRating, &fact.Rating{Session: session, Nonce: session, Desk: "D1", Score: 5, Channel: 1, Language: "vi"})
	}
	return c
}

// branch goes on from here as a copy of the device would.
func (c *chain) branch() *chain {
	d := *c
	d.open = slices.Clone(c.open)
	return &d
}

// batch is what was added since the last one.
func (c *chain) batch() []byte {
	c.w.t.Helper()
	b, err := fact.EncodeBatch(c.public(), [16]byte{}, c.open, fact.SignHead(c.key, c.id, c.number, c.prev))
	if err != nil {
		c.w.t.Fatal(err)
	}
	c.open = nil
	return b
}

// province is a server's chain that admits the kiosk, and the kiosk's up to its
// first contact.
func (w *world) province() (registry, kiosk *chain) {
	registry, kiosk = w.chain(1, fact.RoleServer), w.chain(2, fact.RoleKiosk)
	registry.add(fact.KindUnit, &fact.Unit{Code: "U1", Name: "Sở Xây dựng", Kind: "so"})
	registry.add(fact.KindDesk, &fact.Desk{Code: "D1", Unit: "U1", Name: "Một cửa", Service: 1})
	registry.add(fact.KindKiosk, &fact.Kiosk{Code: "K01", Desk: "D1", Name: "Máy 1"})
	registry.add(fact.KindAdmission, &fact.Admission{Public: kiosk.public(), Kiosk: "K01"})
	kiosk.add(fact.KindClock, &fact.Clock{Server: when})
	return registry, kiosk
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-limit:
			t.Fatal("never: ", what)
		case <-tick.C:
		}
	}
}
