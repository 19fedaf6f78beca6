package index

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"hailong/internal/survey"
)

// bigFixture is two years of 500 units, some 27 ballots a unit and day: 10
// million. With held, each unit's newest day holds back three ballots.
func bigFixture(t testing.TB, units, days int, held bool) *fixture {
	f := newFixture(t)
	r := rand.New(rand.NewPCG(1, 2))
	var rows []statement
	rows = append(rows, row(insertKind, "xa", "Xã", "Commune"), row(insertTarget, "xa", "", 1, 0, 1, 9000))
	for u := 1; u <= units; u++ {
		code := fmt.Sprintf("U%04d", u)
		rows = append(rows, row(insertUnit, code, u, "Ủy ban nhân dân xã "+code, "Commune "+code, "xa", "", 0, 0),
			row(insertDesk, "D"+code, 10000+u, code, "Một cửa "+code, "Desk", 1), row(insertCell, u, u, 1, 10000+u))
		for d := today - survey.Day(days) + 1; d <= today; d++ {
			var n survey.Counts
			for range 18 + r.IntN(19) {
				n[[]int{4, 4, 4, 4, 3, 3, 3, 2, 1, 0}[r.IntN(10)]]++
			}
			a := n.Answers()
			rows = append(rows,
				row(insertCellDay, u, d, n[0], n[1], n[2], n[3], n[4], a-a/3, a-a/9, a/20),
				row(insertWalkIn, 10000+u, d, 0, 0, 1, 1, 2),
				row(insertDossier, u, 1, d, a*2, a))
		}
		if held {
			for b := range 3 {
				rows = append(rows, row(insertHeld, u, u*10+b, today, 5, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0))
			}
		}
	}
	f.write(rows...)
	return f
}

// bare adds up the same rows of the same tables and nothing else.
const bare = `
SELECT c.unit, c.service, sum(s1), sum(s2), sum(s3), sum(s4), sum(s5), sum(kiosk), sum(receipt), sum(changed)
FROM cell c CROSS JOIN cell_day d WHERE d.cell = c.id AND d.day >= $from AND d.day < $to GROUP BY c.id
UNION ALL
SELECT u.id, d.service, sum(dossiers), sum(rated), 0, 0, 0, 0, 0, 0
FROM unit u CROSS JOIN dossier_day d WHERE d.unit = u.id AND d.service = 1 AND d.day >= $from AND d.day < $to GROUP BY u.id
UNION ALL
SELECT k.id, k.service, sum(s1), sum(s2), sum(s3), sum(s4), sum(s5), 0, 0, 0
FROM desk k CROSS JOIN walkin_day d WHERE d.desk = k.id AND d.day >= $from AND d.day < $to GROUP BY k.code`

func (f *fixture) bare(p survey.Period) (n int) {
	rows, err := f.db.Read().Query(bare, sql.Named("from", int64(p.From)), sql.Named("to", int64(p.To)))
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	var v [10]int64
	for rows.Next() {
		if err := rows.Scan(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9]); err != nil {
			f.t.Fatal(err)
		}
		n++
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return n
}

// BenchmarkProvince asks for a quarter of the province (500 units, 10 million
// ballots in two years) and prints the ratio to the bare query over the same
// rows: «past» is a whole quarter, «live» the last 90 days with three ballots
// of each unit held back.
func BenchmarkProvince(b *testing.B) {
	f := bigFixture(b, 500, 730, true)
	for _, c := range []struct {
		name   string
		period survey.Period
	}{
		{"past", survey.NewDay(2026, time.April, 1).Quarter()},
		{"live", survey.Period{From: today - 89, To: today + 1}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var product, plain time.Duration
			for b.Loop() {
				start := time.Now()
				a, err := f.x.Query(context.Background(), Query{Period: c.period})
				if err != nil || len(a.Rows) != 500 {
					b.Fatal(err, len(a.Rows))
				}
				mid := time.Now()
				if n := f.bare(c.period); n != 1500 {
					b.Fatal(n)
				}
				product, plain = product+mid.Sub(start), plain+time.Since(mid)
			}
			b.ReportMetric(float64(product.Microseconds())/1000/float64(b.N), "ms/query")
			b.ReportMetric(float64(plain.Microseconds())/1000/float64(b.N), "ms/bare")
			b.ReportMetric(float64(product)/float64(plain), "ratio")
		})
	}
}
