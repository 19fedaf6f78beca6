package page

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"

	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/index"
)

// said is what people say beside their score, of one kind of service.
type said struct {
	ID            string // of its charts and tables
	Service       string // where there is another kind
	Ballots, More string
	Asked         bool // somebody answered
	Questions     []questionRow
	Chart         chart
	Good, Bad     ticked
}

// ticked are the reasons of one sort, most often ticked first.
type ticked struct {
	L       locale.Choice
	Heading string
	Class   string // colour of the bars, as of a score
	Rows    []tickRow
}

type questionRow struct{ Factor, Text, Rate, Interval, Answers, Skipped string }

type tickRow struct {
	Text, Number, Share string
	Width               float64 // hundredths of the longest bar
}

// worst is the factor that stands lowest.
type worst struct{ Name, Rate, Answers string }

func (w words) said(all []index.Said) []said {
	var parts []said
	for i := range all {
		s := &all[i]
		p := said{ID: s.Service.String(), Ballots: w.Number(s.Ballots), More: w.Number(s.More)}
		if len(all) > 1 {
			p.Service = w.service(s.Service)
		}
		p.Questions, p.Chart = w.questions(s)
		p.Asked = slices.ContainsFunc(s.Questions, func(q index.Question) bool { return q.Tally().Answers > 0 })
		p.Good = ticked{w.Choice, w.T("desk.reasons.good"), "5", w.ticks(s, s.Good)}
		p.Bad = ticked{w.Choice, w.T("desk.reasons.bad"), "2", w.ticks(s, s.Bad)}
		parts = append(parts, p)
	}
	return parts
}

// questions are the lowest first.
func (w words) questions(s *index.Said) ([]questionRow, chart) {
	c := chart{ID: "factors-" + s.Service.String(), Kind: "factors", Description: w.T("desk.factors.describe"),
		Series: []series{{Name: w.T("staff.rate")}, {Name: w.T("staff.interval")}}}
	var rows []questionRow
	for _, q := range byRate(s.Questions) {
		n := q.Tally()
		r := questionRow{Factor: q.Factor.In(w.Tag), Text: q.Text.In(w.Tag), Rate: w.Ratio(n.Satisfied, n.Answers, 1),
			Answers: w.Number(n.Answers), Skipped: w.Number(q.Skipped), Interval: "–"}
		var rate, low, high *float64
		if n.Answers > 0 {
			rate, low, high = hundred(n.Rate()), hundred(q.Low), hundred(q.High)
			r.Interval = w.Percent(q.Low, 1) + " – " + w.Percent(q.High, 1)
		}
		rows = append(rows, r)
		c.Labels = append(c.Labels, r.Text+"\n"+w.T("desk.factors.label", "Rate", r.Rate, "Answers", r.Answers))
		c.Series[0].Values, c.Low, c.High = append(c.Series[0].Values, rate), append(c.Low, low), append(c.High, high)
		c.Notes = append(c.Notes, w.T("desk.factors.note", "Text", r.Text, "Rate", r.Rate, "Answers", r.Answers, "Interval", r.Interval, "Skipped", r.Skipped))
	}
	return rows, c
}

// byRate sorts questions by the rate drawn towards that of all, so that three
// answers do not make the lowest; those without answers are last.
func byRate(qs []index.Question) []index.Question {
	var all survey.Tally
	for _, q := range qs {
		all.Satisfied += q.Tally().Satisfied
		all.Answers += q.Tally().Answers
	}
	sorted := slices.Clone(qs)
	at := func(q index.Question) float64 {
		if q.Tally().Answers == 0 {
			return 2
		}
		return q.Tally().Shrunk(all.Rate())
	}
	slices.SortStableFunc(sorted, func(a, b index.Question) int { return cmp.Compare(at(a), at(b)) })
	return sorted
}

func (w words) ticks(s *index.Said, ticks []index.Tick) []tickRow {
	var rows []tickRow
	for _, t := range ticks {
		rows = append(rows, tickRow{Text: t.Text.In(w.Tag), Number: w.Number(t.Number), Share: w.Ratio(t.Number, s.Ballots, 1),
			Width: float64(t.Number) * 100 / float64(ticks[0].Number)})
	}
	return rows
}

// mostReasons is how many reasons stand at the top of the page.
const mostReasons = 3

// why is the factor that stands lowest and what is most often ticked as not
// good, over all kinds of service.
func (w words) why(all []index.Said) (*worst, []tickRow) {
	var qs []index.Question
	var bad []index.Tick
	var sum index.Said
	for i := range all {
		qs, bad = append(qs, all[i].Questions...), append(bad, all[i].Bad...)
		sum.Ballots += all[i].Ballots
	}
	slices.SortStableFunc(bad, func(a, b index.Tick) int { return cmp.Compare(b.Number, a.Number) })
	ticks := w.ticks(&sum, bad[:min(len(bad), mostReasons)])
	for _, q := range byRate(qs) {
		if n := q.Tally(); n.Answers > 0 {
			return &worst{Name: q.Text.In(w.Tag), Rate: w.Ratio(n.Satisfied, n.Answers, 1), Answers: w.Number(n.Answers)}, ticks
		}
	}
	return nil, ticks
}

const (
	mostVoices  = 100 // comments on the page
	firstVoices = 6   // of these, without a click
)

// voices opens comments, in their order, as far as this server holds them.
func (d Deps) voices(ctx context.Context, digests [][32]byte) ([]string, error) {
	var all []string
	for _, digest := range digests {
		if d.Comment == nil || len(all) == mostVoices {
			break
		}
		text, ok, err := d.Comment(ctx, digest)
		if err != nil {
			return nil, err
		}
		if text = plain(text); ok && text != "" {
			all = append(all, text)
		}
	}
	return all, nil
}

// plain is what a stranger wrote as text of at most survey.MaxComment
// characters: lines stay, other control characters go.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > survey.MaxComment {
		s = string(r[:survey.MaxComment]) + "…"
	}
	return strings.TrimSpace(s)
}

// put shares comments out between what is seen at once and what is opened.
func (f *figures) put(w words, voices []string, all int) {
	n := min(len(voices), firstVoices)
	f.Voices, f.MoreVoices, f.VoicesAll = voices[:n], voices[n:], w.Number(int64(len(voices)))
	if len(voices) == mostVoices && all > mostVoices {
		f.VoicesLater = w.Number(int64(all - mostVoices))
	}
}
