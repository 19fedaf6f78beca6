package page

import (
	"net/url"
	"slices"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/index"
)

// unitPage is the data of the view staff/unit.
type unitPage struct {
	frame
	picker
	Code, Name, Kind         string
	Above                    []link
	ServiceTabs              []link // where the unit has more than one
	ServiceName, ServiceCode string
	Line                     line
	Ballots                  string // of the line, in words
	BeforeName, BeforeRate   string
	BeforeAnswers            string
	ChangeText               string // the interval of the change in words; empty without two periods
	KioskN, KioskShare       string
	PhoneN, PhoneShare       string
	Changed                  string
	Needed, Collected        string
	Months, LastDays         history
	MonthsDescribe           string
	Desks                    []deskPart
	Below                    []line
	Times                    []timesRow
	TimesChart               chart
	HasTimes                 bool
	Administrative           bool
	Rules                    string // of the nine indicators, in force then; empty: none known
	CompareLink, BoardLink   string
	ProvinceLink             string
	Least, ScaleFrom         string
	Closed                   *closedPart // nil: no month is closed
	Units                    []option    // to compare with
}

// deskPart is one desk's part of what a unit settles.
type deskPart struct {
	judged
	Name, Unit, Link, Covered, Waiting string
}

// timesRow is one month of timeliness.
type timesRow struct {
	Month string
	times
}

func (d Deps) showUnit(c *fiber.Ctx) error {
	if err := known(c, "period", "at", "from", "until", "service", "by"); err != nil {
		return err
	}
	code := httpx.Param(c, "code")
	s, err := readSpan(c, d.Index.Today())
	if err != nil {
		return err
	}
	q := index.ProvinceQuery{Query: index.Query{Period: s.Period, Unit: code}, Before: s.before().Period}
	if v := c.Query("service"); v != "" {
		if q.Service, err = survey.ParseService(v); err != nil {
			return err
		}
	}
	v, err := d.Index.Unit(c.UserContext(), q)
	if err != nil {
		return err
	}
	by := httpx.Copy(c.Query("by", index.ByField))
	if !slices.Contains(index.Dimensions, by) {
		return survey.New(survey.CodeBadField, "by")
	}
	units, err := d.Index.Units(c.UserContext())
	if err != nil {
		return err
	}
	p := unitPage{frame: newFrame(c, "province", "province.unit.title")}
	w, scope := words{p.L}, access.ScopeOf(c)
	p.fill(w, s, &v, d.Index.Today(), scope)
	if p.Closed, err = d.closed(c.UserContext(), w, p.frame, s, code, v.Service, by); err != nil {
		return err
	}
	for _, u := range units {
		if u.Code != v.Unit.Code && u.Kind == v.Unit.Kind && scope.Unit(u.Code) && p.CompareLink != "" {
			p.Units = append(p.Units, option{Value: u.Code, Text: w.unit(u)})
		}
	}
	return d.Views.Send(c, fiber.StatusOK, "staff/unit", p)
}

