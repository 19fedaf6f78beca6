package page

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strconv"

	"hailong/internal/survey"
	"hailong/server/index"
)

// line is one unit and kind of service, and those below it.
type line struct {
	judged
	Name, Kind, Link, Service string
	Public, Own               bool // Own: it has a row of its own
	Depth                     string
	Needed                    string // ballots, where there are fewer
	Covered, Waiting          string // where the answer differs from what was asked
	Parts                     []part
	Participation, Of         string
	WalkIns, Band             string
	Voided                    string // ratings; empty: none
	Change                    change
	Spark, Picture            template.HTML // twelve months; the interval
	Times                     times
	Ratio766                  string
	Under                     *under
}

// part is a part of the period with its own target.
type part struct {
	Days string
	judged
}

// times is how many dossiers were returned in time, and what was asked.
type times struct {
	InTime, Early             string
	InTimeVerdict             verdict
	EarlyVerdict              verdict
	InTimeTarget, EarlyTarget string
	All, EarlyN, OnTimeN      string
	LateN, NoDue              string
	Judged                    bool
}

// under is what is below a unit.
type under struct {
	judged
	Depth             string
	Name, Link, Kind  string // where the unit has no row of its own
	Units, Verdicts   string
	HasTarget         bool
	Change            change
	Spark, Picture    template.HTML
	Participation, Of string
}

// group sums up the units of one kind and service.
type group struct {
	Name, Service, Units, Answers, Rate, Met, NotMet, TooFew string
}

// look is a unit to look at first.
type look struct {
	Name, Link, Rate, Target, Service, People string
	Public, Sure                              bool
}

func (p *provincePage) fill(w words, a ask, all *index.Province, lines []index.Line, kinds map[kind]int) {
	js := make([]*index.Judged, 0, len(lines))
	for i := range lines {
		js = append(js, &lines[i].Judged)
	}
	from := scale(all.Least, js...)
	p.ScaleFrom = w.Percent(from, 0)
	t := newTable(w, p.frame, a.span, from, all.Months)
	var sum survey.Tally
	var rated, dossiers int64
	counted := map[survey.Verdict]int64{}
	for i := range lines {
		l := &lines[i]
		n := l.Tally()
		sum.Answers, sum.Satisfied = sum.Answers+n.Answers, sum.Satisfied+n.Satisfied
		rated, dossiers = rated+l.Rated, dossiers+l.Dossiers
		counted[l.Verdict]++
		v := t.line(l)
		if !p.Tree {
			v.Depth, v.Under = "0", nil
			if !v.Own {
				continue
			}
		}
		p.Lines = append(p.Lines, v)
	}
	p.Answers, p.Rate = w.Number(sum.Answers), w.Ratio(sum.Satisfied, sum.Answers, 1)
	p.Rated, p.Dossiers, p.Participation = w.Number(rated), w.Number(dossiers), w.Ratio(rated, dossiers, 1)
	p.Met, p.NotMet = w.Number(counted[survey.VerdictMet]), w.Number(counted[survey.VerdictNotMet])
	p.TooFew, p.None = w.Number(counted[survey.VerdictTooFew]), w.Number(counted[0])
	looks := index.LookFirst(lines)
	if n := len(looks) - mostLooks; n > 0 {
		p.MoreLooks, looks = w.Number(int64(n)), looks[:mostLooks]
	}
	for _, k := range looks {
		p.Looks = append(p.Looks, look{Name: w.unit(k.Line.Unit), Link: w.unitLink(p.frame, a.span, k.Line.Unit.Code, k.Line.Service),
			Rate: w.Ratio(k.Line.Counts.Satisfied(), k.Line.Counts.Answers(), 1), Target: w.target(k.Line.Target),
			Service: w.service(k.Line.Service), Public: k.Line.Service == survey.ServicePublic, Sure: k.Sure, People: w.Number(k.People)})
	}
	p.Groups, p.Chart = w.groups(lines, kinds)
}

// unitLink is the address of a unit's page for a period and kind of service.
func (w words) unitLink(f frame, s span, code string, service survey.Service) string {
	q := url.Values{}
	s.set(q)
	q.Set("service", service.String())
	return f.L.Link("/unit/" + url.PathEscape(code) + "?" + q.Encode())
}

