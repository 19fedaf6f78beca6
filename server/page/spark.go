package page

import (
	"html/template"
	"strconv"
	"strings"

	"hailong/internal/survey"
	"hailong/server/index"
)

// Both pictures of a line are written here and not by a template: they are
// numbers alone, and there are a thousand of them on a page.

// svg is the bar that the template of that name draws.
func (b bar) svg() template.HTML {
	if !b.Show {
		return ""
	}
	s := make([]byte, 0, 384)
	s = append(s, `<svg class="interval" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="ground" x="0" y="9" width="100" height="2"/><rect class="span" x="`...)
	s = strconv.AppendFloat(s, b.X, 'f', -1, 64)
	s = append(s, `" y="5" width="`...)
	s = strconv.AppendFloat(s, b.Width, 'f', -1, 64)
	s = append(s, `" height="10"/><rect class="rate" x="`...)
	s = strconv.AppendFloat(s, b.Rate, 'f', -1, 64)
	s = append(s, `" y="2" width="0.9" height="16"/>`...)
	if b.HasTarget {
		s = append(s, `<rect class="mark" x="`...)
		s = strconv.AppendFloat(s, b.Mark, 'f', -1, 64)
		s = append(s, `" y="0" width="0.9" height="20"/>`...)
	}
	return template.HTML(append(s, "</svg>"...)) // #nosec G203 -- made of numbers
}

// spark is a line of twelve months as small as a word, on the scale of the
// table's bars, and the same in words. Months without answers are gaps.
func (t *table) spark(of index.Trend, target survey.Target) template.HTML {
	y := func(rate float64) float64 {
		v := 22 - 20*(min(1, max(t.from, rate))-t.from)/(1-t.from)
		return float64(int(v*10+.5)) / 10
	}
	line := make([]byte, 0, 160)
	point := func(x, y float64) {
		line = strconv.AppendFloat(line, x, 'f', -1, 64)
		line = append(line, ' ')
		line = strconv.AppendFloat(line, y, 'f', -1, 64)
	}
	gap, first, last := true, -1, -1
	var endX, endY float64
	for i, n := range of {
		if n.Answers <= 0 {
			gap = true
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
		endX, endY = float64(20+i*960/(index.TrendMonths-1))/10, y(n.Rate())
		if gap { // a month alone is a dot: a line without length, with round ends
			line = append(line, 'M')
			point(endX, endY)
			line = append(line, "l0 0"...)
		} else {
			line = append(line, 'L')
			point(endX, endY)
		}
		gap = false
	}
	if last < 0 {
		return ""
	}
	say := func(i int) string {
		return t.days[i] + " " + t.Ratio(of[i].Satisfied, of[i].Answers, 1)
	}
	words := say(last)
	if first < last {
		words = t.trend + ": " + say(first) + "; " + say(last)
	}
	var b strings.Builder
	b.WriteString(`<svg class="spark" viewBox="0 0 100 24" role="img" aria-label="` + template.HTMLEscapeString(words) + `" focusable="false">`)
	if target.Set() {
		b.WriteString(`<path class="mark" d="M0 ` + strconv.FormatFloat(y(float64(target.Hundredths)/10000), 'f', -1, 64) + `H100"/>`)
	}
	b.WriteString(`<path class="line" d="`)
	b.Write(line)
	b.WriteString(`"/><circle class="now" cx="` + strconv.FormatFloat(endX, 'f', -1, 64) + `" cy="` + strconv.FormatFloat(endY, 'f', -1, 64) + `" r="2.5"/></svg>`)
	return template.HTML(b.String()) // #nosec G203 -- made of numbers
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
