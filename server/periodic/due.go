package periodic

import (
	"slices"
	"time"

	"hailong/internal/survey"
)

// Closing is when the figures of a month were closed; of two closings of one
// month, the one that counts.
type Closing struct {
	Month survey.Period
	At    time.Time
}

// due gives the periods of which all months are closed and a report is kept:
// months, quarters, half-years and years, the latest first. Each is closed when
// the last of its months was.
func due(closings []Closing) []Closing {
	at := map[survey.Period]time.Time{}
	for _, c := range closings {
		at[c.Month] = c.At
	}
	var all []Closing
	for _, c := range closings {
		for _, p := range []survey.Period{c.Month, c.Month.From.Quarter(), halfOf(c.Month.From), c.Month.From.Year()} {
			if closed := closedAt(p, at); !closed.IsZero() {
				all = append(all, Closing{p, closed})
			}
		}
	}
	return slices.CompactFunc(order(all), func(a, b Closing) bool { return a.Month == b.Month })
}

// closedAt is when the last month of a period was closed; zero where one is open,
// or the period is not one of whole months. Months before the first that was ever
// closed had nothing to close.
func closedAt(p survey.Period, at map[survey.Period]time.Time) (last time.Time) {
	first := p.To
	for m := range at {
		first = min(first, m.From)
	}
	for m := p.From.Month(); m.From < p.To; m = m.To.Month() {
		closed, ok := at[m]
		if !ok && m.From >= first || m.From < p.From || m.To > p.To {
			return time.Time{}
		}
		if closed.After(last) {
			last = closed
		}
	}
	return last
}

func halfOf(d survey.Day) survey.Period {
	y, m, _ := d.Date()
	first := m - (m-1)%6
	return survey.Period{From: survey.NewDay(y, first, 1), To: survey.NewDay(y, first+6, 1)}
}
