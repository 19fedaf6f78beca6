package prooflog

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/server/projection"
)

// many is a projection with so many facts that came in runs of 20.
type many struct {
	*projection.Projection
	facts uint64
}

const manyRun = 20

func (m many) Arrivals(_ context.Context, after int64, limit int) (all []projection.Arrival, err error) {
	for seq := uint64(after) + 1; len(all) < limit && (seq-1)*manyRun < m.facts; seq++ {
		all = append(all, projection.Arrival{Seq: int64(seq), Origin: fact.OriginID{byte(seq % 300), byte(seq % 300 >> 8)}, First: (seq-1)*manyRun + 1, Last: seq * manyRun})
	}
	return all, nil
}

func (m many) FactHashes(_ context.Context, _ fact.OriginID, first, last uint64) (hashes []fact.Hash, err error) {
	for n := first; n <= last; n++ {
		hashes = append(hashes, manyHash(n))
	}
	return hashes, nil
}

func manyHash(n uint64) fact.Hash {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, n))
}

// BenchmarkTenMillion fills a log with ten million leaves (run it with
// -benchtime 1x), then adds single ones, and proves some.
func BenchmarkTenMillion(b *testing.B) {
	const facts = 10_000_000
	ctx := context.Background()
	for range b.N {
		s := newSite(b)
		s.log.o.Projection = many{s.proj, facts}
		start := time.Now()
		if err := s.log.grow(ctx); err != nil {
			b.Fatal(err)
		}
		fill := time.Since(start)
		if s.log.now().size != facts {
			b.Fatal(s.log.now().size)
		}
		info, err := os.Stat(filepath.Join(s.dir, "log.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(fill.Seconds(), "s/fill")
		b.ReportMetric(float64(info.Size())/facts, "B/leaf")
		start = time.Now()
		s.log.o.Projection = many{s.proj, facts + manyRun}
		if err := s.log.grow(ctx); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds()*1000, "ms/next20")
		start = time.Now()
		if made, err := s.log.checkpoint(ctx); !made || err != nil {
			b.Fatal(made, err)
		}
		b.ReportMetric(time.Since(start).Seconds()*1000, "ms/checkpoint")
		const proofs = 1000
		start = time.Now()
		for i := range uint64(proofs) {
			n := 1 + i*(facts/proofs)
			seq := (n-1)/manyRun + 1
			if _, ok, err := s.log.Include(ctx, fact.OriginID{byte(seq % 300), byte(seq % 300 >> 8)}, n, manyHash(n)); !ok || err != nil {
				b.Fatal(n, ok, err)
			}
		}
		b.ReportMetric(time.Since(start).Seconds()*1000/proofs, "ms/proof")
	}
}
