package page

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"sort"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/survey"
	"hailong/server/index"
)

// provincePage is the data of the view staff/province.
type provincePage struct {
	frame
	Period, Days              string
	Tabs                      []link
	Before, After             string
	From, Until               string // as the form takes them
	PeriodKind, At            string // kept by the filter's form; empty for a range
	Unit, UnitCode            string // where one was chosen
	Kinds, Services           []option
	AllLink                   string // without filters; empty where there are none
	Columns                   []column
	Rows                      []line
	Met, NotMet, TooFew, None string
	Answers, Rate             string
	Participation             string
	Rated, Dossiers           string
	Groups                    []group
	Desks                     []link // of the unit that was chosen
	Chart                     chart
	ScaleFrom                 string
	Least                     string
	Sort                      string
}

type link struct {
	Text, Link string
	Current    bool
}

type option struct {
	Value, Text string
	Selected    bool
}

// column is a heading that sorts.
type column struct {
	Key, Text, Link, Order, Sign, Class string // Order as aria-sort has it
}

// line is one unit and kind of service.
type line struct {
	judged
	Name, Kind, Link, Service string
	Public                    bool
	Covered, Waiting          string // where the answer differs from what was asked
	Parts                     []part
	Participation, Of         string
	WalkIns, Band             string
}

// part is a part of the period with its own target.
type part struct {
	Days string
	judged
}

// group sums up the units of one kind and service.
type group struct {
	Name, Service, Units, Answers, Rate, Met, NotMet, TooFew string
}

func (d Deps) showProvince(c *fiber.Ctx) error {
	a, err := readAsk(c, d.Index.Today())
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	answer, err := d.Index.Query(ctx, index.Query{Period: a.Period, Unit: a.unit, Service: a.service})
	if err != nil {
		return err
	}
	p := provincePage{frame: newFrame(c, "province", "staff.province.title")}
	w := words{p.L}
	p.Sample, p.Charts, p.Least = answer.Sample, true, w.Number(answer.Least)
	if err := d.kinds(c, &p, a); err != nil {
		return err
	}
	if a.unit != "" {
		if p.Desks, err = d.desksOf(ctx, w, a.unit); err != nil {
			return err
		}
	}
	rows := answer.Rows
	if a.kind != "" {
		rows = slices.DeleteFunc(rows, func(r index.Row) bool { return r.Unit.Kind != a.kind })
	}
	by, kinds := sorts[a.sort], kindOrder(rows)
	sort.SliceStable(rows, func(i, j int) bool {
		c := by(&rows[i], &rows[j])
		switch a.sort {
		case "rank": // bands are those of a kind and service, which stay together
			if k := cmp.Compare(kinds[kindOf(&rows[i])], kinds[kindOf(&rows[j])]); k != 0 {
				return k < 0
			}
		case "name":
			c = strings.Compare(w.unit(rows[i].Unit), w.unit(rows[j].Unit))
		}
		if a.down {
			return c > 0
		}
		return c < 0
	})
	p.controls(w, a, d.Index.Today())
	p.fill(w, a, rows, answer.Least, kinds)
	return d.Views.Send(c, fiber.StatusOK, "staff/province", p)
}

func (d Deps) desksOf(ctx context.Context, w words, unit string) (links []link, err error) {
	desks, err := d.Index.Desks(ctx)
	for _, k := range desks {
		if k.Unit.Code == unit {
			links = append(links, link{Text: w.pick(k.Name, k.NameEN), Link: w.Link("/desk/" + url.PathEscape(k.Code))})
		}
	}
	return links, err
}

// kinds fills the filters; a kind of unit that is not known is an error.
func (d Deps) kinds(c *fiber.Ctx, p *provincePage, a ask) error {
	w := words{p.L}
	units, err := d.Index.Units(c.UserContext())
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	p.Kinds = []option{{Text: w.T("staff.all.kinds")}}
	for _, u := range units {
		if !seen[u.Kind] {
			seen[u.Kind] = true
			p.Kinds = append(p.Kinds, option{u.Kind, w.kind(u), u.Kind == a.kind})
		}
		if u.Code == a.unit {
			p.Unit = w.unit(u)
		}
	}
	if a.kind != "" && !seen[a.kind] {
		return survey.New(survey.CodeBadField, "kind")
	}
	p.Services = []option{{Text: w.T("staff.all.services")}}
	for _, s := range survey.Services {
		p.Services = append(p.Services, option{s.String(), w.service(s), s == a.service})
	}
	return nil
}

