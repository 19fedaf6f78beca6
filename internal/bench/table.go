package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// line is a line of the table.
type line struct {
	what, product, bare string  // bare empty: there is nothing to compare with
	ratio               float64 // product ÷ bare
	asked               string
	met                 bool
	check               float64 // bare ÷ yardstick; 0: not compared
}

// table collects the lines.
type table struct {
	lines []line
	load  string
}

func (t *table) begin()     { t.load = load() }
func (t *table) add(l line) { t.lines = append(t.lines, l) }

// print writes the table in Markdown.
func (t *table) print(out io.Writer, checked bool) error {
	var s strings.Builder
	head, rule := "| measure | product | bare program | ratio | asked | met |", "|---|---|---|---|---|---|"
	if checked {
		head, rule = head+" bare ÷ yardstick |", rule+"---|"
	}
	fmt.Fprintf(&s, "%s\n%s\n", head, rule)
	for _, l := range t.lines {
		met := "yes"
		if !l.met {
			met = "**no**"
		}
		bare, ratio := "–", "–"
		if l.bare != "" {
			bare, ratio = l.bare, fmt.Sprintf("%.2f", l.ratio)
		}
		fmt.Fprintf(&s, "| %s | %s | %s | %s | %s | %s |", l.what, l.product, bare, ratio, l.asked, met)
		if checked && l.check != 0 {
			fmt.Fprintf(&s, " %.2f |", l.check)
		} else if checked {
			s.WriteString(" – |")
		}
		s.WriteString("\n")
	}
	fmt.Fprintf(&s, "\n%d cores, load average %s before and %s after; medians of several turns each, a ratio is the median of the turns' ratios.\n",
		runtime.NumCPU(), t.load, load())
	_, err := io.WriteString(out, s.String())
	return err
}

// load is the machine's load average of the last minute.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

// pairs are the figures of product and bare program, by turn.
type pairs struct{ product, bare, yardstick []float64 }

func (p *pairs) add(product, bare float64) {
	p.product, p.bare = append(p.product, product), append(p.bare, bare)
}

func (p *pairs) ratio() float64 { return medianRatio(p.product, p.bare) }
func (p *pairs) check() float64 { return medianRatio(p.bare, p.yardstick) }

func medianRatio(a, b []float64) float64 {
	if len(a) != len(b) || len(a) == 0 {
		return 0
	}
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return median(r)
}

func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(of))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// line makes a line of the medians.
func (p *pairs) line(what string, show func(float64) string, asked string, met bool) line {
	return line{what: what, product: show(median(p.product)), bare: show(median(p.bare)), ratio: p.ratio(), asked: asked, met: met, check: p.check()}
}

// perSecond shows a rate with commas between thousands.
func perSecond(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s + "/s"
}

// millis shows nanoseconds as milliseconds.
func millis(ns float64) string { return fmt.Sprintf("%.2f ms", ns/float64(time.Millisecond)) }

// micros shows nanoseconds as microseconds.
func micros(ns float64) string { return fmt.Sprintf("%.1f µs", ns/float64(time.Microsecond)) }

func mebibytes(v float64) string { return fmt.Sprintf("%.1f MiB", v) }
