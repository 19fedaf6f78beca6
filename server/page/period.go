package page

import (
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/survey"
)

// The kinds of period that the picker offers.
const (
	byDay     = "day"
	byWeek    = "week"
	byMonth   = "month"
	byQuarter = "quarter"
	byYear    = "year"
	byRange   = "range"
)

var periodKinds = []string{byDay, byWeek, byMonth, byQuarter, byYear}

// span is the period of a page, as its address says it: ?period=quarter&at=DAY,
// or ?from=DAY&until=DAY with both days in it.
type span struct {
	kind string
	at   survey.Day
	survey.Period
}

func spanOf(kind string, at survey.Day) span {
	s := span{kind: kind, at: at}
	switch kind {
	case byDay:
		s.Period = at.Single()
	case byWeek:
		s.Period = at.Week()
	case byMonth:
		s.Period = at.Month()
	case byYear:
		s.Period = at.Year()
	default:
		s.kind, s.Period = byQuarter, at.Quarter()
	}
	return s
}

// readSpan reads the period; without one it is the current quarter. One that
// has not begun is CodeNotYet.
func readSpan(c *fiber.Ctx, today survey.Day) (span, error) {
	s, err := parseSpan(c.Query("from"), c.Query("until"), c.Query("period"), c.Query("at"), today)
	if err == nil && s.From > today {
		return s, survey.New(survey.CodeNotYet, s.From)
	}
	return s, err
}

func parseSpan(from, until, kind, at string, today survey.Day) (span, error) {
	if (kind == "" || kind == byRange) && from+until != "" {
		f, err := survey.ParseDay(from)
		if err != nil {
			return span{}, err
		}
		u, err := survey.ParseDay(until)
		if err != nil {
			return span{}, err
		}
		s := span{kind: byRange, at: u, Period: survey.Period{From: f, To: u + 1}}
		return s, s.Check()
	}
	day := today
	if at != "" {
		var err error
		if day, err = survey.ParseDay(at); err != nil {
			return span{}, err
		}
	}
	switch kind {
	case "", byDay, byWeek, byMonth, byQuarter, byYear:
		return spanOf(kind, day), nil
	}
	return span{}, survey.New(survey.CodeBadField, "period")
}

// set writes the period into an address.
func (s span) set(q url.Values) {
	for _, k := range []string{"period", "at", "from", "until"} {
		q.Del(k)
	}
	if s.kind == byRange {
		q.Set("from", s.From.String())
		q.Set("until", s.Last().String())
		return
	}
	q.Set("period", s.kind)
	q.Set("at", s.From.String())
}

// before and after are the neighbouring periods of the same kind or length.
func (s span) before() span {
	if s.kind == byRange {
		n := s.To - s.From
		return span{kind: byRange, Period: survey.Period{From: s.From - n, To: s.From}}
	}
	return spanOf(s.kind, s.From-1)
}

func (s span) after() span {
	if s.kind == byRange {
		n := s.To - s.From
		return span{kind: byRange, Period: survey.Period{From: s.To, To: s.To + n}}
	}
	return spanOf(s.kind, s.To)
}

// name is the period in words: «Quý 4/2026».
func (w words) spanName(s span) string {
	y, m, _ := s.From.Date()
	year := strconv.Itoa(y)
	switch s.kind {
	case byDay:
		return w.T("staff.period.name.day", "Date", w.date(s.From))
	case byWeek:
		return w.T("staff.period.name.week", "Date", w.date(s.From))
	case byMonth:
		return w.T("staff.period.name.month", "Month", strconv.Itoa(int(m)), "Name", m.String(), "Year", year)
	case byQuarter:
		return w.T("staff.period.name.quarter", "Quarter", strconv.Itoa((int(m)+2)/3), "Year", year)
	case byYear:
		return w.T("staff.period.name.year", "Year", year)
	}
	return w.T("staff.period.name.range")
}
