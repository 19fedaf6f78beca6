package outbox

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"hailong/internal/fact"
)

func someRating() *fact.Rating {
	r := &fact.Rating{
		Receipt: make([]byte, 32), Session: make([]byte, 16), Nonce: make([]byte, 16),
		Score: 5, Channel: 1, Language: "vi", Took: 2300, Questionnaire: 1,
		Answers: []fact.Answer{{Question: "thai-do", Score: 5}, {Question: "thoi-gian", Score: 4}},
		Reasons: []string{"nhanh", "ro-rang"},
	}
	rand.Read(r.Receipt)
	rand.Read(r.Session)
	rand.Read(r.Nonce)
	return r
}

func BenchmarkAppend(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			o := mustOpen(b, filepath.Join(b.TempDir(), "outbox.db"), Options{})
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for range callers {
				wg.Go(func() {
					r := someRating()
					for left.Add(-1) >= 0 {
						if _, err := o.Append(b.Context(), fact.Entry{Kind: fact.KindRating, Body: r}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkBatch(b *testing.B) {
	for _, size := range []int{1, 500} {
		b.Run(fmt.Sprint("facts=", size), func(b *testing.B) {
			o := mustOpen(b, filepath.Join(b.TempDir(), "outbox.db"), Options{})
			const held = 100_000
			entries := make([]fact.Entry, 1000)
			for i := range entries {
				entries[i] = fact.Entry{Kind: fact.KindRating, Body: someRating()}
			}
			for range held / len(entries) {
				if _, err := o.Append(b.Context(), entries...); err != nil {
					b.Fatal(err)
				}
			}
			origin, after, facts := o.Head().Origin, uint64(0), uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				data, last, err := o.Batch(b.Context(), origin, after, size, 1<<20)
				if err != nil {
					b.Fatal(err)
				}
				if data == nil {
					after = 0
					continue
				}
				facts, after = facts+last-after, last
			}
			b.ReportMetric(float64(facts)/b.Elapsed().Seconds(), "facts/s")
		})
	}
}
