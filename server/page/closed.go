package page

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"

	"hailong/internal/survey"
	"hailong/server/index"
)

// closedIndex is what pages ask of closed months.
type closedIndex interface {
	Months(context.Context) ([]index.ClosedMonth, error)
	Breakdown(context.Context, index.BreakdownQuery) (index.Breakdown, error)
	PublishedSaid(ctx context.Context, unit, desk string, service survey.Service, period survey.Period) (index.PublishedSaid, error)
	Factors(context.Context, survey.Service, survey.Period) (index.Said, []index.ClosedMonth, error)
}

// closedPart is what a unit's page says of closed months.
type closedPart struct {
	Months        string
	Within        bool // the months lie in the page's period; else they are the last before its end
	Full, FullOf  string
	HasFull       bool
	Questions     []factorRow
	Good, Bad     ticked
	Tabs          []link
	By            string // heading of the values
	Parts         []partRow
	Without       string
	Ballots, More string
}

// factorRow is one question.
type factorRow struct {
	Text, Factor, Rate, Interval, Answers, Skipped string
	Bar                                            bar
}

// partRow is one value of a breakdown.
type partRow struct {
	Name, Note, Rate, Interval, Answers string
	Bar                                 bar
}

// closedPeriod gives the closed months that lie in a period or, where none does,
// the last one before its end; false where there is none at all.
func (d Deps) closedPeriod(ctx context.Context, p survey.Period) (of survey.Period, within, ok bool, err error) {
	months, err := d.Index.Months(ctx)
	for _, m := range months {
		switch {
		case m.Month.From >= p.From && m.Month.To <= p.To:
			if !within {
				of = m.Month
			}
			of.To, within, ok = m.Month.To, true, true
		case !within && m.Month.To <= p.To:
			of, ok = m.Month, true
		}
	}
	return of, within, ok, err
}

// closed fills what closed months say of a unit; nil where there are none.
func (d Deps) closed(ctx context.Context, w words, f frame, s span, unit string, service survey.Service, by string) (*closedPart, error) {
	p, within, ok, err := d.closedPeriod(ctx, s.Period)
	if err != nil || !ok {
		return nil, err
	}
	said, err := d.Index.PublishedSaid(ctx, unit, "", service, p)
	if err != nil {
		return nil, err
	}
	b, err := d.Index.Breakdown(ctx, index.BreakdownQuery{Unit: unit, Service: service, By: by, Period: p})
	if err != nil {
		return nil, err
	}
	c := &closedPart{Months: w.monthsOf(said.Months), Within: within, Ballots: w.Number(said.Ballots), More: w.Number(said.More),
		HasFull: said.Full.Answers > 0, Full: w.Ratio(said.Full.Satisfied, said.Full.Answers, 1), FullOf: w.Number(said.Full.Answers),
		Good: ticked{w.Choice, w.T("desk.reasons.good"), "5", w.ticks(&said.Said, said.Good)},
		Bad:  ticked{w.Choice, w.T("desk.reasons.bad"), "2", w.ticks(&said.Said, said.Bad)},
		By:   w.T("province.by." + by)}
	c.Questions = w.factors(&said.Said)
	for _, dim := range index.Dimensions {
		q := url.Values{"service": {service.String()}, "by": {dim}}
		s.set(q)
		c.Tabs = append(c.Tabs, link{w.T("province.by." + dim), f.L.Link("/unit/" + url.PathEscape(unit) + "?" + q.Encode() + "#by"), dim == by})
	}
	if len(b.Without) > 0 {
		c.Without = w.monthsOf(b.Without)
	}
	names, err := d.deskNames(ctx, w, by)
	if err != nil {
		return nil, err
	}
	c.parts(w, &b, names)
	return c, nil
}

// parts are in the order of their values where they have one, else the most
// ballots first; what is merged is last.
func (c *closedPart) parts(w words, b *index.Breakdown, names map[string]string) {
	from := scaleOf(b.Parts)
	inOrder := b.By == index.ByHour || b.By == index.ByWeekday || b.By == index.ByProcedure
	parts := slices.Clone(b.Parts)
	slices.SortStableFunc(parts, func(x, y index.BreakdownPart) int {
		switch {
		case x.Other != y.Other && x.Field == y.Field:
			if x.Other {
				return 1
			}
			return -1
		case inOrder:
			return 0
		}
		return cmp.Compare(y.Counts.Answers(), x.Counts.Answers())
	})
	for _, x := range parts {
		n := x.Tally()
		r := partRow{Name: w.value(b.By, x.Value, names), Note: x.Field, Rate: w.Ratio(n.Satisfied, n.Answers, 1), Answers: w.Number(n.Answers), Interval: "–"}
		if x.Other {
			r.Name = w.T("province.by.other")
		}
		if n.Answers > 0 {
			r.Interval = w.Percent(x.Low, 1) + " – " + w.Percent(x.High, 1)
			r.Bar = newBar(&index.Judged{Block: index.Block{Figures: index.Figures{Counts: x.Counts}}, Low: x.Low, High: x.High, Target: b.Total.Target}, from)
		}
		c.Parts = append(c.Parts, r)
	}
}

