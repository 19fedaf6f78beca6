package projection

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"syscall"
	"testing"

	"hailong/internal/fact"
)

// maker writes one honest chain as fast as it can.
type maker struct {
	key    ed25519.PrivateKey
	salt   [16]byte
	id     fact.OriginID
	number uint64
	prev   fact.Hash
	boot   [16]byte
	facts  [][]byte
}

func newMaker(b testing.TB, role uint8, member func([]byte) []byte) *maker {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	m := &maker{key: key, boot: [16]byte{1}}
	public := key.Public().(ed25519.PublicKey)
	m.id = fact.NewOriginID(public, m.salt)
	m.add(b, fact.KindOpened, &fact.Opened{Role: role, Member: member(public)}, 0)
	return m
}

func (m *maker) add(b testing.TB, kind fact.Kind, body any, at int64) {
	raw, err := fact.Marshal(body)
	if err != nil {
		b.Fatal(err)
	}
	m.number++
	f := fact.Fact{Version: fact.Version, Origin: m.id, Number: m.number, Prev: m.prev, Wall: 1_790_000_000_000 + at, Boot: m.boot, Mono: at, Kind: kind, Body: raw}
	bytes, err := f.Encode()
	if err != nil {
		b.Fatal(err)
	}
	m.prev = fact.HashOf(bytes)
	m.facts = append(m.facts, bytes)
}

func (m *maker) batches(b testing.TB, size int) (out [][]byte) {
	first := m.number - uint64(len(m.facts)) + 1
	for len(m.facts) > 0 {
		n := min(size, len(m.facts))
		last := m.facts[n-1]
		first += uint64(n)
		data, err := fact.EncodeBatch(m.key.Public().(ed25519.PublicKey), m.salt, m.facts[:n], fact.SignHead(m.key, m.id, first-1, fact.HashOf(last)))
		if err != nil {
			b.Fatal(err)
		}
		out, m.facts = append(out, data), m.facts[n:]
	}
	return out
}

// BenchmarkBacklog applies ratings of known receipts, 500 a batch and 48
// batches a transaction, as a kiosk's backlog arrives; one op is one rating.
func BenchmarkBacklog(b *testing.B) {
	ring := newRing(b)
	p := openTest(b, b.TempDir(), ring)
	defer p.Close()
	ctx := context.Background()
	server := newMaker(b, fact.RoleServer, ring.Member)
	kiosk := newMaker(b, fact.RoleKiosk, func([]byte) []byte { return nil })
	server.add(b, fact.KindAdmission, &fact.Admission{Public: kiosk.key.Public().(ed25519.PublicKey), Kiosk: "K"}, 0)
	kiosk.add(b, fact.KindClock, &fact.Clock{Boot: kiosk.boot, Server: 1_790_000_000_000}, 0)
	for i := range b.N {
		at := int64(i) * 31536
		var hash, ballot [32]byte
		binary.BigEndian.PutUint64(hash[:], uint64(i)*0x9e3779b97f4a7c15)
		binary.BigEndian.PutUint64(ballot[:], uint64(i)*0xbf58476d1ce4e5b9)
		ballot[31] = 1
		server.add(b, fact.KindDossier, &fact.Dossier{Ballot: ballot[:], Desk: "Q" + string(rune('A'+i%50)), Unit: "U" + string(rune('A'+i%500)), Service: 1, Received: 1_790_000_000_000 + at}, at)
		server.add(b, fact.KindReceipt, &fact.Receipt{Hash: hash[:], Ballot: ballot[:]}, at)
		r := fact.Rating{Receipt: hash[:], Session: make([]byte, 16), Nonce: make([]byte, 16), Score: uint8(i%5) + 1, Channel: 1, Language: "vi", Took: 4000}
		kiosk.add(b, fact.KindRating, &r, at+1000)
	}
	seq := uint64(0)
	apply := func(batches [][]byte) {
		opened := make(chan Opened)
		go func() {
			defer close(opened)
			for len(batches) > 0 {
				n := min(48, len(batches))
				opened <- p.Open(batches[:n])
				batches = batches[n:]
			}
		}()
		for o := range opened {
			seq += uint64(len(o.batches))
			if err := p.Apply(ctx, o, Position{Stream: 1, Sequence: seq}, false); err != nil {
				b.Fatal(err)
			}
		}
	}
	apply(server.batches(b, 500))
	backlog := kiosk.batches(b, 500)
	var before, after syscall.Rusage
	b.ResetTimer()
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		b.Fatal(err)
	}
	apply(backlog)
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	b.ReportMetric(float64(cpu)/float64(b.N), "cpu-ns/rating")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ratings/s")
	var n int
	if err := p.Reader().QueryRow(`SELECT coalesce(sum(s1+s2+s3+s4+s5), 0) FROM cell_day`).Scan(&n); err != nil || n != b.N {
		b.Fatalf("%d of %d counted (%v)", n, b.N, err)
	}
}
