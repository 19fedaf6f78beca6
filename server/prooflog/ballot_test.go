package prooflog

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/receipt"
	"hailong/server/keyring"
)

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// say adds a rating and gives its proof code.
func (c *chain) say(r fact.Rating) receipt.Proof {
	r.Session, r.Nonce, r.Channel, r.Language = random(16), random(16), 1, "vi"
	c.add(fact.KindRating, &r)
	return receipt.NewProof(c.id, c.number, r.Nonce)
}

// clock dates what a kiosk recorded.
func (c *chain) clock() {
	c.add(fact.KindClock, &fact.Clock{Boot: c.salt, Mono: int64(c.number), Server: time.Now().UnixMilli()})
}

// dossier registers one with a receipt, and gives the receipt's hash.
func (s *site) dossier(ballot []byte) (hash []byte) {
	hash = random(32)
	s.own.add(fact.KindDossier, &fact.Dossier{Ballot: ballot, Desk: "D1", Unit: "U1", Service: 1, Received: time.Now().Add(-time.Hour).UnixMilli()})
	s.own.add(fact.KindReceipt, &fact.Receipt{Hash: hash, Ballot: ballot})
	return hash
}

func (s *site) find(code receipt.Proof) Found {
	s.t.Helper()
	f, err := Find(context.Background(), s.proj.Reader(), s.ring, code)
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

// Whatever becomes of a ballot, its proof code says so and no more.
func TestStanding(t *testing.T) {
	s := newSite(t)
	k := s.kiosk(0)
	hash := s.dossier(random(32))
	code, err := receipt.NormaliseCode("000.17.22.H41-210531-0001")
	if err != nil {
		t.Fatal(err)
	}
	key := s.ring.Ballot(code)
	s.dossier(key[:])
	public := s.ring.Public()
	sealed, err := receipt.SealCode(&public, code, nil)
	if err != nil {
		t.Fatal(err)
	}
	late := random(32)
	s.own.add(fact.KindDossier, &fact.Dossier{Ballot: late, Unit: "U1", Service: 1, Received: time.Now().AddDate(0, -3, 0).UnixMilli()})
	lateHash := random(32)
	s.own.add(fact.KindReceipt, &fact.Receipt{Hash: lateHash, Ballot: late})
	slip := random(32)
	s.own.add(fact.KindSlip, &fact.Slip{Hash: slip, Unit: "U1", Desk: "D1", Service: 2, Issued: time.Now().Add(-time.Minute).UnixMilli()})
	stranger := newChain(t, fact.RoleKiosk, s.ring)

	byReceipt := k.say(fact.Rating{Receipt: hash, Score: 1})
	byCode := k.say(fact.Rating{Sealed: sealed, Score: 4})
	walkIn := k.say(fact.Rating{Desk: "D1", Score: 3})
	unknown := k.say(fact.Rating{Receipt: random(32), Score: 3})
	tooLate := k.say(fact.Rating{Receipt: lateHash, Score: 5})
	bySlip := k.say(fact.Rating{Receipt: slip, Score: 2})
	forged := k.say(fact.Rating{Sealed: random(60), Score: 5})
	k.clock()
	unadmitted := stranger.say(fact.Rating{Desk: "D1", Score: 5})
	unsent := newChain(t, fact.RoleKiosk, s.ring).say(fact.Rating{Desk: "D1", Score: 5})
	s.arrive(s.own.batch(), k.batch(), stranger.batch())

	check := func(when string, want map[receipt.Proof]Standing) {
		t.Helper()
		for code, standing := range want {
			if got := s.find(code); got.Standing != standing {
				t.Errorf("%s: number %d is %v, want %v", when, code.Number, got.Standing, standing)
			}
		}
	}
	want := map[receipt.Proof]Standing{byReceipt: Counted, byCode: Counted, bySlip: Counted, walkIn: Beside, unknown: Waiting, tooLate: Waiting,
		forged: Waiting, unadmitted: Waiting, unsent: Unseen, {}: Unseen, {Number: 1 << 35}: Unseen}
	other := byReceipt
	other.Number++
	want[other] = Unseen // its nonce is not that one's
	check("at first", want)
	before := s.find(byReceipt)

	// Another answer counts now, given at home; the code says the same.
	again := s.own.say(fact.Rating{Receipt: hash, Score: 5})
	s.arrive(s.own.batch())
	if after := s.find(byReceipt); after != before {
		t.Errorf("who looks sees that the answer was changed: %+v, %+v before", after, before)
	}
	check("changed", map[receipt.Proof]Standing{again: Counted})

	// A void is told with its reason; the ballot that counts otherwise still does.
	s.own.add(fact.KindVoid, &fact.Void{Origin: k.id, First: 1, Last: k.number, Reason: "máy thử nghiệm"})
	s.arrive(s.own.batch())
	check("void", map[receipt.Proof]Standing{byReceipt: Counted, walkIn: Void, bySlip: Void, again: Counted})
	if got := s.find(bySlip); got.Reason != "máy thử nghiệm" {
		t.Errorf("%+v", got)
	}

	// What is found is in the log.
	s.round()
	for code := range want {
		f := s.find(code)
		if f.Standing == Unseen {
			continue
		}
		if _, ok, err := s.log.Include(context.Background(), f.Origin, f.Number, f.Hash); !ok || err != nil {
			t.Errorf("number %d: %v %v", code.Number, ok, err)
		}
	}
}

// A rating that its device recorded again under another origin, and that one
// again, is found there by the code of the first.
func TestFoundWhereItWasRecordedAgain(t *testing.T) {
	s := newSite(t)
	k := s.kiosk(3) // numbers 1–4 arrive
	agreed := k.number
	k.rate(2)
	lost := k.say(fact.Rating{Desk: "D1", Score: 2})
	facts := k.open // never sent

	follow := func(old *chain, agreed uint64, facts [][]byte, clocks int) (*chain, [][]byte) {
		next := &chain{t: t, key: old.key}
		rand.Read(next.salt[:])
		next.id = fact.NewOriginID(next.public(), next.salt)
		next.add(fact.KindOpened, &fact.Opened{Role: fact.RoleKiosk, Previous: old.id[:], Agreed: agreed, Reason: "restored"})
		for range clocks {
			next.clock()
		}
		for _, raw := range facts {
			f, err := fact.Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			var r fact.Rating
			if err := fact.Unmarshal(f.Body, &r); err != nil {
				t.Fatal(err)
			}
			next.add(f.Kind, &r)
		}
		return next, next.open
	}
	second, again := follow(k, agreed, facts, 5)
	// Of the second only its first two arrive before it is restored, too.
	sent := second.open[:2]
	head, err := fact.Decode(sent[1])
	if err != nil {
		t.Fatal(err)
	}
	batch, err := fact.EncodeBatch(second.public(), second.salt, sent, fact.SignHead(second.key, second.id, head.Number, sha256.Sum256(sent[1])))
	if err != nil {
		t.Fatal(err)
	}
	s.arrive(batch)
	if got := s.find(lost); got.Standing != Unseen {
		t.Fatalf("%+v", got)
	}
	third, _ := follow(second, 2, again[6:], 3)
	s.arrive(third.batch())
	if got := s.find(lost); got.Standing != Beside || got.Origin != third.id {
		t.Errorf("%+v", got)
	}
}

var _ Keys = (*keyring.Ring)(nil)
