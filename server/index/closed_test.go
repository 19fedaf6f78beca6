package index

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/closing/schema"
)

// withClosed gives the fixture an empty database of what closings published.
func (f *fixture) withClosed() *fixture {
	f.t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(f.t.TempDir(), "closed.db"), schema.Files, sqlite.Options{})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			f.t.Error(err)
		}
	})
	f.x.UseClosed(db.Read())
	return &fixture{f.t, db, f.x}
}

const (
	insertMonth  = `INSERT INTO month VALUES (?, ?, ?, x'0102', 7, ?, 's1')`
	insertFigure = `INSERT INTO figure (month, unit, service, desk, dim, value, n0, n1, n2, n3, n4, n5) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertMerged = `INSERT INTO merged (month, unit, service, dim, value) VALUES (?, ?, 1, ?, ?)`
)

func figure(month int, unit, desk, dim, value string, waiting int64, n survey.Counts) statement {
	return row(insertFigure, month, unit, desk, dim, value, waiting, n[0], n[1], n[2], n[3], n[4])
}

var closedUntil = survey.NewDay(2026, time.November, 1)

// closedMonth is the nth month before November.
func closedMonth(n int) survey.Period {
	m := (closedUntil - 1).Month()
	for range n {
		m = (m.From - 1).Month()
	}
	return m
}

// TestBreakdown: months are added up by value; what one month has among others
// is among others for all, a procedure with its field where that is; months
// without the breakdown too. Whatever the months, the parts are the whole.
func TestBreakdown(t *testing.T) {
	f := newFixture(t)
	f.write(row(insertUnit, "A", 1, "A", "A", "so", "", 0, 0), row(insertTarget, "so", "", 1, 0, 1, 9000))
	c := f.withClosed()
	others, without := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		rows := []statement{row(`DELETE FROM month`), row(`DELETE FROM figure`), row(`DELETE FROM merged`)}
		type one struct {
			value string
			n     survey.Counts
		}
		sums := map[string]survey.Counts{}
		mergedFields, mergedValues := map[string]bool{}, map[string]bool{}
		var published []one
		var total survey.Counts
		months := rapid.IntRange(1, 4).Draw(t, "months")
		for m := range months {
			p := closedMonth(m)
			rows = append(rows, row(insertMonth, m+1, p.From, p.To, p.To.StartMilli()))
			var all survey.Counts
			none := rapid.IntRange(0, 5).Draw(t, "without") == 0
			rest := map[string]survey.Counts{}
			for _, field := range []string{"đất", "hộ"} {
				alone := rapid.IntRange(0, 2).Draw(t, "field merged") > 0
				for _, procedure := range []string{"1", "2", "3"} {
					n := survey.Counts{int64(rapid.IntRange(0, 9).Draw(t, "n")), 0, 0, 0, 5}
					value := field + fieldPart + procedure
					all = all.Add(n)
					switch {
					case none:
						rest[OtherValue] = rest[OtherValue].Add(n)
					case !alone:
						mergedFields[field], mergedValues[value] = true, true
						rows = append(rows, row(insertMerged, m+1, "A", ByProcedure, value))
						rest[OtherValue] = rest[OtherValue].Add(n)
					case rapid.IntRange(0, 3).Draw(t, "merged") == 0:
						mergedValues[value] = true
						rows = append(rows, row(insertMerged, m+1, "A", ByProcedure, value))
						rest[field+fieldPart+OtherValue] = rest[field+fieldPart+OtherValue].Add(n)
					default:
						published = append(published, one{value: value, n: n})
						rows = append(rows, figure(m+1, "A", "", ByProcedure, value, 0, n))
					}
				}
				if !alone && !none {
					rows = append(rows, row(insertMerged, m+1, "A", ByProcedure, field))
				}
			}
			for value, n := range rest {
				published = append(published, one{value: value, n: n})
				if !none {
					rows = append(rows, figure(m+1, "A", "", ByProcedure, value, 0, n))
				}
			}
			if none {
				without++
			}
			total = total.Add(all)
			rows = append(rows, figure(m+1, "A", "D1", "total", "", 2, all))
		}
		for _, x := range published {
			field, _, is := strings.Cut(x.value, fieldPart)
			to := x.value
			if is && mergedValues[x.value] {
				to = field + fieldPart + OtherValue
			}
			if is && mergedFields[field] {
				to = OtherValue
			}
			if to != x.value {
				others++
			}
			sums[to] = sums[to].Add(x.n)
		}
		c.write(rows...)
		b, err := f.x.Breakdown(context.Background(), BreakdownQuery{Unit: "A", Service: 1, By: ByProcedure, Period: survey.Period{From: closedMonth(months).To, To: closedUntil}})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]survey.Counts{}
		for _, p := range b.Parts {
			value := p.Value
			if p.Field != "" {
				value = p.Field + fieldPart + p.Value
			}
			if p.Other != strings.HasSuffix(value, OtherValue) {
				t.Fatalf("%+v", p)
			}
			got[value] = p.Counts
		}
		if fmt.Sprint(got) != fmt.Sprint(sums) || b.Total.Counts != total || len(b.Months) != months || b.Total.Target.Hundredths != 9000 {
			t.Fatalf("%v of %v, want %v of %v", got, b.Total.Counts, sums, total)
		}
	})
	if others == 0 || without == 0 {
		t.Errorf("%d moved under others, %d months without: this tests little", others, without)
	}
}

// TestPublished: what months published stays, and what came later is a number.
func TestPublished(t *testing.T) {
	f := newFixture(t)
	f.write(row(insertUnit, "A", 1, "A", "A", "so", "", 0, 0), row(insertUnit, "B", 2, "B", "B", "so", "A", 0, 0), row(insertTarget, "so", "", 1, 0, 1, 9000),
		row(`INSERT INTO place VALUES (1, 1, 'A')`), row(insertCell, 1, 1, 1, 0), cellDay(1, closedMonth(0).From+3, survey.Counts{0, 0, 0, 9, 40}), cellDay(1, closedMonth(1).From, survey.Counts{0, 0, 0, 0, 7}))
	ctx := context.Background()
	if a, err := f.x.Published(ctx, closedMonth(0)); err != nil || len(a.Rows)+len(a.Months) != 0 {
		t.Fatal(a, err)
	}
	c := f.withClosed()
	number := func(month int, name string, n int64) statement {
		return row(insertFigure, month, "A", "", "number", name, n, 0, 0, 0, 0, 0)
	}
	c.write(row(insertMonth, 1, closedMonth(0).From, closedMonth(0).To, closedUntil.StartMilli()), row(insertMonth, 2, closedMonth(1).From, closedMonth(1).To, closedUntil.StartMilli()),
		figure(1, "A", "D1", "total", "", 1, survey.Counts{0, 0, 1, 9, 30}), figure(1, "A", "D2", "total", "", 2, survey.Counts{0, 0, 0, 0, 5}),
		figure(2, "A", "D1", "total", "", 0, survey.Counts{0, 0, 0, 0, 7}), number(1, "counted", 47), number(2, "counted", 7), number(1, "dossiers", 90), number(1, "ontime", 4), number(2, "walkins", 3),
		figure(1, "A", "", "question", "staff", 30, survey.Counts{1, 0, 0, 0, 14}), figure(1, "A", "D1", "question", "staff", 30, survey.Counts{1, 0, 0, 0, 9}),
		row(insertFigure, 1, "A", "", "reason", "+fast", 8, 0, 0, 0, 0, 0), figure(1, "A", "", "full", "", 0, survey.Counts{3, 0, 0, 0, 12}))
	all := survey.Period{From: closedMonth(1).From, To: today}
	a, err := f.x.Published(ctx, all)
	if err != nil || len(a.Months) != 2 || a.Months[0].Closing != "0102/7" || !a.Months[0].At.Equal(closedUntil.Start()) {
		t.Fatal(a, err)
	}
	r := a.Rows[0]
	if len(a.Rows) != 1 || r.Counts != (survey.Counts{0, 0, 1, 9, 42}) || r.Waiting != 3 || r.Counted != 54 || r.Later() != 2 || r.Numbers.Dossiers != 90 ||
		r.Numbers.WalkIns != 3 || r.Numbers.Times.OnTime != 4 || r.Verdict != survey.VerdictMet || r.Covered.To != closedUntil {
		t.Errorf("%+v", a.Rows)
	}
	s, err := f.x.PublishedSaid(ctx, "A", "", 1, all)
	if err != nil || s.Ballots != 52 || s.Full != (survey.Tally{Satisfied: 12, Answers: 15}) || len(s.Questions) != 0 {
		t.Errorf("no questionnaire is known: %+v %v", s, err)
	}
	f.write(row(insertSheet, 1, 0, sheet(t, 1, "staff")))
	s, err = f.x.PublishedSaid(ctx, "A", "D1", 1, closedMonth(0))
	i := slices.IndexFunc(s.Questions, func(q Question) bool { return q.Code == "staff" })
	if err != nil || s.Ballots != 40 || i < 0 || s.Questions[i].Counts != (survey.Counts{1, 0, 0, 0, 9}) || s.Questions[i].Skipped != 30 {
		t.Errorf("%+v %v", s, err)
	}
	if m, err := f.x.Months(ctx); err != nil || len(m) != 2 || m[0].Month != closedMonth(1) {
		t.Error(m, err)
	}
	b, err := f.x.Breakdown(ctx, BreakdownQuery{Unit: "A", Service: 1, By: ByDesk, Period: all})
	if err != nil || len(b.Parts) != 2 || b.Parts[0].Value != "D1" || b.Parts[0].Counts.Answers() != 47 || b.Total.Counts.Answers() != 52 {
		t.Errorf("%+v %v", b, err)
	}
	b, err = f.x.Breakdown(ctx, BreakdownQuery{Unit: "B", Service: 1, By: ByHour, Period: all})
	if err != nil || len(b.Parts) != 0 || b.Total.Counts.Answers() != 0 || len(b.Months) != 2 {
		t.Errorf("%+v %v", b, err)
	}
	for want, q := range map[survey.Code]BreakdownQuery{
		survey.CodeUnknownParameter: {Unit: "A", Service: 1, By: "mood", Period: all},
		survey.CodeUnknownService:   {Unit: "A", Service: 0, By: ByWay, Period: all},
		survey.CodeUnknownUnit:      {Unit: "X", Service: 1, By: ByWay, Period: all},
		survey.CodeNotClosed:        {Unit: "A", Service: 1, By: ByWay, Period: today.Month()},
		survey.CodeFromAfterTo:      {Unit: "A", Service: 1, By: ByWay},
	} {
		if _, err := f.x.Breakdown(ctx, q); survey.CodeOf(err) != want {
			t.Errorf("%+v: %v, want %s", q, err, want)
		}
	}
	if _, err := f.x.PublishedSaid(ctx, "A", "", 1, today.Month()); survey.CodeOf(err) != survey.CodeNotClosed {
		t.Error(err)
	}
}
