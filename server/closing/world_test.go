package closing

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/keyring"
	"hailong/server/projection"
)

// A world is a random organisation and what happens in it: dossiers at desks of
// units, people who rate at kiosks with and without a clock, or by phone, who
// change their minds, take back, and get another receipt; a kiosk without a link,
// and one whose disk was copied.
type world struct {
	t       testing.TB
	r       *rand.Rand
	ring    *keyring.Ring
	server  *chain
	kiosks  []*chain
	units   int
	desks   int
	given   []given
	batches [][]byte // in the order in which they arrive
}

// given is a receipt that somebody has.
type given struct {
	hash, ballot []byte
	day          survey.Day
	session      []byte
	rated        bool
}

// chain is an origin, or one branch of it.
type chain struct {
	key    ed25519.PrivateKey
	salt   [16]byte
	id     fact.OriginID
	role   uint8
	number uint64
	prev   fact.Hash
	boot   [16]byte
	booted int64 // Unix ms by a right clock
	open   [][]byte
	away   int // days without a link
}

// begin is the first day of a world.
var begin = survey.NewDay(2026, time.August, 20)

func newWorld(t testing.TB, seed uint64, ring *keyring.Ring, units, desks, kiosks int) *world {
	w := &world{t: t, r: rand.New(rand.NewPCG(seed, 3)), ring: ring, units: units, desks: desks}
	w.server = w.chain(fact.RoleServer)
	at := begin.StartMilli()
	w.add(w.server, at, fact.KindUnitKind, &fact.UnitKind{Code: "so", Name: "Sở"})
	w.add(w.server, at, fact.KindTarget, &fact.Target{Kind: "so", Service: 1, Operator: 1, Hundredths: 9500})
	for i := range units {
		w.add(w.server, at, fact.KindUnit, &fact.Unit{Code: unitName(i), Name: unitName(i), Kind: "so"})
	}
	for i := range desks {
		w.add(w.server, at, fact.KindDesk, &fact.Desk{Code: deskName(i), Unit: unitName(i % units), Name: deskName(i), Service: 1})
	}
	for range kiosks {
		k := w.chain(fact.RoleKiosk)
		w.kiosks = append(w.kiosks, k)
		w.add(w.server, at, fact.KindAdmission, &fact.Admission{Public: k.key.Public().(ed25519.PublicKey), Kiosk: "K"})
	}
	w.send(w.server)
	return w
}

func unitName(i int) string { return string(rune('A' + i)) }
func deskName(i int) string { return fmt.Sprint("D", i+1) }

func (w *world) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(w.r.Uint32())
	}
	return b
}

func (w *world) chain(role uint8) *chain {
	c := &chain{key: ed25519.NewKeyFromSeed(w.bytes(32)), role: role, salt: [16]byte(w.bytes(16))}
	public := c.key.Public().(ed25519.PublicKey)
	c.id = fact.NewOriginID(public, c.salt)
	c.boot, c.booted = [16]byte(w.bytes(16)), begin.StartMilli()
	opened := &fact.Opened{Role: role}
	if role == fact.RoleServer {
		opened.Member = w.ring.Member(public)
	}
	w.add(c, begin.StartMilli(), fact.KindOpened, opened)
	return c
}

func (w *world) add(c *chain, at int64, kind fact.Kind, body any) {
	raw, err := fact.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	f := fact.Fact{Version: fact.Version, Origin: c.id, Number: c.number + 1, Prev: c.prev, Kind: kind, Body: raw}
	wall := at
	if c.role == fact.RoleKiosk {
		wall = 1000 // no battery
	}
	f.SetStamp(fact.Stamp{Wall: wall, Boot: c.boot, Mono: max(0, at-c.booted)})
	b, err := f.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	c.number, c.prev, c.open = f.Number, fact.HashOf(b), append(c.open, b)
}

func (w *world) send(c *chain) {
	if len(c.open) == 0 {
		return
	}
	b, err := fact.EncodeBatch(c.key.Public().(ed25519.PublicKey), c.salt, c.open, fact.SignHead(c.key, c.id, c.number, c.prev))
	if err != nil {
		w.t.Fatal(err)
	}
	c.open, w.batches = nil, append(w.batches, b)
}