// scaleOf chooses where the bars of parts begin.
func scaleOf(parts []index.BreakdownPart) float64 {
	js := make([]*index.Judged, len(parts))
	for i := range parts {
		js[i] = &index.Judged{Block: index.Block{Figures: index.Figures{Counts: parts[i].Counts}}, Low: parts[i].Low}
	}
	return scale(survey.LeastAnswers, js...)
}

// value is a value of a dimension in words.
func (w words) value(by, value string, names map[string]string) string {
	switch by {
	case index.ByWay, index.ByStep:
		if value != "" {
			return w.T("province.by." + by + "." + value)
		}
	case index.ByWeekday:
		return w.T("province.by.weekday." + value)
	case index.ByHour:
		if h, err := strconv.Atoi(value); err == nil {
			return w.T("staff.hour", "Hour", strconv.Itoa(h))
		}
	case index.ByDesk:
		if name := names[value]; name != "" {
			return name
		}
	}
	if value == "" {
		return w.T("province.by.unknown")
	}
	return value
}

// deskNames are needed where ballots are parted by desk.
func (d Deps) deskNames(ctx context.Context, w words, by string) (map[string]string, error) {
	if by != index.ByDesk {
		return nil, nil
	}
	desks, err := d.Index.Desks(ctx)
	names := make(map[string]string, len(desks))
	for _, k := range desks {
		names[k.Code] = w.pick(k.Name, k.NameEN) + " · " + w.unit(k.Unit)
	}
	return names, err
}

// factors are the questions, the lowest first.
func (w words) factors(s *index.Said) (rows []factorRow) {
	from := .8
	for _, q := range s.Questions {
		if q.Tally().Answers >= survey.LeastAnswers {
			from = min(from, q.Low)
		}
	}
	from = max(0, float64(int(from*10))/10)
	for _, q := range byRate(s.Questions) {
		n := q.Tally()
		if n.Answers == 0 {
			continue
		}
		rows = append(rows, factorRow{Text: q.Text.In(w.Tag), Factor: q.Factor.In(w.Tag), Rate: w.Ratio(n.Satisfied, n.Answers, 1),
			Interval: w.Percent(q.Low, 1) + " – " + w.Percent(q.High, 1), Answers: w.Number(n.Answers), Skipped: w.Number(q.Skipped),
			Bar: newBar(&index.Judged{Block: index.Block{Figures: index.Figures{Counts: q.Counts}}, Low: q.Low, High: q.High}, from)})
	}
	return rows
}

// monthsOf is 9/2026, or 7/2026 – 9/2026.
func (w words) monthsOf(months []index.ClosedMonth) string {
	if len(months) == 0 {
		return "–"
	}
	first, last := w.monthOf(months[0].Month.From), w.monthOf(months[len(months)-1].Month.From)
	if first == last {
		return first
	}
	return first + " – " + last
}

// lowest is what all units' closed months say at the top of the province page.
type lowest struct {
	Months    string
	Questions []factorRow
	Bad       []tickRow
}

// mostLowest is how many factors and reasons it names.
const mostLowest = 3

func (d Deps) lowest(ctx context.Context, w words, p survey.Period, service survey.Service) (*lowest, error) {
	of, _, ok, err := d.closedPeriod(ctx, p)
	if err != nil || !ok {
		return nil, err
	}
	said, months, err := d.Index.Factors(ctx, service, of)
	if err != nil {
		return nil, err
	}
	l := &lowest{Months: w.monthsOf(months), Questions: w.factors(&said), Bad: w.ticks(&said, said.Bad)}
	l.Questions, l.Bad = l.Questions[:min(len(l.Questions), mostLowest)], l.Bad[:min(len(l.Bad), mostLowest)]
	if len(l.Questions)+len(l.Bad) == 0 {
		return nil, nil
	}
	return l, nil
}
