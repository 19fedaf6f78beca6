package index

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hailong/internal/survey"
)

// said is one ballot as it is, or as it is still shown; score 0: not there.
type said struct {
	day                              survey.Day
	score, channel, binding, changed int64
}

// model is a naive index: ballots one by one, in memory.
type model struct{ now, shown map[cell][]said }

func figuresOf(of []said) map[survey.Day]Figures {
	days := map[survey.Day]Figures{}
	for _, b := range of {
		if b.score == 0 {
			continue
		}
		f := days[b.day]
		f.Counts[b.score-1]++
		if b.channel == 1 {
			f.Kiosk++
		}
		if b.binding == 1 {
			f.Receipt++
		}
		f.Changed += b.changed
		days[b.day] = f
	}
	return days
}

// blocksOf cuts all days into blocks of five ballots; the last may be open.
type block struct {
	last survey.Day
	full bool
	Figures
}

func blocksOf(days map[survey.Day]Figures, to survey.Day) (bs []block) {
	var open block
	for d := survey.Day(0); d < to; d++ {
		if f, ok := days[d]; ok {
			open.Figures, open.last = open.add(f, 1), d
			if open.Counts.Answers() >= 5 {
				open.full = true
				bs, open = append(bs, open), block{}
			}
		}
	}
	if open.Counts.Answers() > 0 {
		bs = append(bs, open)
	}
	return bs
}

func (m model) naive(c cell, p survey.Period) (f Figures, waiting int64) {
	begin := survey.Day(-1)
	for _, b := range blocksOf(figuresOf(m.shown[c]), p.To) {
		switch {
		case b.full && b.last < p.From:
			begin = b.last
		case b.full:
			f = f.add(b.Figures, 1)
		}
	}
	for d, g := range figuresOf(m.now[c]) {
		if d > begin && d < p.To {
			waiting += g.Counts.Answers()
		}
	}
	return f, waiting - f.Counts.Answers()
}

func drawSaid(t *rapid.T, absent bool) said {
	s := said{day: survey.Day(rapid.IntRange(1, 40).Draw(t, "day")), channel: 1, binding: 1}
	s.score = rapid.Int64Range(1, 5).Draw(t, "score")
	s.channel = rapid.Int64Range(1, 2).Draw(t, "channel")
	s.binding = rapid.Int64Range(1, 2).Draw(t, "binding")
	s.changed = rapid.Int64Range(0, 1).Draw(t, "changed")
	if absent && rapid.Bool().Draw(t, "absent") {
		return said{}
	}
	return s
}

// TestRecount: the index equals a recount of single ballots, for random ballots,
// ballots held back and periods; and consecutive periods share no ballot.
func TestRecount(t *testing.T) {
	f := newFixture(t)
	f.write(row(insertUnit, "A", 1, "A", "A", "k", "", 0, 0), row(insertUnit, "B", 2, "B", "B", "k", "A", 0, 0),
		row(insertDesk, "D10", 10, "A", "", "", 1), row(insertDesk, "D11", 11, "A", "", "", 1))
	all := []cell{{1, 1, 10, 1}, {2, 1, 11, 1}, {3, 1, 10, 2}, {4, 2, 10, 1}}
	for _, c := range all {
		f.write(row(insertCell, c.id, c.unit, c.service, c.desk))
	}
	rapid.Check(t, func(t *rapid.T) {
		m := model{map[cell][]said{}, map[cell][]said{}}
		rows := []statement{row(`DELETE FROM cell_day`), row(`DELETE FROM held`)}
		for _, c := range all {
			for range rapid.IntRange(0, 40).Draw(t, "ballots") {
				s := drawSaid(t, false)
				m.now[c], m.shown[c] = append(m.now[c], s), append(m.shown[c], s)
			}
			for i := range rapid.IntRange(0, 4).Draw(t, "held") {
				now, was := drawSaid(t, true), drawSaid(t, true)
				m.now[c], m.shown[c] = append(m.now[c], now), append(m.shown[c], was)
				rows = append(rows, row(insertHeld, c.id, i, now.day, now.score, now.channel, now.binding, now.changed, 0,
					was.day, was.score, was.channel, was.binding, was.changed, 0))
			}
			days := figuresOf(m.now[c])
			for d := survey.Day(1); d <= 40; d++ {
				if g, ok := days[d]; ok {
					n := g.Counts
					rows = append(rows, row(insertCellDay, c.id, d, n[0], n[1], n[2], n[3], n[4], g.Kiosk, g.Receipt, g.Changed))
				}
			}
		}
		f.write(rows...)
		for range 6 {
			p := survey.Period{From: survey.Day(rapid.IntRange(0, 41).Draw(t, "from"))}
			p.To = p.From + survey.Day(rapid.IntRange(1, 41).Draw(t, "length"))
			mid := p.From + survey.Day(rapid.IntRange(1, 41).Draw(t, "mid"))
			whole := blocksByUnit(f, p)
			for c, of := range byUnit(all) {
				var want Figures
				var waiting int64
				for _, part := range of {
					fs, w := m.naive(part, p)
					want, waiting = want.add(fs, 1), waiting+max(0, w)
				}
				got := whole[c]
				if diff := cmp.Diff(want, got.Figures); diff != "" || got.Waiting != waiting {
					t.Fatalf("%v %v: waiting %d, want %d; %s", c, p, got.Waiting, waiting, diff)
				}
				if got.Counts.Answers() > 0 && got.Counts.Answers() < 5 {
					t.Fatalf("%v %v: shows %d ballots", c, p, got.Counts.Answers())
				}
				if n := got.Counts.Answers(); n > 0 && (got.Covered.From > p.From || got.Covered.To > p.To) {
					t.Fatalf("%v: covers %v", p, got.Covered)
				}
			}
			for _, code := range []string{"D10", "D11"} {
				d, err := f.x.Desk(context.Background(), code, p.To-1)
				if err != nil {
					t.Fatal(err)
				}
				var want, days Figures
				var waiting int64
				for _, c := range all {
					if fmt.Sprint("D", c.desk) == code {
						fs, w := m.naive(c, survey.Period{From: p.To - DeskDays, To: p.To})
						want, waiting = want.add(fs, 1), waiting+w
					}
				}
				for _, b := range d.Days {
					days = days.add(b.Figures, 1)
				}
				if diff := cmp.Diff(want, d.Month.Figures) + cmp.Diff(want, days); diff != "" || d.Month.Waiting != max(0, waiting) {
					t.Fatalf("desk %s up to %d: waiting %d, want %d; %s", code, p.To, d.Month.Waiting, waiting, diff)
				}
			}
			if mid >= p.To {
				continue
			}
			one, two := blocksByUnit(f, survey.Period{From: p.From, To: mid}), blocksByUnit(f, survey.Period{From: mid, To: p.To})
			for c := range byUnit(all) {
				if diff := cmp.Diff(whole[c].Figures, one[c].add(two[c].Figures, 1)); diff != "" {
					t.Fatalf("%v: parts at %v: %s", p, mid, diff)
				}
			}
		}
	})
}