// table writes many lines: what they share is put into words once.
type table struct {
	words
	frame    frame
	span     span
	from     float64 // where the bars begin
	days     [index.TrendMonths]string
	trend    string
	targets  map[survey.Target]string
	verdicts [4]verdict
	straddle string
}

func newTable(w words, f frame, s span, from float64, months [index.TrendMonths]survey.Day) *table {
	t := &table{words: w, frame: f, span: s, from: from, trend: w.T("province.column.trend"), targets: map[survey.Target]string{}, straddle: w.T("staff.straddles")}
	for i := range t.verdicts {
		t.verdicts[i] = w.verdict(survey.Verdict(i))
	}
	for i, d := range months {
		t.days[i] = w.T("province.spark.month", "Month", w.monthOf(d))
	}
	return t
}

func (t *table) target(of survey.Target) string {
	text, ok := t.targets[of]
	if !ok {
		text = t.words.target(of)
		t.targets[of] = text
	}
	return text
}

// judged is that of words, without the ballots in words.
func (t *table) judged(j *index.Judged) judged {
	n := j.Tally()
	v := judged{Answers: t.Number(n.Answers), Rate: t.Ratio(n.Satisfied, n.Answers, 1), Interval: "–", Target: t.target(j.Target),
		StraddleText: t.straddle, Verdict: t.verdicts[j.Verdict], Straddles: j.Straddles && j.Verdict != survey.VerdictTooFew}
	if n.Answers > 0 {
		v.Interval = t.Percent(j.Low, 1) + " – " + t.Percent(j.High, 1)
		v.Bar = newBar(j, t.from)
	}
	return v
}

// voided writes a number of void ratings; empty for none.
func (w words) voided(n int64) string {
	if n <= 0 {
		return ""
	}
	return w.Number(n)
}

func (t *table) line(r *index.Line) line {
	n := r.Tally()
	l := line{judged: t.judged(&r.Judged), Name: t.unit(r.Unit), Kind: t.kind(r.Unit), Link: t.unitLink(t.frame, t.span, r.Unit.Code, r.Service),
		Service: t.service(r.Service), Public: r.Service == survey.ServicePublic, Depth: strconv.Itoa(min(r.Depth, 4)),
		Own:           n.Answers > 0 || r.Dossiers > 0 || r.WalkIns > 0 || r.Voided > 0 || r.Target.Set() || r.Waiting > 0 || r.Times.All() > 0,
		Participation: t.Ratio(r.Rated, r.Dossiers, 1), Band: "–",
		Change: t.change(r.Change), Spark: t.spark(r.Trend, r.Target), Times: t.times(r.Times, r.NoDue, r.Asked),
		Ratio766: t.Ratio(r.Ratio766.Satisfied, r.Ratio766.Answers, 1)}
	if n.Answers < r.Needed {
		l.Needed = t.Number(r.Needed)
	}
	if r.Dossiers > 0 {
		l.Of = t.Number(r.Rated) + "/" + t.Number(r.Dossiers)
	}
	l.Voided = t.voided(r.Voided)
	if r.WalkIns > 0 {
		l.WalkIns = t.Number(r.WalkIns)
	}
	if r.Band > 0 {
		l.Band = t.Number(int64(r.Band))
	}
	if r.Waiting > 0 {
		l.Waiting = t.Number(r.Waiting)
	}
	if r.Covered != t.span.Period && r.Covered.Days() > 0 {
		l.Covered = t.brief(r.Covered)
	}
	for i := range r.Parts {
		l.Parts = append(l.Parts, part{t.words.days(r.Parts[i].Period), t.judged(&r.Parts[i].Judged)})
	}
	l.Picture = l.Bar.svg()
	if u := r.Under; u != nil {
		l.Under = t.under(u)
		l.Under.Depth = l.Depth
		if !l.Own {
			l.Under.Name, l.Under.Link, l.Under.Kind = l.Name, l.Link, l.Kind
			if l.Public {
				l.Under.Kind += " · " + l.Service
			}
		}
	}
	return l
}

