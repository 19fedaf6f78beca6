package projection

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	mrand "math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"hailong/internal/fact"
	"hailong/internal/receipt"
	"hailong/server/keyring"
)

// A world is a random set of facts of several origins, as batches that their
// origins signed: honest chains, forks, copies that gave up, kiosks that nobody
// admitted, bodies that nobody understands.
type world struct {
	t       *rapid.T
	rng     *mrand.Rand
	ring    *keyring.Ring
	now     int64
	batches [][]byte
	facts   []stored // every fact of every branch
	kiosks  []*chain
	servers []*chain
	hashes  [][]byte // receipts that exist
	ballots [][]byte
	codes   []string
	unbound [][]byte // receipts that nobody registered
	said    []sitting
	void    []fact.Void
	digests [][]byte // of words
}

// sitting is one that something was said in.
type sitting struct {
	c *chain
	r fact.Rating
}

type stored struct {
	public []byte
	f      fact.Fact
	hash   fact.Hash
}

// chain is one branch of one origin under construction.
type chain struct {
	key    ed25519.PrivateKey
	salt   [16]byte
	id     fact.OriginID
	role   uint8
	number uint64
	prev   fact.Hash
	boot   [16]byte
	mono   int64
	skew   int64 // of the wall clock
	open   [][]byte
	made   []fact.Fact
}

// seeded gives bytes that are random but not worth shrinking.
func (w *world) seeded(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(w.rng.Uint32())
	}
	return b
}

func (w *world) seededText() []byte { return []byte{'a' + byte(w.rng.Uint32()%26)} }

func (w *world) chain(role uint8, key ed25519.PrivateKey, opened fact.Opened) *chain {
	if key == nil {
		key = ed25519.NewKeyFromSeed(w.seeded(32))
	}
	c := &chain{key: key, role: role, salt: [16]byte(w.seeded(16))}
	public := key.Public().(ed25519.PublicKey)
	c.id = fact.NewOriginID(public, c.salt)
	c.reboot(w)
	opened.Role = role
	if role == fact.RoleServer {
		opened.Member = w.ring.Member(public)
	}
	w.add(c, fact.KindOpened, &opened)
	return c
}

func (c *chain) reboot(w *world) {
	c.boot, c.mono = [16]byte(w.seeded(16)), 1000
	c.skew = rapid.SampledFrom([]int64{0, 0, -1_700_000_000_000, 31_536_000_000}).Draw(w.t, "skew")
}

func (w *world) add(c *chain, kind fact.Kind, body any) {
	raw, err := fact.Marshal(body)
	if err != nil {
		panic(err)
	}
	w.now += rapid.Int64Range(0, 40_000_000).Draw(w.t, "pause")
	c.mono += rapid.OneOf(rapid.Int64Range(0, 2*fact.WithdrawTime), rapid.Int64Range(0, 5_000_000)).Draw(w.t, "mono")
	f := fact.Fact{Version: fact.Version, Origin: c.id, Number: c.number + 1, Prev: c.prev, Kind: kind, Body: raw}
	wall := w.now
	if c.role == fact.RoleKiosk {
		wall += c.skew
	}
	f.SetStamp(fact.Stamp{Wall: wall, Boot: c.boot, Mono: c.mono})
	bytes, err := f.Encode()
	if err != nil {
		panic(err)
	}
	c.number, c.prev = f.Number, fact.HashOf(bytes)
	c.open = append(c.open, bytes)
	c.made = append(c.made, f)
	w.facts = append(w.facts, stored{public: c.key.Public().(ed25519.PublicKey), f: f, hash: c.prev})
	if rapid.IntRange(0, 2).Draw(w.t, "close batch") == 0 {
		w.send(c)
	}
}

// send signs what the chain has not sent yet.
func (w *world) send(c *chain) {
	if len(c.open) == 0 {
		return
	}
	b, err := fact.EncodeBatch(c.key.Public().(ed25519.PublicKey), c.salt, c.open, fact.SignHead(c.key, c.id, c.number, c.prev))
	if err != nil {
		panic(err)
	}
	c.open = nil
	w.batches = append(w.batches, b)
}

// branch copies a chain as a disk image is copied: from its present head on
// two devices go on with the same numbers.
func (w *world) branch(c *chain) *chain {
	w.send(c)
	d := *c
	d.open, d.made = nil, append([]fact.Fact(nil), c.made...)
	return &d
}

var units = []string{"SKH", "SXD", "P01", "X01"}
var desks = []string{"Q1", "Q2", "Q3"}

func pick[T any](w *world, from []T) T { return from[rapid.IntRange(0, len(from)-1).Draw(w.t, "pick")] }