func (p *provincePage) controls(w words, a ask, today survey.Day) {
	p.Period, p.Days = w.spanName(a.span), w.days(a.Period)
	p.UnitCode = a.unit
	p.From, p.Until, p.Sort = a.From.String(), a.Last().String(), a.order()
	if a.span.kind != byRange {
		p.PeriodKind, p.At = a.span.kind, a.From.String()
	}
	// Another kind of period stays around today where today is shown.
	anchor := a.at
	if a.Contains(today) {
		anchor = today
	}
	for _, k := range periodKinds {
		b := a
		b.span = spanOf(k, anchor)
		p.Tabs = append(p.Tabs, link{w.T("staff.period." + k), b.link(p.frame), k == a.span.kind})
	}
	before, after := a, a
	before.span, after.span = a.before(), a.after()
	if before.From > 0 {
		p.Before = before.link(p.frame)
	}
	p.After = after.link(p.frame)
	if a.unit != "" || a.kind != "" || a.service != 0 {
		b := a
		b.unit, b.kind, b.service = "", "", 0
		p.AllLink = b.link(p.frame)
	}
	for _, k := range []struct{ key, class string }{
		{"name", ""}, {"answers", "num"}, {"rate", "num"}, {"", ""}, {"", ""}, {"verdict", ""}, {"participation", "num"}, {"rank", "num"}} {
		i := len(p.Columns)
		c := column{Key: k.key, Class: k.class, Text: w.T("staff.column." + []string{"unit", "answers", "rate", "interval", "target", "verdict", "participation", "band"}[i])}
		if k.key != "" {
			b := a
			// Numbers are wanted from the greatest down, names and bands upwards.
			b.sort, b.down = k.key, k.class == "num" && k.key != "rank"
			if a.sort == k.key {
				b.down = !a.down
				c.Order, c.Sign = "ascending", "▲"
				if a.down {
					c.Order, c.Sign = "descending", "▼"
				}
			}
			c.Link = b.link(p.frame)
		}
		p.Columns = append(p.Columns, c)
	}
}

func (p *provincePage) fill(w words, a ask, rows []index.Row, least int64, kinds map[kind]int) {
	js := make([]*index.Judged, len(rows))
	for i := range rows {
		js[i] = &rows[i].Judged
	}
	from := scale(least, js...)
	p.ScaleFrom = w.Percent(from, 0)
	var all survey.Tally
	var rated, dossiers int64
	verdicts := map[survey.Verdict]int64{}
	for i := range rows {
		r := &rows[i]
		n := r.Tally()
		all.Answers, all.Satisfied = all.Answers+n.Answers, all.Satisfied+n.Satisfied
		rated, dossiers = rated+r.Rated, dossiers+r.Dossiers
		verdicts[r.Verdict]++
		p.Rows = append(p.Rows, w.line(p.frame, a, r, from))
	}
	p.Answers, p.Rate = w.Number(all.Answers), w.Ratio(all.Satisfied, all.Answers, 1)
	p.Rated, p.Dossiers, p.Participation = w.Number(rated), w.Number(dossiers), w.Ratio(rated, dossiers, 1)
	p.Met, p.NotMet = w.Number(verdicts[survey.VerdictMet]), w.Number(verdicts[survey.VerdictNotMet])
	p.TooFew, p.None = w.Number(verdicts[survey.VerdictTooFew]), w.Number(verdicts[0])
	p.Groups, p.Chart = w.groups(rows, kinds)
}

func (w words) line(f frame, a ask, r *index.Row, from float64) line {
	b := a
	b.unit, b.kind, b.service = r.Unit.Code, "", 0
	l := line{judged: w.judged(&r.Judged, from), Name: w.unit(r.Unit), Kind: w.kind(r.Unit), Link: b.link(f),
		Service: w.service(r.Service), Public: r.Service == survey.ServicePublic,
		Participation: w.Ratio(r.Rated, r.Dossiers, 1), Band: "–"}
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
	if r.Covered != a.Period && r.Covered.Days() > 0 {
		l.Covered = w.brief(r.Covered)
	}
	for i := range r.Parts {
		l.Parts = append(l.Parts, part{w.days(r.Parts[i].Period), w.judged(&r.Parts[i].Judged, from)})
	}
	return l
}

// groups sums up by kind of unit and service, in their order.
func (w words) groups(rows []index.Row, kinds map[kind]int) ([]group, chart) {
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
		s := sums[k]
		if s == nil {
			s = &sum{unit: r.Unit}
			sums[k], keys = s, append(keys, k)
		}
		n := r.Tally()
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
