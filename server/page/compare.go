package page

import (
	"context"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/index"
)

// comparePage is the data of the view staff/compare.
type comparePage struct {
	frame
	A, B    side
	Rows    []compareRow
	Units   []option // of A
	Others  []option // of B
	Periods bool     // one unit in two periods
	Swap    string
	Least   string
}

// side is one of the two that are compared.
type side struct {
	Code, Name, Period, Days, From, Until string
}

// compareRow is one kind of service, side by side.
type compareRow struct {
	Service    string
	A, B       judged
	ATimes     times
	BTimes     times
	APart      string
	BPart      string
	Sign       string // of A less B
	Difference string
}

// showCompare compares two units in one period, or one in two: ?a=CODE&b=CODE
// and ?a=CODE&from_b=DAY&until_b=DAY. Without a it is the whole province;
// without b and a second period it is the period before.
func (d Deps) showCompare(c *fiber.Ctx) error {
	if err := known(c, "a", "b", "period", "at", "from", "until", "from_b", "until_b"); err != nil {
		return err
	}
	today := d.Index.Today()
	s, err := readSpan(c, today)
	if err != nil {
		return err
	}
	a, b := httpx.Copy(c.Query("a")), httpx.Copy(c.Query("b"))
	other := s
	switch from, until := c.Query("from_b"), c.Query("until_b"); {
	case from+until != "":
		if other, err = parseSpan(from, until, "", "", today); err != nil {
			return err
		}
		if other.From > today {
			return survey.New(survey.CodeNotYet, other.From)
		}
	case b == "" || b == a:
		other = s.before()
	}
	if b == "" {
		b = a
	}
	p := comparePage{frame: newFrame(c, "province", "province.compare.title"), Periods: a == b}
	w := words{p.L}
	units, err := d.Index.Units(c.UserContext())
	if err != nil {
		return err
	}
	scope := access.ScopeOf(c)
	p.Units, p.Others = w.choose(units, a, scope), w.choose(units, b, scope)
	p.A, p.B = w.side(units, a, s), w.side(units, b, other)
	left, err := d.sum(c.UserContext(), a, s.Period)
	if err != nil {
		return err
	}
	right, err := d.sum(c.UserContext(), b, other.Period)
	if err != nil {
		return err
	}
	p.Sample, p.Least = left.sample, w.Number(left.least)
	p.rows(w, left, right)
	q := url.Values{"a": {b}, "b": {a}, "from": {p.B.From}, "until": {p.B.Until}, "from_b": {p.A.From}, "until_b": {p.A.Until}}
	p.Swap = p.L.Link("/compare?" + q.Encode())
	return d.Views.Send(c, fiber.StatusOK, "staff/compare", p)
}

// choose offers the units of a scope; the whole province where it is all.
func (w words) choose(units []index.Unit, chosen string, scope access.Scope) (options []option) {
	if scope.All() {
		options = append(options, option{Text: w.T("province.compare.all"), Selected: chosen == ""})
	}
	for _, u := range units {
		if scope.Unit(u.Code) {
			options = append(options, option{u.Code, w.unit(u), u.Code == chosen})
		}
	}
	return options
}

func (w words) side(units []index.Unit, code string, s span) side {
	v := side{Code: code, Name: w.T("province.compare.all"), Period: w.spanOrDays(s), Days: w.days(s.Period), From: s.From.String(), Until: s.Last().String()}
	for _, u := range units {
		if u.Code == code {
			v.Name = w.unit(u)
		}
	}
	return v
}

// sums are a unit's rows, or of the whole province its sums, by kind of service.
type sums struct {
	rows   map[survey.Service]*index.Row
	sample bool
	least  int64
}

func (d Deps) sum(ctx context.Context, unit string, p survey.Period) (sums, error) {
	a, err := d.Index.Query(ctx, index.Query{Period: p, Unit: unit})
	s := sums{map[survey.Service]*index.Row{}, a.Sample, a.Least}
	for i := range a.Rows {
		r := &a.Rows[i]
		sum := s.rows[r.Service]
		if sum == nil {
			s.rows[r.Service] = r
			continue
		}
		sum.Counts = sum.Counts.Add(r.Counts)
		sum.Rated, sum.Dossiers = sum.Rated+r.Rated, sum.Dossiers+r.Dossiers
		sum.Times.Early += r.Times.Early
		sum.Times.OnTime += r.Times.OnTime
		sum.Times.Late += r.Times.Late
		if sum.Target != r.Target { // units with different targets have none together
			sum.Target, sum.Verdict = survey.Target{}, 0
		}
		if sum.Asked != r.Asked {
			sum.Asked = survey.TimelinessTarget{}
		}
		n := sum.Tally()
		sum.Low, sum.High = survey.Wilson(n.Satisfied, n.Answers)
		sum.Verdict = survey.Judge(sum.Target, n.Satisfied, n.Answers, a.Least)
		sum.Straddles = survey.Straddles(sum.Target, n.Satisfied, n.Answers)
	}
	return s, err
}

func (p *comparePage) rows(w words, left, right sums) {
	for _, s := range survey.Services {
		a, b := left.rows[s], right.rows[s]
		if a == nil && b == nil {
			continue
		}
		empty := &index.Row{Judged: index.Judged{High: 1}}
		if a == nil {
			a = empty
		}
		if b == nil {
			b = empty
		}
		from := scale(left.least, &a.Judged, &b.Judged)
		change := index.ChangeOf(a.Tally(), b.Tally())
		p.Rows = append(p.Rows, compareRow{Service: w.service(s), A: w.judged(&a.Judged, from), B: w.judged(&b.Judged, from),
			ATimes: w.times(a.Times, a.NoDue, a.Asked), BTimes: w.times(b.Times, b.NoDue, b.Asked),
			APart: w.Ratio(a.Rated, a.Dossiers, 1), BPart: w.Ratio(b.Rated, b.Dossiers, 1),
			Sign: w.change(change).Sign, Difference: w.between(change)})
	}
}

// between is the difference of A and B in words.
func (w words) between(c index.Change) string {
	low, high, points := w.Decimal(100*c.Low, 1), w.Decimal(100*c.High, 1), w.Decimal(100*max(c.Points, -c.Points), 1)
	switch c.Direction {
	case index.DirectionUp:
		return w.T("province.between.above", "Points", points, "Low", low, "High", high)
	case index.DirectionDown:
		return w.T("province.between.below", "Points", points, "Low", w.Decimal(-100*c.High, 1), "High", w.Decimal(-100*c.Low, 1))
	case index.DirectionSame:
		return w.T("province.between.same", "Low", low, "High", high)
	}
	return w.T("province.between.none")
}
