package index

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hailong/internal/survey"
)

// TestTrend: each month of a trend is what the index answers for that month, for
// cells with many and with few ballots, and with ballots held back of any day.
func TestTrend(t *testing.T) {
	f := newFixture(t)
	f.write(row(insertUnit, "A", 1, "A", "A", "k", "", 0, 0), row(insertUnit, "B", 2, "B", "B", "k", "A", 0, 0),
		row(insertCell, 1, 1, 1, 10), row(insertCell, 2, 1, 1, 11), row(insertCell, 3, 2, 1, 10))
	begin := survey.NewDay(2024, time.January, 10) // a leap year
	moved := 0
	rapid.Check(t, func(t *rapid.T) {
		rows := []statement{row(`DELETE FROM cell_day`), row(`DELETE FROM held`)}
		draw := func(id int64) said {
			return said{day: begin + survey.Day(rapid.IntRange(0, 460).Draw(t, "day")), score: rapid.Int64Range(1, 5).Draw(t, "score"), channel: 1, binding: 1}
		}
		for id := int64(1); id <= 3; id++ {
			var now []said
			for range rapid.SampledFrom([]int{0, 3, 30, 120}).Draw(t, "ballots") {
				now = append(now, draw(id))
			}
			for i := range rapid.IntRange(0, 4).Draw(t, "held") {
				n, w := draw(id), draw(id)
				if rapid.Bool().Draw(t, "added") {
					w = said{}
				}
				now = append(now, n)
				rows = append(rows, row(insertHeld, id, i, n.day, n.score, 1, 1, 0, 0, w.day, w.score, 1, 1, 0, 0))
			}
			days := figuresOf(now)
			for d := begin; d <= begin+460; d++ {
				if g, ok := days[d]; ok {
					n := g.Counts
					rows = append(rows, row(insertCellDay, id, d, n[0], n[1], n[2], n[3], n[4], g.Kiosk, g.Receipt, g.Changed))
				}
			}
		}
		f.write(rows...)
		last := begin + survey.Day(rapid.IntRange(0, 500).Draw(t, "last"))
		got := f.trends(last)
		m := monthsUpTo(last)
		for i := range TrendMonths {
			want := blocksByUnit(f, m[i].Month())
			for _, k := range []unitService{{1, 1}, {2, 1}} {
				if w := want[k]; got[k][i] != w.Tally() {
					t.Fatalf("unit %d, month of %v: %v, the index says %v", k.unit, m[i], got[k][i], w.Tally())
				}
			}
			moved += int(want[unitService{1, 1}].Counts.Answers())
		}
		p := survey.Period{From: begin + survey.Day(rapid.IntRange(-40, 460).Draw(t, "from"))}
		p.To = p.From + survey.Day(rapid.IntRange(1, 400).Draw(t, "length"))
		want, tallies := blocksByUnit(f, p), f.tallies(p)
		for _, k := range []unitService{{1, 1}, {2, 1}} {
			if w := want[k]; tallies[k] != w.Tally() {
				t.Fatalf("unit %d, %v: %v, the index says %v", k.unit, p, tallies[k], w.Tally())
			}
		}
	})
	if moved == 0 {
		t.Error("no month had a block: this tests nothing")
	}
}

func (f *fixture) tallies(p survey.Period) (all map[unitService]survey.Tally) {
	f.t.Helper()
	err := f.x.read(context.Background(), func(tx *sql.Tx) (err error) {
		all, err = readTallies(context.Background(), tx, p, 0)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

func (f *fixture) trends(last survey.Day) map[unitService]Trend {
	f.t.Helper()
	sums := map[unitService]Trend{}
	err := f.x.read(context.Background(), func(tx *sql.Tx) error {
		cells, err := readTrends(context.Background(), tx, last, scope{})
		for c, t := range cells {
			sum := sums[unitService{c.unit, c.service}]
			for i := range t {
				sum.add(i, t[i], 1)
			}
			sums[unitService{c.unit, c.service}] = sum
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return sums
}

func BenchmarkTrends(b *testing.B) {
	f := bigFixture(b, 500, 730, true)
	for b.Loop() {
		if n := len(f.trends(today)); n != 500 {
			b.Fatal(n)
		}
	}
}
