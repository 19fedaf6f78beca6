package page

import "hailong/internal/survey"

// picker is what a page shows of its period, with the way to others.
type picker struct {
	Period, Days   string
	Tabs           []link
	Before, After  string
	From, Until    string // as a form takes them
	PeriodKind, At string // kept by other forms; empty for a range
}

// picker offers the neighbours of a span that are not in the future, and the
// other kinds of period around it.
func (w words) picker(s span, today survey.Day, to func(span) string) picker {
	p := picker{Period: w.spanName(s), Days: w.days(s.Period), From: s.From.String(), Until: s.Last().String()}
	if s.kind != byRange {
		p.PeriodKind, p.At = s.kind, s.From.String()
	}
	// Another kind of period stays around today where today is shown.
	anchor := min(s.at, today)
	if s.Contains(today) {
		anchor = today
	}
	for _, k := range periodKinds {
		p.Tabs = append(p.Tabs, link{w.T("staff.period." + k), to(spanOf(k, anchor)), k == s.kind})
	}
	if b := s.before(); b.From >= 0 {
		p.Before = to(b)
	}
	if a := s.after(); a.From <= today {
		p.After = to(a)
	}
	return p
}

// spanOrDays names a span, a chosen one by its days.
func (w words) spanOrDays(s span) string {
	if s.kind == byRange {
		return w.days(s.Period)
	}
	return w.spanName(s)
}
