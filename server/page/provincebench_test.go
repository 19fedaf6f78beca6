package page_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"hailong/internal/survey"
)

// BenchmarkPages asks the real app, over the loopback, for the pages of a
// province of 500 units with some 27 ballots a unit and day over two years: 10
// million. What the client takes to read the answer is in it.
func BenchmarkPages(b *testing.B) {
	s := newSite(b)
	r := rand.New(rand.NewPCG(1, 2))
	rows := []say{row(insertKind, "tinh", "Tỉnh", "Province"), row(insertKind, "xa", "Xã", "Commune"), row(insertTarget, "xa", 1, 9000),
		row(insertUnit, "H41", 1000, "Tỉnh", "", "tinh", "")}
	for u := 1; u <= 500; u++ {
		code := fmt.Sprintf("U%04d", u)
		rows = append(rows, row(insertUnit, code, u, "Ủy ban nhân dân xã "+code, "Commune "+code, "xa", "H41"),
			row(insertDesk, "D"+code, 10000+u, code, "Một cửa "+code, "Desk", 1), row(insertCell, u, u, 1, 10000+u))
		for d := monday - 729; d <= monday; d++ {
			var n survey.Counts
			for range 18 + r.IntN(19) {
				n[[]int{4, 4, 4, 4, 4, 3, 3, 3, 3, 0}[r.IntN(10)]]++
			}
			a := n.Answers()
			rows = append(rows, row(insertCellDay, u, d, n[0], n[1], n[2], n[3], n[4], a-a/3, a-a/9, a/20),
				row(insertBlock, u, d, d, n[0], n[1], n[2], n[3], n[4], a-a/3, a-a/9, a/20),
				row(insertDossier, u, 1, d, a*2, a), row(`INSERT INTO return_day VALUES (?, 1, ?, ?, ?, 1, 0)`, u, d, a/2, a))
		}
		if u%50 == 0 {
			s.write(rows...)
			rows = rows[:0]
		}
	}
	for name, path := range map[string]string{"province": "/", "rank": "/?sort=rank", "unit": "/unit/U0250", "root": "/unit/H41", "compare": "/compare?a=U0001&b=U0002", "board": "/board/U0001"} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			before := worked(b)
			for b.Loop() {
				start := time.Now()
				response, err := http.Get(s.base + path)
				if err != nil {
					b.Fatal(err)
				}
				if _, err = io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
					b.Fatal(response.Status, err)
				}
				response.Body.Close()
				took = append(took, time.Since(start))
			}
			// What others do on the same machine is not in it, but the client is.
			b.ReportMetric(float64((worked(b)-before).Microseconds())/1000/float64(len(took)), "ms/cpu")
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms/p99")
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/median")
		})
	}
}

// worked is the time that processors spent on this process.
func worked(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
