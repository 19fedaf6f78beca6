package closing

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"hailong/internal/survey"
	"hailong/server/api"
	"hailong/server/index"
)

func countsOf(s api.Scores) survey.Counts {
	return survey.Counts{s.One, s.Two, s.Three, s.Four, s.Five}
}

// askIndex asks for the index of a period, of each unit.
func (a *attacker) askIndex(all []shownBallot, p survey.Period) {
	a.t.Helper()
	var answer api.Index
	if err := json.Unmarshal(a.get("/api/v1/index?from="+p.From.String()+"&to="+p.To.String()), &answer); err != nil {
		a.t.Fatal(err)
	}
	for _, r := range answer.Rows {
		a.learn(fmt.Sprint("index of ", r.Unit.Code, p), sets(all, func(b *shownBallot) bool {
			return b.cell.unit == r.Unit.Code && b.cell.service == r.Service && p.Contains(b.last)
		}), countsOf(r.Scores))
	}
}

// askDesk asks for all figures of a desk's page.
func (a *attacker) askDesk(all []shownBallot, desk string, today survey.Day) {
	a.t.Helper()
	w, err := a.x.DeskWhole(context.Background(), desk, today)
	if err != nil {
		a.t.Fatal(err)
	}
	in := func(p survey.Period) []int {
		return sets(all, func(b *shownBallot) bool { return b.cell.desk == desk && p.Contains(b.last) })
	}
	a.learn("today", in(today.Single()), w.Today.Counts)
	a.learn("the last days", in(survey.Period{From: today - index.DeskDays + 1, To: today + 1}), w.Month.Counts)
	for _, d := range w.Days {
		a.learn("a day", in(d.Covered.Last().Single()), d.Counts)
	}
	for i, m := 0, today.Month(); i < index.DeskMonths; i, m = i+1, (m.From - 1).Month() {
		if of := in(survey.Period{From: m.From, To: min(m.To, today+1)}); len(of) > 0 {
			j := slices.IndexFunc(w.Months, func(x index.Judged) bool { return m.Contains(x.Covered.Last()) })
			if j < 0 {
				a.t.Fatalf("desk %s does not show %v", desk, m)
			}
			a.learn("a month", of, w.Months[j].Counts)
		}
	}
	var faces survey.Counts
	for _, s := range w.Faces {
		faces[s-1]++
	}
	if n := len(w.Days); n > 0 && len(w.Faces) < index.MostFaces && faces != w.Days[n-1].Counts {
		a.t.Fatalf("faces %v of %v", faces, w.Days[n-1].Counts)
	}
}

// closed keeps what is in a month's closing, at its moment.
func (a *attacker) closed(m *month, all []shownBallot) {
	x := attackedMonth{period: m.period, unknown: map[*ballot]int{}, left: m.left}
	type key struct {
		ballot int64
		cell   cellKey
	}
	of := map[key]int{}
	for _, b := range all {
		of[key{b.ballot, b.cell}] = b.unknown
	}
	for i := range m.ballots {
		b := &m.ballots[i]
		x.ballots, x.unknown[b] = append(x.ballots, b), of[key{b.id, b.cell}]
	}
	a.months = append(a.months, x)
}

