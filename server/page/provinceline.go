package page

import (
	"cmp"
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
	Change                    change
	Spark                     spark
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
	Spark             spark
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
	var sum survey.Tally
	var rated, dossiers int64
	counted := map[survey.Verdict]int64{}
	for i := range lines {
		l := &lines[i]
		n := l.Tally()
		sum.Answers, sum.Satisfied = sum.Answers+n.Answers, sum.Satisfied+n.Satisfied
		rated, dossiers = rated+l.Rated, dossiers+l.Dossiers
		counted[l.Verdict]++
		v := w.line(p.frame, a.span, l, from, all.Months)
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

func (w words) line(f frame, s span, r *index.Line, from float64, months [index.TrendMonths]survey.Day) line {
	n := r.Tally()
	l := line{judged: w.judged(&r.Judged, from), Name: w.unit(r.Unit), Kind: w.kind(r.Unit), Link: w.unitLink(f, s, r.Unit.Code, r.Service),
		Service: w.service(r.Service), Public: r.Service == survey.ServicePublic, Depth: strconv.Itoa(min(r.Depth, 4)),
		Own:           n.Answers > 0 || r.Dossiers > 0 || r.WalkIns > 0 || r.Target.Set() || r.Waiting > 0 || r.Times.All() > 0,
		Participation: w.Ratio(r.Rated, r.Dossiers, 1), Band: "–",
		Change: w.change(r.Change), Spark: w.spark(r.Trend, months, r.Target, from), Times: w.times(r.Times, r.NoDue, r.Asked),
		Ratio766: w.Ratio(r.Ratio766.Satisfied, r.Ratio766.Answers, 1)}
	if n.Answers < r.Needed {
		l.Needed = w.Number(r.Needed)
	}
	if r.Dossiers > 0 {
		l.Of = w.Number(r.Rated) + "/" + w.Number(r.Dossiers)
	}
	if r.WalkIns > 0 {
		l.WalkIns = w.Number(r.WalkIns)
	}
	if r.Band > 0 {
		l.Band = w.Number(int64(r.Band))
	}
	if r.Waiting > 0 {
		l.Waiting = w.Number(r.Waiting)
	}
	if r.Covered != s.Period && r.Covered.Days() > 0 {
		l.Covered = w.brief(r.Covered)
	}
	for i := range r.Parts {
		l.Parts = append(l.Parts, part{w.days(r.Parts[i].Period), w.judged(&r.Parts[i].Judged, from)})
	}
	if u := r.Under; u != nil {
		l.Under = w.under(u, from, months)
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

func (w words) under(u *index.Under, from float64, months [index.TrendMonths]survey.Day) *under {
	v := &under{judged: w.judged(&u.Judged, from), HasTarget: u.Target.Set(), Change: w.change(u.Change),
		Spark: w.spark(u.Trend, months, u.Target, from), Participation: w.Ratio(u.Rated, u.Dossiers, 1),
		Units: w.T("province.under", "Count", u.Units),
		Verdicts: w.T("province.under.verdicts", "Met", w.Number(int64(u.Verdicts[survey.VerdictMet])),
			"NotMet", w.Number(int64(u.Verdicts[survey.VerdictNotMet])), "TooFew", w.Number(int64(u.Verdicts[survey.VerdictTooFew])))}
	if u.Dossiers > 0 {
		v.Of = w.Number(u.Rated) + "/" + w.Number(u.Dossiers)
	}
	return v
}

func (w words) times(t survey.Timeliness, noDue int64, asked survey.TimelinessTarget) times {
	in, early := t.InTime(), t.EarlyShare()
	v := times{InTime: w.Ratio(in.Satisfied, in.Answers, 1), Early: w.Ratio(early.Satisfied, early.Answers, 1), All: w.Number(t.All()),
		EarlyN: w.Number(t.Early), OnTimeN: w.Number(t.OnTime), LateN: w.Number(t.Late), NoDue: w.Number(noDue)}
	if t.All() > 0 && asked.InTime.Set() {
		a, b := asked.Judge(t)
		v.Judged, v.InTimeVerdict, v.EarlyVerdict = true, w.verdict(a), w.verdict(b)
		v.InTimeTarget, v.EarlyTarget = w.target(asked.InTime), w.target(asked.Early)
	}
	return v
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
