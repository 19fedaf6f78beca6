package index

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

func (f *fixture) province(q ProvinceQuery) Province {
	f.t.Helper()
	p, err := f.x.Province(context.Background(), q)
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

func (p *Province) line(t *testing.T, unit string, s survey.Service) *Line {
	t.Helper()
	for i := range p.Lines {
		if p.Lines[i].Unit.Code == unit && p.Lines[i].Service == s {
			return &p.Lines[i]
		}
	}
	t.Fatalf("no line of %s", unit)
	return nil
}

func codes(lines []Line) (all []string) {
	for i := range lines {
		all = append(all, lines[i].Unit.Code)
	}
	return all
}

// claimed writes a fact about a unit as the projection keeps it.
func claimed(t *testing.T, number uint64, wall int64, u fact.Unit) []statement {
	body, err := fact.Marshal(u)
	if err != nil {
		t.Fatal(err)
	}
	data, err := (&fact.Fact{Version: 1, Number: number, Wall: wall, Kind: fact.KindUnit, Body: body}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return []statement{row(`INSERT INTO fact VALUES (?, ?)`, number, data), row(`INSERT INTO claim VALUES (?, ?, ?)`, fact.KindUnit, u.Code, number)}
}

// TestTree: a unit counts under the parent that it has on the period's last day:
// from 2018's three levels to 2025's two. A hospital of the city goes to the
// department of health on the day on which the city ends.
func TestTree(t *testing.T) {
	f := newFixture(t)
	cut := survey.NewDay(2025, time.July, 1)
	f.write(row(insertKind, "so", "Sở", ""), row(insertUnit, "H41", 1, "Tỉnh", "", "tinh", "", 0, 0), row(insertUnit, "SYT", 2, "Sở Y tế", "", "so", "H41", 0, 0),
		row(insertUnit, "VINH", 3, "Thành phố Vinh", "", "tp", "H41", 0, cut), row(insertUnit, "V1", 4, "Phường 1", "", "phuong", "VINH", 0, cut),
		row(insertUnit, "BV", 5, "Bệnh viện", "", "sn", "SYT", cut, 0), row(insertUnit, "16681", 6, "Phường Thành Vinh", "", "phuong", "H41", cut, 0),
		row(insertTarget, "phuong", "", 1, 0, 1, 9000), row(insertTarget, "sn", "", 2, 0, 1, 9000), row(insertTarget, "so", "", 1, 0, 1, 9500),
		row(insertCell, 1, 4, 1, 0), row(insertCell, 2, 5, 2, 0), row(insertCell, 3, 6, 1, 0), row(insertCell, 4, 2, 1, 0))
	f.write(claimed(t, 1, 100, fact.Unit{Code: "BV", Name: "Bệnh viện", Kind: "sn", Parent: "VINH", From: int32(survey.NewDay(2018, 1, 1))})...)
	f.write(claimed(t, 2, 200, fact.Unit{Code: "BV", Name: "Bệnh viện tỉnh", Kind: "sn", Parent: "SYT", From: int32(cut)})...)
	for _, d := range []survey.Day{cut - 40, cut + 40} {
		for id := int64(1); id <= 4; id++ {
			if gone, begun := id == 1 && d >= cut, id != 3 || d >= cut; !gone && begun {
				f.write(cellDay(id, d, survey.Counts{0, 0, 1, 0, 39}))
			}
		}
	}
	half := survey.Period{From: cut - 181, To: cut}
	before := f.province(ProvinceQuery{Query: Query{Period: half}, Before: survey.Period{From: half.From - 181, To: half.From}})
	if got, want := codes(before.Lines), []string{"H41", "SYT", "VINH", "V1", "H41", "VINH", "BV"}; !slices.Equal(got, want) {
		t.Errorf("in the first half of 2025: %v, want %v", got, want)
	}
	if l := before.line(t, "BV", survey.ServicePublic); l.Unit.Parent != "VINH" || l.Unit.Name != "Bệnh viện" || l.Depth != 2 {
		t.Errorf("%+v", l.Unit)
	}
	if u := before.line(t, "VINH", survey.ServiceAdministrative).Under; u.Units != 1 || u.Counts.Answers() != 40 || u.Verdict != survey.VerdictMet || u.Target.Hundredths != 9000 {
		t.Errorf("below the city: %+v", u)
	}
	// The department has 95%, the wards 90%: together no target.
	if u := before.line(t, "H41", survey.ServiceAdministrative).Under; u.Units != 2 || u.Counts.Answers() != 80 || u.Verdict != 0 || u.Verdicts[survey.VerdictMet] != 2 {
		t.Errorf("below the province: %+v", u)
	}
	year := f.province(ProvinceQuery{Query: Query{Period: cut.Year()}, Before: survey.Period{From: half.From - 365, To: half.From}})
	if l := year.line(t, "BV", survey.ServicePublic); l.Unit.Parent != "SYT" || l.Unit.Name != "Bệnh viện tỉnh" || l.Counts.Answers() != 80 {
		t.Errorf("over the year, by where it is on the last day: %+v", l)
	}
	if u := year.line(t, "SYT", survey.ServicePublic).Under; u.Units != 1 || u.Counts.Answers() != 80 {
		t.Errorf("below the department: %+v", u)
	}
	// The city and its ward have ended and still show what they had.
	if l := year.line(t, "V1", survey.ServiceAdministrative); l.Counts.Answers() != 40 || l.Unit.Parent != "VINH" {
		t.Errorf("%+v", l)
	}
	after := f.province(ProvinceQuery{Query: Query{Period: survey.Period{From: cut, To: cut + 90}}, Before: half})
	if got, want := codes(after.Lines), []string{"H41", "16681", "SYT", "H41", "SYT", "BV"}; !slices.Equal(got, want) {
		t.Errorf("after: %v, want %v", got, want)
	}
	one := f.province(ProvinceQuery{Query: Query{Period: half, Unit: "VINH"}, Before: half})
	if got, want := codes(one.Lines), []string{"VINH", "V1", "VINH", "BV"}; !slices.Equal(got, want) {
		t.Errorf("of one unit: %v, want %v", got, want)
	}
	// Who manages the hospital's unit is asked of a day, too.
	for day, want := range map[survey.Day]string{cut - 1: "VINH", cut: "SYT"} {
		units, _, err := f.x.Organisation(context.Background(), day)
		if i := slices.IndexFunc(units, func(u Unit) bool { return u.Code == "BV" }); err != nil || len(units) != 6 || units[i].Parent != want {
			t.Errorf("on %v: %+v %v", day, units, err)
		}
	}
}

// TestCircle: parents in a circle, as two servers' facts could say, lose no row.
func TestCircle(t *testing.T) {
	f := newFixture(t)
	f.write(row(insertUnit, "A", 1, "A", "", "k", "B", 0, 0), row(insertUnit, "B", 2, "B", "", "k", "A", 0, 0), row(insertTarget, "k", "", 1, 0, 1, 9000))
	p := f.province(ProvinceQuery{Query: Query{Period: today.Month()}, Before: (today - 40).Month()})
	if got := codes(p.Lines); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

// TestChange: what is said of two periods is the interval's word, not the
// difference's.
func TestChange(t *testing.T) {
	for _, c := range []struct {
		now, before survey.Tally
		want        Direction
	}{
		{survey.Tally{Satisfied: 190, Answers: 200}, survey.Tally{Satisfied: 150, Answers: 200}, DirectionUp},
		{survey.Tally{Satisfied: 150, Answers: 200}, survey.Tally{Satisfied: 190, Answers: 200}, DirectionDown},
		{survey.Tally{Satisfied: 19, Answers: 20}, survey.Tally{Satisfied: 18, Answers: 20}, DirectionSame},
		{survey.Tally{Satisfied: 19, Answers: 20}, survey.Tally{}, 0},
	} {
		got := ChangeOf(c.now, c.before)
		low, high := survey.Newcombe(c.now, c.before)
		if got.Direction != c.want || got.Low != low || got.High != high {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

// TestBesideTheIndex: timeliness, the ratio of 766 and the sample needed, of the
// period alone, also where it is not made of whole months.
func TestBesideTheIndex(t *testing.T) {
	f := newFixture(t)
	f.write(row(insertUnit, "A", 1, "A", "A", "so", "", 0, 0), row(insertCell, 1, 1, 1, 0),
		row(insertSetting, "timeliness/so", "2018-01-01 =100 >=30"))
	from := survey.NewDay(2026, time.January, 20)
	to := survey.NewDay(2026, time.May, 11)
	var dossiers, early, late int64
	for d := from - 60; d < to+60; d++ {
		n := int64(d % 7)
		f.write(row(insertDossier, 1, 1, d, n, n/2), row(`INSERT INTO return_day VALUES (1, 1, ?, ?, 2, ?, 1)`, d, n, n/6))
		if from <= d && d < to {
			dossiers, early, late = dossiers+n, early+n, late+n/6
		}
	}
	f.write(cellDay(1, from+3, survey.Counts{1, 2, 3, 4, 5}))
	r := f.one(Query{Period: survey.Period{From: from, To: to}})
	days := int64(to - from)
	if r.Dossiers != dossiers || r.Times != (survey.Timeliness{Early: early, OnTime: 2 * days, Late: late}) || r.NoDue != days {
		t.Errorf("%+v: want %d dossiers, %d early, %d late, %d days", r, dossiers, early, late, days)
	}
	if r.Ratio766 != (survey.Tally{Satisfied: dossiers - late - 3, Answers: dossiers}) || r.Asked != survey.TimelinessDepartment {
		t.Errorf("%+v %+v", r.Ratio766, r.Asked)
	}
	if want := int64(math.Ceil(float64(dossiers) / (1 + float64(dossiers)*.0025))); r.Needed != want {
		t.Errorf("%d ballots needed, want %d", r.Needed, want)
	}
}

// TestLookFirst: who surely misses comes first, and among those who concerns
// more people.
func TestLookFirst(t *testing.T) {
	f := newFixture(t)
	f.write(row(insertTarget, "k", "", 1, 0, 1, 9500))
	for i, c := range []struct {
		code     string
		n        survey.Counts
		dossiers int64
	}{
		{"LIKELY", survey.Counts{0, 0, 6, 0, 94}, 90000}, // 94%: the interval holds the target
		{"SMALL", survey.Counts{0, 0, 40, 0, 60}, 200},
		{"LARGE", survey.Counts{0, 0, 200, 0, 800}, 9000},
		{"MET", survey.Counts{0, 0, 1, 0, 99}, 9000},
		{"FEW", survey.Counts{0, 0, 5, 0, 5}, 9000},
	} {
		f.write(row(insertUnit, c.code, i+1, c.code, "", "k", "", 0, 0), row(insertCell, i+1, i+1, 1, 0), cellDay(int64(i+1), today, c.n),
			row(insertDossier, i+1, 1, today, c.dossiers, 0))
	}
	p := f.province(ProvinceQuery{Query: Query{Period: today.Month()}, Before: (today - 40).Month()})
	all := LookFirst(p.Lines)
	var got []string
	for _, k := range all {
		got = append(got, k.Line.Unit.Code)
	}
	if want := []string{"LARGE", "SMALL", "LIKELY"}; !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	_, high := survey.Wilson(800, 1000)
	if want := int64((.95-high)*9000 + .5); !all[0].Sure || all[0].People != want || all[2].Sure || all[2].People != 900 {
		t.Errorf("%+v, want %d people", all, want)
	}
}

func BenchmarkProvinceTree(b *testing.B) {
	f := bigFixture(b, 500, 730, true)
	q := ProvinceQuery{Query: Query{Period: today.Quarter()}, Before: (today.Quarter().From - 1).Quarter()}
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		if p := f.province(q); len(p.Lines) != 500 {
			b.Fatal(len(p.Lines))
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms/p99")
}