// askClosed asks for what the closed months of a period published.
func (a *attacker) askClosed(units int, p survey.Period) {
	a.t.Helper()
	var months []*attackedMonth
	for i := range a.months {
		if m := &a.months[i]; m.period.From >= p.From && m.period.To <= p.To {
			months = append(months, m)
		}
	}
	of := func(unit string, without []api.ClosedMonth, in func(*ballot) bool) (set []int) {
		for _, m := range months {
			if slices.ContainsFunc(without, func(w api.ClosedMonth) bool { return w.From == m.period.From }) {
				continue
			}
			for _, b := range m.ballots {
				if b.cell.unit == unit && in(b) {
					set = append(set, m.unknown[b])
				}
			}
		}
		return set
	}
	published, err := a.x.Published(context.Background(), p)
	if err != nil || len(published.Months) != len(months) {
		a.t.Fatal(err, len(published.Months), len(months))
	}
	for _, r := range published.Rows {
		a.learn("published", of(r.Unit.Code, nil, func(*ballot) bool { return true }), r.Counts)
	}
	for u := range units {
		unit := unitName(u)
		for _, by := range index.Dimensions {
			var b api.Breakdown
			body := a.get(fmt.Sprintf("/api/v1/breakdown?unit=%s&service=administrative&by=%s&from=%s&to=%s", unit, by, p.From, p.To))
			if err := json.Unmarshal(body, &b); err != nil {
				a.t.Fatal(err)
			}
			a.learn("the whole", of(unit, nil, func(*ballot) bool { return true }), countsOf(b.Whole.Scores))
			a.askParts(by, &b, func(without bool, in func(*ballot) bool) []int {
				if without {
					return of(unit, b.Without, in)
				}
				return of(unit, nil, in)
			})
		}
	}
}

// askParts takes the parts of a breakdown: values, then what is left of a field,
// then what is left of all.
func (a *attacker) askParts(by string, b *api.Breakdown, of func(without bool, in func(*ballot) bool) []int) {
	a.t.Helper()
	taken := map[int]bool{}
	take := func(p *api.Part, set []int) {
		set = slices.DeleteFunc(set, func(u int) bool { return taken[u] })
		for _, u := range set {
			taken[u] = true
		}
		a.learn(fmt.Sprintf("%s of %s is %q %q", by, b.Unit.Code, p.Field, p.Value), set, countsOf(p.Scores))
	}
	rank := func(p api.Part) int {
		switch {
		case !p.Other:
			return 0
		case p.Field != "" || p.Value != index.OtherValue:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(b.Parts, func(x, y api.Part) int { return cmp.Compare(rank(x), rank(y)) })
	for i := range b.Parts {
		p := &b.Parts[i]
		switch {
		case by == index.ByDesk:
			take(p, of(false, func(x *ballot) bool { return x.cell.desk == p.Value }))
		case !p.Other && by == index.ByProcedure:
			take(p, of(true, func(x *ballot) bool { return x.field == p.Field && x.procedure == p.Value }))
		case !p.Other:
			take(p, of(true, func(x *ballot) bool { return x.value(by) == p.Value }))
		case p.Field != "":
			take(p, of(true, func(x *ballot) bool { return x.field == p.Field }))
		default:
			take(p, of(false, func(*ballot) bool { return true }))
		}
	}
}

// askExport takes the classes in which a month's single ballots are told: which
// ballots are in one the attacker reckons as the program does.
func (a *attacker) askExport(m *attackedMonth) {
	a.t.Helper()
	body := a.get(fmt.Sprintf("/api/v1/export?from=%s&to=%s", m.period.From, m.period.To))
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(body), "\ufeff"))).ReadAll()
	if err != nil {
		a.t.Fatal(err)
	}
	score := slices.Index(rows[0], "score")
	told := map[string]*survey.Counts{}
	for _, r := range rows[1:] {
		at(told, strings.Join(r[:score], "\x00"))[r[score][0]-'1']++
	}
	var got, want []string
	for _, n := range told {
		got = append(got, fmt.Sprint(*n))
	}
	parts := map[group][]*ballot{}
	for _, b := range m.ballots {
		g := group{b.cell.unit, b.cell.service}
		parts[g] = append(parts[g], b)
	}
	for g, bs := range parts {
		for _, class := range classes(bs, levelOf(m.left[g])) {
			var n survey.Counts
			var set []int
			for _, b := range class {
				n[b.score-1]++
				set = append(set, m.unknown[b])
			}
			want = append(want, fmt.Sprint(n))
			a.learn("a class of single ballots", set, n)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		a.t.Fatalf("classes %v, want %v", got, want)
	}
}