func byUnit(all []cell) map[unitService][]cell {
	of := map[unitService][]cell{}
	for _, c := range all {
		k := unitService{c.unit, c.service}
		of[k] = append(of[k], c)
	}
	return of
}

func blocksByUnit(f *fixture, p survey.Period) map[unitService]Block {
	all := map[unitService]Block{}
	for _, r := range f.query(Query{Period: p}).Rows {
		all[unitService{int64(r.Unit.Code[0]-'A') + 1, r.Service}] = r.Block
	}
	return all
}

// TestBoundaries: exact integers decide, and the least number of answers.
func TestBoundaries(t *testing.T) {
	for _, c := range []struct {
		satisfied, answers int64
		want               survey.Verdict
	}{
		{95, 100, survey.VerdictNotMet},
		{96, 100, survey.VerdictMet},
		{19000, 20000, survey.VerdictNotMet},
		{19001, 20000, survey.VerdictMet},
		{29, 29, survey.VerdictTooFew},
		{30, 30, survey.VerdictMet},
		{0, 30, survey.VerdictNotMet},
	} {
		f := newFixture(t)
		f.write(row(insertUnit, "A", 1, "A", "A", "so", "", 0, 0), row(insertTarget, "so", "", 1, 0, 1, 9500),
			row(insertCell, 1, 1, 1, 0), cellDay(1, today, survey.Counts{0, 0, c.answers - c.satisfied, 0, c.satisfied}))
		if r := f.one(Query{Period: today.Single()}); r.Verdict != c.want {
			t.Errorf("%d of %d: %v, want %v", c.satisfied, c.answers, r.Verdict, c.want)
		}
	}
}

// TestTargets: the target of the period's last day judges it, a unit's own
// before its kind's, and the parts are judged by their own.
func TestTargets(t *testing.T) {
	f := newFixture(t)
	f.write(row(insertUnit, "A", 1, "A", "A", "so", "", 0, 0), row(insertUnit, "B", 2, "B", "B", "so", "A", 0, 0),
		row(insertTarget, "so", "", 1, 0, 1, 9000), row(insertTarget, "so", "", 1, 120, 1, 9600),
		row(insertTarget, "", "B", 1, 110, 2, 9700), row(insertSetting, "least_answers", "10"), row(insertCell, 1, 1, 1, 0),
		cellDay(1, 100, survey.Counts{0, 0, 1, 0, 19}), cellDay(1, 125, survey.Counts{0, 0, 1, 0, 19}))
	a := f.query(Query{Period: survey.Period{From: 90, To: 130}})
	if len(a.Rows) != 2 || a.Least != 10 {
		t.Fatalf("%+v", a)
	}
	r := a.Rows[0]
	if r.Target.Hundredths != 9600 || r.Verdict != survey.VerdictNotMet || r.Own || len(r.Parts) != 2 ||
		r.Parts[0].Verdict != survey.VerdictMet || r.Parts[0].Period != (survey.Period{From: 90, To: 120}) ||
		r.Parts[1].Verdict != survey.VerdictNotMet || r.Parts[1].Counts.Answers() != 20 {
		t.Errorf("%+v", r)
	}
	if b := a.Rows[1]; b.Target != (survey.Target{Hundredths: 9700, Operator: survey.OperatorAtLeast}) || !b.Own ||
		b.Verdict != survey.VerdictTooFew || len(b.Parts) != 2 || b.Parts[1].Period.From != 110 {
		t.Errorf("%+v", b)
	}
	if r := f.query(Query{Period: survey.Period{From: 90, To: 120}, Unit: "A"}).Rows[0]; r.Verdict != survey.VerdictMet || r.Parts != nil {
		t.Errorf("before the change: %+v", r)
	}
}

