package index

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// TestWeekAndMonths: busy hours are of whole weeks; months are those in which
// blocks end, each judged by the target of its last day.
func TestWeekAndMonths(t *testing.T) {
	f := deskFixture(t) // hours of a Monday: 8 and 9; of the Sunday before: 9
	october := survey.NewDay(2026, 10, 31)
	f.write(row(insertCell, 1, 1, 1, 5), row(insertTarget, "so", "", 1, october+1, 1, 9900),
		row(insertHour, 5, today-91, 8, 100), row(insertHour, 5, today-7, 8, 6), row(insertHour, 5, today-90, 16, 3),
		blockRow(1, survey.NewDay(2025, 11, 20), survey.NewDay(2025, 11, 30), kioskFigures(survey.Counts{0, 0, 0, 0, 5})),
		blockRow(1, survey.NewDay(2025, 11, 30), survey.NewDay(2025, 12, 1), kioskFigures(survey.Counts{0, 0, 0, 0, 6})),
		blockRow(1, october-20, october, kioskFigures(survey.Counts{1, 0, 0, 0, 6})),
		blockRow(1, october, today, kioskFigures(survey.Counts{0, 0, 0, 0, 8})))
	w, err := f.x.DeskWhole(context.Background(), "D1", today)
	if err != nil {
		t.Fatal(err)
	}
	if w.Week[0][8] != 4+6 || w.Week[0][9] != 5 || w.Week[6][9] != 50 || w.Week[1][16] != 3 {
		t.Errorf("week %v", w.Week)
	}
	var got []string
	for _, m := range w.Months {
		got = append(got, fmt.Sprint(m.Covered.Last(), m.Counts.Answers(), m.Target.Hundredths))
	}
	if want := []string{"2025-12-01 6 9500", "2026-10-31 7 9500", "2026-11-23 8 9900"}; !slices.Equal(got, want) {
		t.Errorf("months %v, want %v", got, want)
	}
}

// TestKiosks: of the keys admitted for a kiosk, the one that was heard of last
// speaks for it; opening hours are the desk's own before the province's.
func TestKiosks(t *testing.T) {
	f := deskFixture(t)
	ask := func() (Kiosk, survey.Hours) {
		t.Helper()
		all, hours, err := f.x.DeskKiosks(context.Background(), "D1")
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		return all[0], hours
	}
	if k, hours := ask(); k.Public != nil || !k.Seen.IsZero() || k.Admitted || hours.String() != "" {
		t.Errorf("nobody spoke yet: %+v, %v", k, hours)
	}
	const origin = `INSERT INTO origin (oid, id, public, salt, role, name, head, head_hash, applied, seen) VALUES (?, ?, ?, x'02', 1, 'K1', ?, x'03', ?, ?)`
	key := func(b byte) []byte { return bytes.Repeat([]byte{b}, 16) }
	f.write(row(origin, 1, key(1), key(1), 9, 0, noon().UnixMilli()), row(insertSetting, "opening_hours", "T2 07:30-11:30"))
	if k, hours := ask(); k.Admitted || k.Waiting != 9 || !k.Seen.Equal(noon()) || hours.String() != "T2 07:30-11:30" {
		t.Errorf("it waits: %+v, %v", k, hours)
	}
	f.write(row(origin, 2, key(2), key(2), 7, 7, noon().UnixMilli()-5000), row(origin, 3, key(3), key(3), 20, 15, noon().UnixMilli()-900),
		row(`INSERT INTO admission VALUES (?, 1, 'K1'), (?, 2, 'K1')`, key(2), key(3)), row(insertSetting, "opening_hours/D1", "T3 07:30-11:30"),
		row(`INSERT INTO aside VALUES (3, 22, x'01', x'02', x'03')`),
		row(insertFact, 3<<40|4, factOf(t, fact.KindClock, &fact.Clock{Server: noon().UnixMilli()})), row(`INSERT INTO clock VALUES (?, x'00', 0, ?)`, 3<<40|4, noon().UnixMilli()))
	k, hours := ask()
	if !k.Admitted || !bytes.Equal(k.Public, key(3)) || k.Waiting != 5 || !k.Missing || k.Ahead != -time.Hour || hours.String() != "T3 07:30-11:30" {
		t.Errorf("two keys: %+v, %v", k, hours)
	}
	if _, _, err := f.x.DeskKiosks(context.Background(), "D9"); survey.CodeOf(err) != survey.CodeUnknownDesk {
		t.Error(err)
	}
}

// BenchmarkDesk asks for everything of one desk's page, among 500 desks of two
// years: 27 ballots a day, of which a fifth answers further questions; and for
// what an open page is told at each ballot.
func BenchmarkDesk(b *testing.B) {
	f := bigFixture(b, 500, 730, true)
	f.write(row(insertSheet, 1, 0, sheet(b, 1, "three", "four", "five")))
	var rows []statement
	for u := int64(1); u <= 500; u++ {
		for d := today - 40; d <= today; d++ {
			for k := range int64(5) {
				ballot := u*1000 + int64(today-d)*10 + k
				at, session := 1<<40|ballot*2, bytes.Repeat([]byte{byte(k)}, 16)
				x := fact.Rating{Session: session, Nonce: make([]byte, 16), Receipt: make([]byte, 32), Score: 5, Channel: 1, Reasons: []string{"+a", "-b"}}
				for i, q := range []string{"one", "two", "three", "four", "five"} {
					x.Answers = append(x.Answers, fact.Answer{Question: q, Score: uint8(5 - (int(k)+i)%3)})
				}
				rows = append(rows, row(insertFact, at, factOf(b, fact.KindRating, &x)), row(insertEntry, ballot, at), row(insertSaid, u, d, ballot, at))
				if k == 0 {
					rows = append(rows, row(insertText, at+1, ballot, session, survey.PurposeComment, make([]byte, 32)), row(insertEntry, ballot, at+1))
				}
			}
			for h := range 9 {
				rows = append(rows, row(insertHour, 10000+u, d, 8+h, 3))
			}
		}
	}
	f.write(rows...)
	ctx := context.Background()
	for _, c := range []struct {
		name string
		ask  func(code string) error
	}{
		{"page", func(code string) error {
			w, err := f.x.DeskWhole(ctx, code, today)
			if err == nil && (len(w.Comments) < 20 || w.Said[0].More < 100 || len(w.Months) != DeskMonths) {
				err = fmt.Errorf("%d comments, %+v", len(w.Comments), w.Said)
			}
			return err
		}},
		{"live", func(code string) error { _, err := f.x.Desk(ctx, code, today); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			for u := 0; b.Loop(); u++ {
				start := time.Now()
				if err := c.ask(fmt.Sprintf("DU%04d", u%500+1)); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/median")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms/p99")
		})
	}
}