func (w *world) rate(c *chain) {
	r := fact.Rating{
		Session: w.seeded(16), Nonce: w.seeded(16),
		Score:   uint8(rapid.IntRange(1, 5).Draw(w.t, "score")),
		Channel: uint8(rapid.IntRange(1, 2).Draw(w.t, "channel")), Language: "vi",
	}
	switch rapid.IntRange(0, 9).Draw(w.t, "binding") {
	case 0:
		r.Session = make([]byte, 16) // the same sitting now and then
		r.Session[0] = byte(rapid.IntRange(0, 3).Draw(w.t, "sitting"))
		r.Desk = pick(w, append([]string{""}, desks...))
	case 1, 2:
		public := w.ring.Public()
		sealed, err := receipt.SealCode(&public, pick(w, w.codes), rand.Reader)
		if err != nil {
			panic(err)
		}
		r.Sealed = sealed
	case 3:
		r.Receipt = pick(w, w.unbound)
	default:
		if len(w.hashes) == 0 {
			return
		}
		r.Receipt = pick(w, w.hashes)
	}
	if rapid.IntRange(0, 3).Draw(w.t, "says more") == 0 {
		r.Questionnaire, r.Answers = 1, []fact.Answer{{Question: "staff", Score: 3}}
	}
	if rapid.IntRange(0, 29).Draw(w.t, "bad") == 0 {
		r.Score = 9
	}
	w.add(c, fact.KindRating, &r)
	w.said = append(w.said, sitting{c, r})
	for rapid.IntRange(0, 1).Draw(w.t, "go on") == 0 {
		w.goOn(c, &r)
	}
}

// sayMore goes on in some sitting: mostly on its own device.
func (w *world) sayMore(c *chain) {
	if len(w.said) == 0 {
		return
	}
	s := pick(w, w.said)
	if rapid.IntRange(0, 4).Draw(w.t, "own") > 0 {
		c = s.c
	}
	w.goOn(c, &s.r)
}

// goOn writes words, takes back, or rates again.
func (w *world) goOn(c *chain, r *fact.Rating) {
	switch rapid.IntRange(0, 5).Draw(w.t, "more") {
	case 0, 1:
		w.add(c, fact.KindWithdrawal, &fact.Withdrawal{Receipt: r.Receipt, Sealed: r.Sealed, Session: r.Session})
	case 2:
		again := *r
		again.Nonce, again.Score = w.seeded(16), uint8(rapid.IntRange(1, 5).Draw(w.t, "again"))
		w.add(c, fact.KindRating, &again)
	default:
		t := fact.Text{Receipt: r.Receipt, Sealed: r.Sealed, Session: r.Session, Language: "vi",
			Purpose: uint8(1 + rapid.IntRange(0, 2).Draw(w.t, "purpose")/2)} // comments mostly: few of them hold
		if rapid.IntRange(0, 3).Draw(w.t, "words") > 0 {
			t.Digest, t.Size = w.words(), 100
		}
		if rapid.IntRange(0, 19).Draw(w.t, "bad text") == 0 {
			t.Purpose = 9
		}
		w.add(c, fact.KindText, &t)
	}
}

func (w *world) serve(c *chain) {
	switch rapid.IntRange(0, 17).Draw(w.t, "serve") {
	case 0, 1, 2:
		code := pick(w, w.codes)
		ballot := w.ring.Ballot(code)
		hash := sha256.Sum256(w.seeded(8))
		w.add(c, fact.KindDossier, &fact.Dossier{
			Ballot: ballot[:], Desk: pick(w, desks), Unit: pick(w, units), Service: uint8(rapid.IntRange(1, 2).Draw(w.t, "service")), Received: w.now,
			Due: pick(w, []int64{0, w.now - 500, w.now + 1000, w.now + 86_400_000}),
		})
		w.add(c, fact.KindReceipt, &fact.Receipt{Hash: hash[:], Ballot: ballot[:]})
		w.hashes, w.ballots = append(w.hashes, hash[:]), append(w.ballots, ballot[:])
	case 3:
		hash := sha256.Sum256(w.seeded(8))
		if rapid.Bool().Draw(w.t, "rated before") {
			copy(hash[:], pick(w, w.unbound))
		}
		w.add(c, fact.KindSlip, &fact.Slip{Hash: hash[:], Desk: pick(w, desks), Unit: pick(w, units), Service: 2, Issued: w.now})
		w.hashes, w.ballots = append(w.hashes, hash[:]), append(w.ballots, hash[:])
	case 4: // a reprint, or a receipt that two dossiers claim
		if len(w.ballots) > 0 {
			hash := pick(w, append(w.hashes, w.unbound...))
			w.add(c, fact.KindReceipt, &fact.Receipt{Hash: hash, Ballot: pick(w, w.ballots)})
		}
	case 5, 6:
		if len(w.ballots) > 0 {
			w.add(c, fact.KindEvent, &fact.Event{Ballot: pick(w, w.ballots), Step: uint8(rapid.IntRange(2, 4).Draw(w.t, "step")), At: w.now - 1000})
		}
	case 7:
		w.add(c, fact.KindUnit, &fact.Unit{Code: pick(w, units), Name: pick(w, []string{"A", "B"}), Kind: "k"})
	case 8:
		w.add(c, fact.KindTarget, &fact.Target{Kind: "k", Service: 1, Operator: 1, Hundredths: int32(rapid.IntRange(9000, 9003).Draw(w.t, "target"))})
	case 9:
		w.add(c, fact.Kind(99), &fact.Setting{Key: "later", Value: "version"})
	case 10:
		w.rate(c)
	case 12:
		w.add(c, fact.KindQuestionnaire, &fact.Questionnaire{
			Version: uint16(rapid.IntRange(0, 2).Draw(w.t, "version")), From: int32(rapid.IntRange(0, 2).Draw(w.t, "from")), Document: w.seededText()})
	case 13:
		w.sayMore(c)
	case 15, 16, 17:
		w.watch(c)
	case 14:
		from := int32(20_000 + rapid.IntRange(0, 2).Draw(w.t, "month"))
		w.add(c, fact.KindClosing, &fact.Closing{From: from, To: from + int32(rapid.IntRange(0, 1).Draw(w.t, "days")),
			Holds: []fact.Hold{{Origin: c.id, Number: c.number, Hash: c.prev}}, By: "s1"})
	case 11:
		k := pick(w, w.kiosks)
		public := []byte(k.key.Public().(ed25519.PublicKey))
		if rapid.IntRange(0, 3).Draw(w.t, "revoke") == 0 {
			f := pick(w, k.made)
			raw, _ := f.Encode()
			w.add(c, fact.KindRevocation, &fact.Revocation{Public: public, Holds: []fact.Hold{{Origin: k.id, Number: f.Number, Hash: fact.HashOf(raw)}}})
		} else {
			w.add(c, fact.KindAdmission, &fact.Admission{Public: public, Kiosk: "K"})
		}
	}
}