// TestBeside: participation and walk-ins are the unit's and service's of the
// period, half-open; units outside their life are not listed.
func TestBeside(t *testing.T) {
	f := newFixture(t)
	f.write(row(insertUnit, "A", 1, "A", "A", "so", "", 0, 100), row(insertUnit, "B", 2, "B", "B", "so", "", 100, 0),
		row(insertDesk, "D1", 3, "A", "D1", "D1", 1), row(insertDesk, "D2", 4, "A", "D2", "D2", 1),
		row(insertDossier, 1, 1, 49, 7, 7), row(insertDossier, 1, 1, 50, 10, 4), row(insertDossier, 1, 1, 51, 5, 1), row(insertDossier, 1, 1, 52, 9, 9),
		row(insertWalkIn, 3, 50, 1, 0, 1, 0, 2), row(insertWalkIn, 4, 51, 0, 3, 0, 0, 0),
		row(insertDossier, 2, 2, 100, 1, 0))
	r := f.one(Query{Period: survey.Period{From: 50, To: 52}})
	if r.Unit.Code != "A" || r.Dossiers != 15 || r.Rated != 5 || r.WalkIns != 7 || r.Verdict != 0 || r.Counts.Answers() != 0 {
		t.Errorf("%+v", r)
	}
	if r := f.one(Query{Period: survey.Period{From: 99, To: 101}}); r.Unit.Code != "B" || r.Service != survey.ServicePublic {
		t.Errorf("%+v", r)
	}
	if a := f.query(Query{Period: survey.Period{From: 50, To: 52}, Service: survey.ServicePublic}); len(a.Rows) != 0 {
		t.Errorf("%+v", a.Rows)
	}
}

func TestBadQueries(t *testing.T) {
	f := newFixture(t)
	for want, q := range map[survey.Code]Query{
		survey.CodeUnknownUnit:    {Period: today.Single(), Unit: "nowhere"},
		survey.CodeUnknownService: {Period: today.Single(), Service: 3},
		survey.CodeFromAfterTo:    {Period: survey.Period{From: 5, To: 5}},
		survey.CodeRangeTooLong:   {Period: survey.Period{From: 0, To: 9999}},
	} {
		if _, err := f.x.Query(context.Background(), q); survey.CodeOf(err) != want {
			t.Errorf("%+v: %v, want %v", q, err, want)
		}
	}
}

// TestPlan: the sums run along primary keys, without sorting and without
// reading whole rollups.
func TestPlan(t *testing.T) {
	f := newFixture(t)
	p := today.Quarter()
	for name, q := range map[string]struct {
		query string
		args  []any
	}{
		"edges":           {cellEdges, periodArgs(p, scope{})},
		"blocks":          {blockDays, periodArgs(p, scope{})},
		"blocks by month": {blockMonths, periodArgs(p, scope{})},
		"days":            {cellDays + fromBlock, periodArgs(p, scope{})},
		"last days":       {cellDays + fromDay, periodArgs(p, scope{})},
		"months":          {cellMonths, periodArgs(p, scope{})},
		"trends":          {cellTrends, trendArgs(monthsUpTo(p.From), scope{})},
		"tallies":         {dayTallies, periodArgs(p, scope{})},
		"tallies, month":  {monthTallies, periodArgs(p, scope{})},
		"dossiers":        {perService(byTable(besideSums[0].query, besideSums[0].table, false), 0), periodArgs(p, scope{})},
		"dossiers, month": {perService(byTable(besideSums[0].query, besideSums[0].table, true), 0), periodArgs(p, scope{})},
		"returns":         {perService(byTable(besideSums[1].query, besideSums[1].table, true), 0), periodArgs(p, scope{})},
		"walk-ins":        {byTable(besideSums[2].query, besideSums[2].table, true), periodArgs(p, scope{})},
	} {
		rows, err := f.db.Read().Query("EXPLAIN QUERY PLAN "+q.query, q.args...)
		if err != nil {
			t.Fatal(name, err)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			scan := strings.HasPrefix(detail, "SCAN ") && !strings.HasPrefix(detail, "SCAN u") &&
				!strings.HasPrefix(detail, "SCAN k") && !strings.HasPrefix(detail, "SCAN c") && !strings.HasPrefix(detail, "SCAN e VIRTUAL")
			if scan || strings.Contains(detail, "TEMP B-TREE") {
				t.Errorf("%s: %s", name, detail)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
}