// live lets one day pass with so many people, and gives what arrived on it.
func (w *world) live(d survey.Day, people int) {
	now := func() int64 { return d.StartMilli() + (7*60+w.r.Int64N(10*60))*60_000 }
	for range people {
		unit := w.r.IntN(w.units)
		g := given{hash: hashOf(w.bytes(8)), ballot: hashOf(w.bytes(8)), day: d, session: w.bytes(16)}
		at := now()
		w.add(w.server, at, fact.KindDossier, &fact.Dossier{Ballot: g.ballot, Desk: deskName(w.r.IntN(w.desks)), Unit: unitName(unit), Service: 1,
			Field: []string{"Đất đai", "Hộ tịch", "Xây dựng", "Đất đai", "Đất đai"}[w.r.IntN(5)], Procedure: fmt.Sprint("Thủ tục ", w.r.IntN(3)),
			Officer: []string{"", "cb1", "cb2", "cb2", "cb3"}[w.r.IntN(5)], Received: at, Due: at + 86_400_000})
		w.add(w.server, at, fact.KindReceipt, &fact.Receipt{Hash: g.hash, Ballot: g.ballot})
		if w.r.IntN(3) == 0 {
			w.add(w.server, at+1000, fact.KindEvent, &fact.Event{Ballot: g.ballot, Step: uint8(2 + w.r.IntN(3)), At: at + 1000})
		}
		w.given = append(w.given, g)
		w.rate(&w.given[len(w.given)-1], at+2000)
		w.send(w.server)
	}
	for range people/8 + w.r.IntN(2) { // somebody thinks again, at home or at a kiosk
		if g := &w.given[w.r.IntN(len(w.given))]; g.rated && d-g.day < 30 {
			switch w.r.IntN(5) {
			case 0:
				g.hash = hashOf(w.bytes(8)) // a reprint
				w.add(w.server, now(), fact.KindReceipt, &fact.Receipt{Hash: g.hash, Ballot: g.ballot})
			case 1:
				g.session = w.bytes(16)
			}
			w.rate(g, now())
			w.send(w.server)
		}
	}
	for _, k := range w.kiosks {
		switch {
		case k.away > 0:
			k.away--
			continue
		case w.r.IntN(12) == 0:
			k.away = 1 + w.r.IntN(9)
		case w.r.IntN(15) == 0: // switched off and on again, and nobody tells it the time yet
			k.boot, k.booted = [16]byte(w.bytes(16)), d.StartMilli()+13*3_600_000
		default:
			w.add(k, now(), fact.KindClock, &fact.Clock{Boot: k.boot, Mono: d.StartMilli() + 18*3_600_000 - k.booted, Server: d.StartMilli() + 18*3_600_000})
			w.send(k)
		}
	}
	if w.r.IntN(20) == 0 { // ratings are declared void, or count again
		c := append([]*chain{w.server}, w.kiosks...)[w.r.IntN(1+len(w.kiosks))]
		v := &fact.Void{Origin: c.id, First: 1 + c.number/20*10, Last: c.number, Reason: "thử", Lift: w.r.IntN(5) == 0}
		w.add(w.server, now(), fact.KindVoid, v)
		w.send(w.server)
	}
	if w.r.IntN(40) == 0 && len(w.kiosks) > 0 { // a disk was copied
		k := w.kiosks[w.r.IntN(len(w.kiosks))]
		w.send(k)
		twin := *k
		twin.open = nil
		w.kiosks = append(w.kiosks, &twin)
	}
}

func hashOf(b []byte) []byte { h := sha256.Sum256(b); return h[:] }

// rate says something of a receipt: by phone, or at a kiosk.
func (w *world) rate(g *given, at int64) {
	g.rated = true
	r := &fact.Rating{Receipt: g.hash, Session: g.session, Nonce: w.bytes(16), Score: uint8([]int{5, 5, 5, 4, 4, 3, 2, 1}[w.r.IntN(8)]), Channel: 2, Language: "vi"}
	if w.r.IntN(3) == 0 {
		r.Questionnaire, r.Answers = 1, []fact.Answer{{Question: "staff", Score: uint8(1 + w.r.IntN(5))}}
		r.Reasons = []string{[]string{"+fast", "-slow", "-far"}[w.r.IntN(3)]}
	}
	c := w.server
	if len(w.kiosks) > 0 && w.r.IntN(3) > 0 {
		c, r.Channel = w.kiosks[w.r.IntN(len(w.kiosks))], 1
	}
	w.add(c, at, fact.KindRating, r)
	if w.r.IntN(25) == 0 {
		w.add(c, at+4000, fact.KindWithdrawal, &fact.Withdrawal{Receipt: g.hash, Session: g.session})
	}
	if c.role == fact.RoleServer || c.away == 0 && w.r.IntN(3) > 0 {
		w.send(c)
	}
}

var quiet = slog.New(slog.DiscardHandler)

func options(ring *keyring.Ring) projection.Options {
	return projection.Options{Server: "s1", Keys: ring, CacheKiB: 2048, Log: quiet}
}

// opened is a projection that a world arrives at.
type opened struct {
	*projection.Projection
	t   testing.TB
	seq uint64
}

func openProjection(t testing.TB, ring *keyring.Ring) *opened {
	p, err := projection.Open(context.Background(), filepath.Join(t.TempDir(), "server.db"), options(ring))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return &opened{Projection: p, t: t}
}

// arrive applies what has arrived of a world.
func (p *opened) arrive(w *world) {
	p.t.Helper()
	p.seq++
	if err := p.Apply(context.Background(), p.Open(w.batches), projection.Position{Stream: 1, Sequence: p.seq}, true); err != nil {
		p.t.Fatal(err)
	}
	w.batches = nil
}

func newRing(t testing.TB) *keyring.Ring {
	r, err := keyring.New()
	if err != nil {
		t.Fatal(err)
	}
	return r
}