// fill tells what the index answered; of other units only those in the scope.
func (p *unitPage) fill(w words, s span, v *index.UnitView, today survey.Day, scope access.Scope) {
	p.Sample, p.Charts, p.Least = v.Sample, true, w.Number(v.Least)
	p.Code, p.Name, p.Kind = v.Unit.Code, w.unit(v.Unit), w.kind(v.Unit)
	p.Title = p.Name
	p.ServiceName, p.ServiceCode = w.service(v.Service), v.Service.String()
	p.Administrative = v.Service == survey.ServiceAdministrative
	p.picker = w.picker(s, today, func(o span) string { return w.unitLink(p.frame, o, v.Unit.Code, v.Service) })
	for _, a := range v.Above {
		if !scope.Unit(a.Code) {
			continue
		}
		p.Above = append(p.Above, link{Text: w.unit(a), Link: w.unitLink(p.frame, s, a.Code, v.Service)})
	}
	if len(v.Services) > 1 {
		for _, one := range v.Services {
			p.ServiceTabs = append(p.ServiceTabs, link{w.service(one), w.unitLink(p.frame, s, v.Unit.Code, one), one == v.Service})
		}
	}
	js := []*index.Judged{&v.Row.Judged}
	for i := range v.Desks {
		js = append(js, &v.Desks[i].Judged)
	}
	for i := range v.Below {
		js = append(js, &v.Below[i].Judged)
	}
	from := scale(v.Least, js...)
	p.ScaleFrom = w.Percent(from, 0)
	t := newTable(w, p.frame, s, from, [index.TrendMonths]survey.Day{})
	p.Line = t.line(&index.Line{Row: v.Row, Before: v.Before, Change: v.Change, Under: v.Under})
	p.Ballots = w.judged(&v.Row.Judged, from).Ballots
	p.BeforeName, p.BeforeRate, p.BeforeAnswers = w.spanOrDays(s.before()), w.Ratio(v.Before.Satisfied, v.Before.Answers, 1), w.Number(v.Before.Answers)
	p.ChangeText = w.difference(v.Change)
	answers := v.Row.Counts.Answers()
	p.KioskN, p.KioskShare = w.Number(v.Row.Kiosk), w.Ratio(v.Row.Kiosk, answers, 1)
	p.PhoneN, p.PhoneShare = w.Number(v.Row.Phone()), w.Ratio(v.Row.Phone(), answers, 1)
	p.Changed, p.Needed, p.Collected = w.Number(v.Row.Changed), w.Number(v.Row.Needed), w.Number(answers)
	p.series(w, v)
	for i := range v.Desks {
		k := &v.Desks[i]
		part := deskPart{judged: w.judged(&k.Judged, from), Name: w.pick(k.Name, k.NameEN)}
		if scope.Desk(k.Code) {
			part.Link = p.L.Link("/desk/" + url.PathEscape(k.Code))
		}
		if k.Unit.Code != v.Unit.Code {
			part.Unit = w.unit(k.Unit)
		}
		if k.Waiting > 0 {
			part.Waiting = w.Number(k.Waiting)
		}
		if k.Covered != v.Period && k.Covered.Days() > 0 {
			part.Covered = w.brief(k.Covered)
		}
		p.Desks = append(p.Desks, part)
	}
	for i := range v.Below {
		if !scope.Unit(v.Below[i].Unit.Code) {
			continue
		}
		p.Below = append(p.Below, t.line(&v.Below[i]))
	}
	if v.Indicator != nil {
		p.Rules = v.Indicator.Source
	}
	q := url.Values{"a": {v.Unit.Code}}
	s.set(q)
	if p.Who.May("/compare") {
		p.CompareLink = p.L.Link("/compare?" + q.Encode())
	}
	p.BoardLink = p.L.Link("/board/" + url.PathEscape(v.Unit.Code))
	if q.Del("a"); scope.All() {
		p.ProvinceLink = p.L.Link("/?" + q.Encode())
	}
}

// series fills the lines through time, with the tables behind them.
func (p *unitPage) series(w words, v *index.UnitView) {
	var months []index.Judged
	for _, m := range v.Months {
		if m.Counts.Answers() > 0 {
			months = append(months, m.Judged)
		}
	}
	p.Months = w.history(months, w.month)
	p.Months.Chart.ID, p.Months.Chart.Description = "unit-months", w.T("province.unit.months.describe", "Unit", p.Name)
	p.LastDays = w.history(v.Days, w.shortDays)
	p.LastDays.Chart.ID, p.LastDays.Chart.Description = "unit-days", w.T("province.unit.days.describe", "Unit", p.Name)
	c := chart{ID: "unit-times", Kind: "times", Description: w.T("province.times.describe", "Unit", p.Name), Series: []series{
		{Name: w.T("province.times.early")}, {Name: w.T("province.times.ontime")}, {Name: w.T("province.times.late")}}}
	table := newTable(w, p.frame, span{}, 0, [index.TrendMonths]survey.Day{})
	for _, m := range v.Returned {
		p.HasTimes = p.HasTimes || m.All() > 0
		c.Labels = append(c.Labels, w.monthOf(m.Month.From))
		for i, n := range []int64{m.Early, m.OnTime, m.Late} {
			f := float64(n)
			c.Series[i].Values = append(c.Series[i].Values, &f)
		}
		t := table.times(m.Timeliness, m.NoDue, m.Asked)
		c.Notes = append(c.Notes, w.T("province.times.note", "Month", w.monthOf(m.Month.From), "Early", t.EarlyN, "OnTime", t.OnTimeN, "Late", t.LateN, "InTime", t.InTime))
		if m.All() > 0 || m.NoDue > 0 {
			p.Times = append(p.Times, timesRow{w.monthOf(m.Month.From), t})
		}
	}
	slices.Reverse(p.Times)
	p.TimesChart = c
}

// difference is the interval of a change in words; empty where there is none.
func (w words) difference(c index.Change) string {
	low, high := w.Decimal(100*c.Low, 1), w.Decimal(100*c.High, 1)
	switch c.Direction {
	case index.DirectionUp:
		return w.T("province.difference.up", "Low", low, "High", high)
	case index.DirectionDown:
		return w.T("province.difference.down", "Low", w.Decimal(-100*c.High, 1), "High", w.Decimal(-100*c.Low, 1))
	case index.DirectionSame:
		return w.T("province.difference.same", "Low", low, "High", high)
	}
	return ""
}
