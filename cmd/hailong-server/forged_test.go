package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mrand "math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/survey"
	"hailong/server/natsauth/natsauthtest"
)

// TestForgedBatches: ten thousand batches that are forged, mutated or no batches
// at all come by the connections of an admitted kiosk and of a server. All are
// dropped and counted and change nothing; the batch they were made of counts
// afterwards.
func TestForgedBatches(t *testing.T) {
	const many = 10_000
	s := organised(t)
	receipts := s.register("MC-VPUB", anHourAgo(), code(1), code(2), code(3), code(4), code(5))
	dir := t.TempDir()
	key, err := outbox.LoadKey(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	s.admit("K01", hexOf(key.Public().(ed25519.PublicKey)))
	box, err := outbox.Open(t.Context(), filepath.Join(dir, "outbox.db"), outbox.Options{Key: key, Role: fact.RoleKiosk, Name: "K01"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	link, err := bus.Connect(natsauthtest.Of(t, s.keys).Kiosk(bus.Options{Name: "test", URL: s.NATS()}, key))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(link.Close)
	_, done, err := link.Connected(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done()

	for _, r := range receipts {
		hash := idHash(t, r.ID)
		rating := &fact.Rating{Receipt: hash[:], Session: make([]byte, 16), Nonce: make([]byte, 16), Score: 5, Channel: uint8(survey.ChannelKiosk), Language: "vi"}
		if _, err := box.Append(t.Context(), fact.Entry{Kind: fact.KindRating, Body: rating}); err != nil {
			t.Fatal(err)
		}
	}
	stamp := outbox.SystemStamp()
	clock := &fact.Clock{Boot: stamp.Boot, Mono: stamp.Mono, Server: time.Now().UnixMilli()}
	if _, err := box.Append(t.Context(), fact.Entry{Kind: fact.KindClock, Body: clock}); err != nil {
		t.Fatal(err)
	}
	origin := box.Head().Origin
	honest, last, err := box.Batch(t.Context(), origin, 0, 1000, 1<<20)
	if err != nil || last != box.Head().Number {
		t.Fatal(last, err)
	}
	f := newForger(t, honest)

	eventually(t, "the server rests", func() bool { s.settled(); return s.recorded() > 0 })
	facts, dropped, digest := s.proj.Facts(), s.proj.Dropped(), s.digest()
	var acks []*bus.Ack
	for i := range many {
		by := link
		if i%2 == 1 {
			by = s.bus // which may publish whatever it likes
		}
		a, err := by.Publish(origin, f.next(), fact.Mark{})
		if err != nil {
			t.Fatal(err)
		}
		if acks = append(acks, a); len(acks) == 500 || i == many-1 {
			for _, a := range acks {
				if _, err := a.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			acks = acks[:0]
		}
	}
	eventually(t, "all were dropped", func() bool { return s.proj.Dropped() == dropped+many })
	if now := s.proj.Facts(); now == facts { // no checkpoint came meanwhile
		if now := s.digest(); now != digest {
			t.Errorf("forged batches changed the server's results: %s, before %s", now, digest)
		}
	}
	if _, ok := s.proj.Public(origin); ok {
		t.Error("a chain of forged facts was taken up")
	}

	if _, err := link.Publish(origin, honest, box.Head()); err != nil {
		t.Fatal(err)
	}
	s.reaches(origin, last)
	eventually(t, "the honest batch counts", func() bool { return s.index("VPUB", "administrative").Answers == int64(len(receipts)) })
	if now := s.proj.Dropped(); now != dropped+many {
		t.Errorf("the honest batch was dropped, too: %d", now-dropped-many)
	}
}

// forger makes batches that must not count of one that would.
type forger struct {
	t      *testing.T
	honest []byte
	batch  *fact.Batch
	own    ed25519.PrivateKey // of somebody whom nobody admitted
	n      int
}

func newForger(t *testing.T, honest []byte) *forger {
	t.Helper()
	batch, err := fact.Open(honest)
	if err != nil || len(batch.Records) < 4 {
		t.Fatal(batch, err)
	}
	return &forger{t: t, honest: honest, batch: batch, own: natsauthtest.Key(t)}
}

// facts are the bytes of the honest facts.
func (f *forger) facts() (all [][]byte) {
	for _, r := range f.batch.Records {
		all = append(all, r.Bytes)
	}
	return all
}

// changed is the body of a fact with other figures, encoded anew.
func (f *forger) changed(i int) []byte {
	f.t.Helper()
	x := *f.batch.Records[i].Fact
	x.Wall += int64(1 + f.n)
	data, err := x.Encode()
	if err != nil {
		f.t.Fatal(err)
	}
	return data
}

func (f *forger) encode(public ed25519.PublicKey, facts [][]byte, sig [64]byte) []byte {
	f.t.Helper()
	data, err := fact.EncodeBatch(public, f.batch.Salt, facts, sig)
	if err != nil {
		f.t.Fatal(err)
	}
	return data
}

// next is another one: ways of forging in turn, no two the same.
func (f *forger) next() []byte {
	f.n++
	facts, sig := f.facts(), f.batch.Signature
	some := mrand.IntN(len(facts))
	sign := func(facts [][]byte) [64]byte {
		return fact.SignHead(f.own, f.batch.Origin, f.batch.Last().Number, fact.HashOf(facts[len(facts)-1]))
	}
	switch f.n % 12 {
	case 0: // a bit is another
		data := slices.Clone(f.honest)
		bit := mrand.IntN(8 * len(data))
		data[bit/8] ^= 1 << (bit % 8)
		return data
	case 1: // it breaks off
		return slices.Clone(f.honest[:mrand.IntN(len(f.honest))])
	case 2: // it goes on
		more := make([]byte, 1+mrand.IntN(64))
		rand.Read(more) // never fails
		return append(slices.Clone(f.honest), more...)
	case 3: // the kiosk's name, somebody else's signature
		return f.encode(f.batch.Public, facts, sign(facts))
	case 4: // the kiosk's facts under somebody else's key
		return f.encode(f.own.Public().(ed25519.PublicKey), facts, sign(facts))
	case 5: // a fact says something else
		facts[some] = f.changed(some)
		return f.encode(f.batch.Public, facts, sig)
	case 6: // the same, with a signature of somebody else's
		facts[some] = f.changed(some)
		return f.encode(f.batch.Public, facts, sign(facts))
	case 7: // a fact is gone, the last ones too
		facts = slices.Delete(facts, 0, 1+mrand.IntN(len(facts)-1))
		sig[f.n%64] ^= byte(1 + f.n%255)
		return f.encode(f.batch.Public, facts, sig)
	case 8: // in another order
		facts[0], facts[1+some%(len(facts)-1)] = facts[1+some%(len(facts)-1)], facts[0]
		return f.encode(f.batch.Public, facts, sig)
	case 9: // one of them twice
		return f.encode(f.batch.Public, slices.Insert(facts, some, facts[some]), sig)
	case 10: // noise
		noise := make([]byte, mrand.IntN(2000))
		rand.Read(noise) // never fails
		return noise
	default: // lengths and depths that no message has, and what fills memory if believed
		bombs := []string{"9bffffffffffffffff", "bbffffffffffffffff", "5bffffffffffffffff", "7b7fffffffffffffff", "9a7fffffff", "ba7fffffff", "5a7fffffff", "9fff", "bf", "c2581e", "fb7ff8000000000000"}
		data, err := hex.DecodeString(bombs[mrand.IntN(len(bombs))])
		if err != nil {
			f.t.Fatal(err)
		}
		if deep := 1 + mrand.IntN(5000); f.n%2 == 0 {
			data = append(slices.Repeat([]byte{0x81}, deep), data...)
		}
		return fmt.Appendf(data, "%d", f.n)
	}
}