func (w *world) kioskStep(c *chain) {
	switch rapid.IntRange(0, 10).Draw(w.t, "kiosk") {
	case 10: // what only servers may say
		if rapid.IntRange(0, 4).Draw(w.t, "pretends") == 0 {
			w.watch(c)
		}
	case 0:
		c.reboot(w)
	case 1, 2:
		w.add(c, fact.KindClock, &fact.Clock{Boot: c.boot, Mono: c.mono, Server: w.now})
	case 3, 4:
		w.sayMore(c)
	default:
		w.rate(c)
	}
}

// generate makes a world.
func generate(t *rapid.T, ring *keyring.Ring) *world {
	w := &world{t: t, ring: ring, rng: mrand.New(mrand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), now: 1_790_000_000_000}
	for i := range 6 {
		w.codes = append(w.codes, "000.00.0"+string(rune('1'+i))+".H41-261123-0001")
		u := make([]byte, 32)
		binary.BigEndian.PutUint64(u, uint64(i+1))
		w.unbound = append(w.unbound, u)
	}
	for range rapid.IntRange(1, 2).Draw(t, "servers") {
		w.servers = append(w.servers, w.chain(fact.RoleServer, nil, fact.Opened{Name: "s"}))
	}
	for range rapid.IntRange(1, 3).Draw(t, "kiosks") {
		c := w.chain(fact.RoleKiosk, nil, fact.Opened{Name: "k"})
		w.kiosks = append(w.kiosks, c)
		if rapid.IntRange(0, 4).Draw(t, "admit") > 0 {
			w.add(pick(w, w.servers), fact.KindAdmission, &fact.Admission{Public: c.key.Public().(ed25519.PublicKey), Kiosk: "K"})
		}
	}
	for range rapid.IntRange(5, 60).Draw(t, "steps") {
		switch rapid.IntRange(0, 19).Draw(t, "step") {
		case 0: // a copied disk, of a kiosk or of a server
			if rapid.IntRange(0, 3).Draw(t, "which") == 0 {
				w.servers = append(w.servers, w.branch(pick(w, w.servers)))
			} else {
				w.kiosks = append(w.kiosks, w.branch(pick(w, w.kiosks)))
			}
		case 1: // a device that gives its branch up and goes on as a new origin
			c := pick(w, w.kiosks)
			if f := pick(w, c.made); f.Number > 1 {
				raw, _ := f.Encode()
				h := fact.HashOf(raw)
				w.kiosks = append(w.kiosks, w.chain(fact.RoleKiosk, c.key, fact.Opened{Previous: c.id[:], Agreed: f.Number - 1, Withdrawn: f.Number, WithdrawnHash: h[:]}))
			}
		case 2: // an administrator's choice
			f := pick(w, pick(w, w.kiosks).made)
			raw, _ := f.Encode()
			w.add(pick(w, w.servers), fact.KindDecision, &fact.Decision{Origin: f.Origin, Number: f.Number, Hash: fact.HashOf(raw)})
		case 3, 4, 5, 6, 7, 8:
			w.serve(pick(w, w.servers))
		case 9:
			w.watch(pick(w, w.servers))
		default:
			w.kioskStep(pick(w, w.kiosks))
		}
	}
	for _, c := range append(append([]*chain(nil), w.kiosks...), w.servers...) {
		w.send(c)
	}
	return w
}

func newRing(t testing.TB) *keyring.Ring {
	r, err := keyring.New()
	if err != nil {
		t.Fatal(err)
	}
	return r
}
