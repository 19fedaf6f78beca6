package export

import (
	"io"
	"strconv"
	"strings"

	"hailong/internal/cell"
	"hailong/internal/survey"
)

// Merged is what stands in a file where a text was merged; numbers and days that
// were merged are left out.
const Merged = "*"

// Sink takes rows and writes them as a file of some format.
type Sink interface {
	Row(*Row) error
	// Close writes what is left. The writer below stays open.
	Close() error
}

// heads are the names of the columns before the questions; reasons come last.
var heads = []string{"month", "day", "unit", "desk", "service", "field", "procedure", "step", "channel", "binding", "changed", "score"}

// csv writes RFC 4180 in UTF-8 with a mark at its head, so that spreadsheets
// read the letters right.
type csv struct {
	to        io.Writer
	buffer    []byte
	questions map[string]int
	answers   []byte // of a row, by question; 0 none
	months    dates
	days      dates
}

// dates keeps the last few dates as text.
type dates struct {
	day  survey.Day
	text string
}

func (d *dates) of(day survey.Day) string {
	if d.text == "" || d.day != day {
		d.day, d.text = day, day.String()
	}
	return d.text
}

// NewCSV writes rows as CSV, with a column for each of these questions.
func NewCSV(to io.Writer, questions []string) Sink {
	c := &csv{to: to, questions: map[string]int{}, answers: make([]byte, len(questions))}
	c.buffer = append(c.buffer, "\ufeff"+strings.Join(heads, ",")...)
	for i, q := range questions {
		c.questions[q] = i
		c.buffer = append(append(c.buffer, ",q:"...), q...)
	}
	c.buffer = append(c.buffer, ",reasons\r\n"...)
	return c
}

func (c *csv) Row(r *Row) error {
	b := append(c.buffer, c.months.of(r.Month)[:7]...)
	b = append(b, ',')
	if r.Day != nil {
		b = append(b, c.days.of(*r.Day)...)
	}
	b = append(b, ',')
	b = quoted(b, &r.Unit)
	b = quoted(append(b, ','), r.Desk)
	b = append(append(b, ','), r.Service.String()...)
	b = quoted(append(b, ','), r.Field)
	b = quoted(append(b, ','), r.Procedure)
	b = append(b, ',')
	if r.Step == nil {
		b = append(b, Merged...)
	} else {
		b = append(b, r.Step.String()...)
	}
	b = append(b, ',')
	b = word(b, r.Channel.String())
	b = append(b, ',')
	b = word(b, r.Binding.String())
	b = append(b, ',')
	if r.Changed != nil {
		b = strconv.AppendBool(b, *r.Changed)
	}
	b = strconv.AppendInt(append(b, ','), int64(r.Score), 10)
	if r.Answers != "" {
		for q, score := range Answered(r.Answers) {
			if i, ok := c.questions[q]; ok {
				c.answers[i] = '0' + score
			}
		}
	}
	for i, a := range c.answers {
		b = append(b, ',')
		if a != 0 {
			b = append(b, a)
			c.answers[i] = 0
		}
	}
	b = append(append(append(b, ','), r.Reasons...), '\r', '\n') // codes and signs alone
	c.buffer = b
	if len(b) < 60<<10 {
		return nil
	}
	return c.Close()
}

// Close writes what is left.
func (c *csv) Close() error {
	_, err := c.to.Write(c.buffer)
	c.buffer = c.buffer[:0]
	return err
}

// word is a value that has its own words; none of them: it was merged.
func word(b []byte, s string) []byte {
	if s == "" {
		s = Merged
	}
	return append(b, s...)
}

// quoted writes a text that strangers chose, with quotation marks where it needs
// them. What a spreadsheet would take for a formula is made text.
func quoted(b []byte, s *string) []byte {
	if s == nil {
		return append(b, Merged...)
	}
	t := cell.Text(*s)
	if len(t) == len(*s) && !strings.ContainsAny(t, `",`+"\r\n") {
		return append(b, t...)
	}
	b = append(b, '"')
	for i := range len(t) {
		if t[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, t[i])
	}
	return append(b, '"')
}