func (t *table) under(u *index.Under) *under {
	v := &under{judged: t.judged(&u.Judged), HasTarget: u.Target.Set(), Change: t.change(u.Change),
		Spark: t.spark(u.Trend, u.Target), Participation: t.Ratio(u.Rated, u.Dossiers, 1),
		Units: t.T("province.under", "Count", u.Units),
		Verdicts: t.T("province.under.verdicts", "Met", t.Number(int64(u.Verdicts[survey.VerdictMet])),
			"NotMet", t.Number(int64(u.Verdicts[survey.VerdictNotMet])), "TooFew", t.Number(int64(u.Verdicts[survey.VerdictTooFew])))}
	v.Picture = v.Bar.svg()
	if u.Dossiers > 0 {
		v.Of = t.Number(u.Rated) + "/" + t.Number(u.Dossiers)
	}
	return v
}

func (t *table) times(of survey.Timeliness, noDue int64, asked survey.TimelinessTarget) times {
	in, early := of.InTime(), of.EarlyShare()
	v := times{InTime: t.Ratio(in.Satisfied, in.Answers, 1), Early: t.Ratio(early.Satisfied, early.Answers, 1), All: t.Number(of.All()),
		EarlyN: t.Number(of.Early), OnTimeN: t.Number(of.OnTime), LateN: t.Number(of.Late), NoDue: t.Number(noDue)}
	if of.All() > 0 && asked.InTime.Set() {
		a, b := asked.Judge(of)
		v.Judged, v.InTimeVerdict, v.EarlyVerdict = true, t.verdicts[a], t.verdicts[b]
		v.InTimeTarget, v.EarlyTarget = t.target(asked.InTime), t.target(asked.Early)
	}
	return v
}

// times says timeliness outside a table.
func (w words) times(of survey.Timeliness, noDue int64, asked survey.TimelinessTarget) times {
	return newTable(w, frame{}, span{}, 0, [index.TrendMonths]survey.Day{}).times(of, noDue, asked)
}

// groups sums up by kind of unit and service, in their order.
func (w words) groups(rows []index.Line, kinds map[kind]int) ([]group, chart) {
	type sum struct {
		unit  index.Unit
		units int64
		survey.Tally
		verdicts [4]int64
	}
	sums := map[kind]*sum{}
	var keys []kind
	for i := range rows {
		r := &rows[i]
		k := kindOf(r)
		n := r.Tally()
		if n.Answers == 0 && !r.Target.Set() {
			continue // only in the tree for those below it
		}
		s := sums[k]
		if s == nil {
			s = &sum{unit: r.Unit}
			sums[k], keys = s, append(keys, k)
		}
		s.units++
		s.Answers, s.Satisfied = s.Answers+n.Answers, s.Satisfied+n.Satisfied
		s.verdicts[r.Verdict]++
	}
	slices.SortFunc(keys, func(a, b kind) int {
		return cmp.Compare(kinds[a], kinds[b])
	})
	c := chart{Kind: "verdicts", Description: w.T("staff.groups.describe"),
		Series: []series{{Name: w.T("staff.verdict.met")}, {Name: w.T("staff.verdict.notmet")}, {Name: w.T("staff.verdict.toofew")}}}
	var groups []group
	for _, k := range keys {
		s := sums[k]
		name := w.kind(s.unit)
		g := group{Name: name, Service: w.service(k.service), Units: w.Number(s.units), Answers: w.Number(s.Answers),
			Rate: w.Ratio(s.Satisfied, s.Answers, 1), Met: w.Number(s.verdicts[survey.VerdictMet]),
			NotMet: w.Number(s.verdicts[survey.VerdictNotMet]), TooFew: w.Number(s.verdicts[survey.VerdictTooFew])}
		groups = append(groups, g)
		if k.service == survey.ServicePublic {
			name += " · " + w.T("staff.service.public.short")
		}
		c.Labels = append(c.Labels, name)
		for i := range c.Series {
			n := float64(s.verdicts[i+1])
			c.Series[i].Values = append(c.Series[i].Values, &n)
		}
	}
	return groups, c
}
