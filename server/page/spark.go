package page

import (
	"strconv"
	"strings"

	"hailong/internal/survey"
	"hailong/server/index"
)

// spark is a line of twelve months as small as a word: where it runs, and the
// same in words.
type spark struct {
	Line      string  // path of an SVG of 100 × 24; empty: nothing to draw
	X, Y      float64 // of the last month with answers
	Target    float64 // y of the target
	HasTarget bool
	Words     string
}

// spark draws a trend on the scale of the table's bars. Months without answers are
// gaps.
func (t *table) spark(of index.Trend, target survey.Target) spark {
	from := t.from
	y := func(rate float64) float64 {
		v := 22 - 20*(min(1, max(from, rate))-from)/(1-from)
		return float64(int(v*10+.5)) / 10
	}
	var s spark
	var b strings.Builder
	gap := true
	first, last := -1, -1
	for i, n := range of {
		if n.Answers <= 0 {
			gap = true
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
		s.X, s.Y = 2+float64(i)*96/(index.TrendMonths-1), y(n.Rate())
		s.X = float64(int(s.X*10+.5)) / 10
		if gap { // a month alone is a dot: a line without length, with round ends
			b.WriteString("M" + point(s.X, s.Y) + "l0 0")
		} else {
			b.WriteString("L" + point(s.X, s.Y))
		}
		gap = false
	}
	if last < 0 {
		return spark{}
	}
	s.Line = b.String()
	if target.Set() {
		s.HasTarget, s.Target = true, y(float64(target.Hundredths)/10000)
	}
	say := func(i int) string {
		return t.days[i] + " " + t.Ratio(of[i].Satisfied, of[i].Answers, 1)
	}
	s.Words = say(last)
	if first < last {
		s.Words = t.trend + ": " + say(first) + "; " + say(last)
	}
	return s
}

func point(x, y float64) string {
	return strconv.FormatFloat(x, 'f', -1, 64) + " " + strconv.FormatFloat(y, 'f', -1, 64)
}

// monthOf is 11/2026.
func (w words) monthOf(d survey.Day) string {
	y, m, _ := d.Date()
	return strconv.Itoa(int(m)) + "/" + strconv.Itoa(y)
}

// change is how a rate moved, with a sign and in words.
type change struct{ Class, Sign, Text string }

func (w words) change(c index.Change) change {
	points := w.Decimal(100*max(c.Points, -c.Points), 1)
	switch c.Direction {
	case index.DirectionUp:
		return change{"up", "▲", w.T("province.change.up") + " " + points + " " + w.T("province.change.points")}
	case index.DirectionDown:
		return change{"down", "▼", w.T("province.change.down") + " " + points + " " + w.T("province.change.points")}
	case index.DirectionSame:
		sign := "+"
		if c.Points < 0 {
			sign = "−"
		}
		return change{"same", "≈", w.T("province.change.same") + " (" + sign + points + ")"}
	}
	return change{}
}
