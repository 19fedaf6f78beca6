package prooflog

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/server/keyring"
	"hailong/server/projection"
)

// chain is an origin that records, or a branch of one.
type chain struct {
	t      testing.TB
	key    ed25519.PrivateKey
	salt   [16]byte
	id     fact.OriginID
	number uint64
	prev   fact.Hash
	open   [][]byte
}

func newChain(t testing.TB, role uint8, ring *keyring.Ring) *chain {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &chain{t: t, key: key}
	rand.Read(c.salt[:])
	c.id = fact.NewOriginID(c.public(), c.salt)
	opened := &fact.Opened{Role: role}
	if role == fact.RoleServer {
		opened.Member = ring.Member(c.public())
	}
	c.add(fact.KindOpened, opened)
	return c
}

func (c *chain) public() ed25519.PublicKey { return c.key.Public().(ed25519.PublicKey) }

func (c *chain) add(kind fact.Kind, body any) {
	raw, err := fact.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	f := fact.Fact{Version: fact.Version, Origin: c.id, Number: c.number + 1, Prev: c.prev, Kind: kind, Body: raw}
	f.SetStamp(fact.Stamp{Wall: time.Now().UnixMilli(), Boot: c.salt, Mono: int64(c.number)})
	b, err := f.Encode()
	if err != nil {
		c.t.Fatal(err)
	}
	c.number, c.prev, c.open = f.Number, fact.HashOf(b), append(c.open, b)
}

// rate adds ratings of walk-ins.
func (c *chain) rate(n int) {
	for range n {
		r := &fact.Rating{Session: make([]byte, 16), Nonce: make([]byte, 16), Desk: "D1", Score: 5, Channel: 1, Language: "vi"}
		rand.Read(r.Session)
		rand.Read(r.Nonce)
		c.add(fact.KindRating, r)
	}
}

// batch signs what was added since.
func (c *chain) batch() []byte {
	b, err := fact.EncodeBatch(c.public(), c.salt, c.open, fact.SignHead(c.key, c.id, c.number, c.prev))
	if err != nil {
		c.t.Fatal(err)
	}
	c.open = nil
	return b
}

// site is a server: its projection, its log, and what it records itself.
type site struct {
	t      testing.TB
	dir    string
	ring   *keyring.Ring
	own    *chain
	proj   *projection.Projection
	log    *Log
	seq    uint64
	sent   [][]byte // all that arrived
	closed bool
}

func newSite(t testing.TB) *site {
	ring, err := keyring.New()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, dir: t.TempDir(), ring: ring, own: newChain(t, fact.RoleServer, ring)}
	s.openProjection("server.db")
	s.arrive(s.own.batch())
	s.openLog("log.db")
	t.Cleanup(s.close)
	return s
}

func (s *site) close() {
	if s.closed {
		return
	}
	s.closed = true
	if err := s.log.Close(); err != nil {
		s.t.Error(err)
	}
	if err := s.proj.Close(); err != nil {
		s.t.Error(err)
	}
}

func (s *site) openProjection(name string) {
	s.t.Helper()
	p, err := projection.Open(context.Background(), filepath.Join(s.dir, name), projection.Options{Server: "s1", Keys: s.ring, CacheKiB: 2048, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.t.Fatal(err)
	}
	s.proj, s.closed = p, false
}

func (s *site) openLog(name string) {
	s.t.Helper()
	l, err := Open(context.Background(), filepath.Join(s.dir, name), Options{Server: "s1", Key: s.own.key, Projection: s.proj, Append: s.Append, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.t.Fatal(err)
	}
	s.log = l
}

// arrive applies batches in one transaction.
func (s *site) arrive(batches ...[]byte) {
	s.t.Helper()
	s.seq++
	if err := s.proj.Apply(context.Background(), s.proj.Open(batches), projection.Position{Stream: 1, Sequence: s.seq}, true); err != nil {
		s.t.Fatal(err)
	}
	s.sent = append(s.sent, batches...)
}

// Append records facts of the server itself, which arrive at once.
func (s *site) Append(_ context.Context, entries ...fact.Entry) (refs []fact.Ref, err error) {
	for _, e := range entries {
		s.own.add(e.Kind, e.Body)
		refs = append(refs, fact.Ref{Origin: s.own.id, Number: s.own.number})
	}
	s.arrive(s.own.batch())
	return refs, nil
}

// round is one of Run's, with a checkpoint.
func (s *site) round() {
	s.t.Helper()
	s.log.last = time.Time{}
	if err := s.log.round(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

// latest gives the last checkpoint, which must be there.
func (s *site) latest() Checkpoint {
	s.t.Helper()
	c, ok, err := s.log.Latest(context.Background())
	if err != nil || !ok {
		s.t.Fatal(ok, err)
	}
	return c
}

// kiosk makes an admitted one with so many ratings.
func (s *site) kiosk(ratings int) *chain {
	s.t.Helper()
	k := newChain(s.t, fact.RoleKiosk, s.ring)
	s.own.add(fact.KindAdmission, &fact.Admission{Public: k.public(), Kiosk: "K1"})
	k.rate(ratings)
	s.arrive(s.own.batch(), k.batch())
	return k
}
