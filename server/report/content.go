package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"hailong/internal/survey"
)

// document is what PDF and DOCX print, in order: the letter, then annexes, each
// on pages of its own.
type document struct {
	head    head
	body    []block
	annexes []annex
}

// head is the top of the first page, already in words.
type head struct {
	superior, agency []string // lines, in capitals
	number           string
	nation, motto    string // the national title
	placeDate        string
	kind             string   // «BÁO CÁO»
	subject          []string // what about: lines under the kind
	sample           string   // empty where the figures are real
}

// block is one of heading, paragraph, bullet, *table, signature.
type (
	block     any
	heading   string
	paragraph string
	bullet    string
	signature struct {
		end        string // the last sentence, which stays with what follows
		title      string // «Nơi nhận:»
		recipients []string
		position   []string // lines, in capitals
		signer     string
	}
)

// annex is a part of its own on wide pages.
type annex struct {
	number, name, to string
	blocks           []block
}

// align is how a cell's text stands.
type align uint8

const (
	left align = iota
	centre
	right
)

// table has a head that is repeated on each page.
type table struct {
	size    float64 // of the letters, in points
	columns []column
	head    [][]headCell // rows; a cell that spans others is followed by none for them
	rows    []tableRow
}

type column struct {
	width float64 // mm
	align align
}

type headCell struct {
	text         string
	across, down int // columns and rows; 0 is 1
}

type tableRow struct {
	cells []string
	level int  // indent of the unit's name
	bold  bool // a sum
	// spanned says that the last cell stands for all columns that are left.
	spanned bool
}

func (r *Report) document() document {
	d := document{head: r.head(), body: r.letter()}
	for _, part := range []struct {
		key   string
		table func(*Service) *table
	}{
		{"report.annex.units", r.unitTable},
		{"report.annex.factors", r.factorTable},
		{"report.annex.matrix", r.matrixTable},
		{"report.annex.dossiers", r.dossierTable},
		{"report.annex.late", r.lateTable},
	} {
		var blocks []block
		for i := range r.Services {
			t := part.table(&r.Services[i])
			if t == nil {
				continue
			}
			if len(r.Services) > 1 {
				blocks = append(blocks, heading(r.service(r.Services[i].Kind)))
			}
			blocks = append(blocks, widen(t))
		}
		if blocks == nil {
			continue
		}
		n := []string{"I", "II", "III", "IV", "V"}[len(d.annexes)]
		d.annexes = append(d.annexes, annex{
			number: r.Language.T("report.annex.number", "Number", n),
			name:   strings.ToUpper(r.Language.T(part.key)),
			to: r.Language.T("report.annex.to", "Number", r.number(),
				"Date", r.Language.Date(r.Made), "Agency", clean(r.Letter.Agency)),
			blocks: append(blocks, paragraph(r.Language.T("report.annex.note", "State", r.state(), "Least", survey.LeastShown))),
		})
	}
	return d
}

// number is the report's: «12/BC-SNV», with a gap where it has none yet.
func (r *Report) number() string {
	n := clean(r.Letter.Number)
	if n == "" {
		n = "      " // no-break spaces: the gap stays
	}
	if symbol := clean(r.Letter.Symbol); symbol != "" {
		n += "/" + symbol
	}
	return n
}

// state says whether the figures are final, and by which checkpoint they can be
// checked.
func (r *Report) state() string {
	state := r.Language.T("report.state.final", "Moment", r.Language.Moment(r.Closed))
	if r.Closed.IsZero() {
		state = r.Language.T("report.state.provisional", "Moment", r.Language.Moment(r.Made))
	}
	if line := r.checkpoint(); line != "" {
		state += " " + line + "."
	}
	return state
}

// checkpoint names the checkpoint; "" where there is none.
func (r *Report) checkpoint() string {
	c := r.Checkpoint
	if c.Short == "" {
		return ""
	}
	return r.Language.T("report.checkpoint", "Short", c.Short, "Size", r.Language.Number(c.Size), "Moment", r.Language.Moment(c.At))
}

func (r *Report) head() head {
	l := r.Language
	h := head{
		number: l.T("report.head.number", "Number", r.number()),
		nation: l.T("report.head.nation"), motto: l.T("report.head.motto"),
		kind:    l.T("report.head.kind"),
		subject: []string{l.T("report.head.subject"), within(l, r.Period)},
	}
	for _, line := range []struct {
		to   *[]string
		text string
	}{{&h.superior, r.Letter.Superior}, {&h.agency, r.Letter.Agency}} {
		if text := clean(line.text); text != "" {
			*line.to = []string{strings.ToUpper(text)}
		}
	}
	// The decree writes days below 10 and the months 1 and 2 with a zero.
	year, month, day := survey.DayOf(r.Made).Date()
	two := func(n, below int) string {
		if n < below {
			return "0" + l.Number(int64(n))
		}
		return l.Number(int64(n))
	}
	h.placeDate = l.T("report.head.date", "Day", two(day, 10), "Plain", day, "Month", two(int(month), 3), "Name", month.String(), "Year", year)
	if place := clean(r.Letter.Place); place != "" {
		h.placeDate = place + ", " + h.placeDate
	}
	if r.Sample {
		h.sample = l.T("report.sample")
	}
	return h
}

// letter is the report's body.
func (r *Report) letter() (out []block) {
	l := r.Language
	for _, text := range r.Letter.Opening {
		if text = clean(text); text != "" {
			out = append(out, paragraph(text))
		}
	}
	out = append(out, paragraph(l.T("report.body.opening", "Agency", cmp.Or(clean(r.Letter.Agency), l.T("report.body.we")),
		"Period", within(l, r.Period), "From", l.Date(r.Period.From.Start()), "To", l.Date(r.Period.Last().Start()), "State", r.state())))

	numbered := 0
	part := func(key string, blocks []block) {
		if len(blocks) > 0 {
			numbered++
			out = append(append(out, heading(strconv.Itoa(numbered)+". "+l.T(key))), blocks...)
		}
	}
	results := []block{r.summaryTable()}
	for i := range r.Services {
		results = append(results, paragraph(r.verdicts(&r.Services[i])))
	}
	part("report.body.results", results)
	part("report.body.attention", r.attention())
	part("report.body.factors", r.worstFactors())
	part("report.body.dossiers", r.dossiers())
	var notes []block
	for _, note := range r.method() {
		notes = append(notes, bullet(note))
	}
	part("report.body.method", notes)
	return append(out, r.signature())
}

// verdicts counts a service's units by verdict.
func (r *Report) verdicts(s *Service) string {
	by, few := map[survey.Verdict]int64{}, int64(0)
	for _, u := range s.Units {
		if u.Shown {
			by[u.Verdict]++
		} else {
			few++
		}
	}
	number := r.Language.Number
	return r.Language.T("report.body.verdicts", "Service", r.service(s.Kind), "Units", number(int64(len(s.Units))),
		"Met", number(by[survey.VerdictMet]), "NotMet", number(by[survey.VerdictNotMet]),
		"TooFew", number(by[survey.VerdictTooFew]), "None", number(by[0]), "Few", number(few), "Least", r.Least, "Shown", survey.LeastShown)
}

// mostNamed is how many units the letter names: the annex has all.
const mostNamed = 10

// attention names the units that did not meet their target, worst first.
func (r *Report) attention() (out []block) {
	type missed struct {
		service survey.Service
		row     *Row
	}
	var all []missed
	for i := range r.Services {
		for j := range r.Services[i].Units {
			if u := &r.Services[i].Units[j]; u.Shown && u.Verdict == survey.VerdictNotMet {
				all = append(all, missed{r.Services[i].Kind, u})
			}
		}
	}
	if len(all) == 0 {
		return []block{paragraph(r.Language.T("report.body.allmet"))}
	}
	slices.SortStableFunc(all, func(a, b missed) int {
		return cmp.Compare(rate(a.row.Counts).Rate(), rate(b.row.Counts).Rate())
	})
	named := all[:min(len(all), mostNamed)]
	out = append(out, paragraph(r.Language.T("report.body.missed", "Units", r.Language.Number(int64(len(all))))))
	for _, m := range named {
		sign := ""
		if m.row.Straddles {
			sign = " ≈"
		}
		out = append(out, bullet(r.Language.T("report.body.unit", "Name", called(m.row.Unit), "Service", lowerFirst(r.service(m.service)),
			"Rate", r.ratio(rate(m.row.Counts), 1), "Answers", r.Language.Number(m.row.Counts.Answers()),
			"Interval", r.interval(m.row.Rate), "Target", r.target(m.row.Target), "Sign", sign)))
	}
	return out
}

// worstFactors says, of each service, which factor people are least satisfied
// with.
func (r *Report) worstFactors() (out []block) {
	for _, s := range r.Services {
		var worst, best *Factor
		for i := range s.Factors {
			f := &s.Factors[i]
			if !f.Total.Shown || f.Total.Counts.Answers() == 0 {
				continue
			}
			if worst == nil || rate(f.Total.Counts).Rate() < rate(worst.Total.Counts).Rate() {
				worst = f
			}
			if best == nil || rate(f.Total.Counts).Rate() > rate(best.Total.Counts).Rate() {
				best = f
			}
		}
		if worst == nil {
			continue
		}
		out = append(out, paragraph(r.Language.T("report.body.worst", "Service", r.service(s.Kind),
			"Worst", clean(worst.Name), "WorstRate", r.ratio(rate(worst.Total.Counts), 1),
			"Best", clean(best.Name), "BestRate", r.ratio(rate(best.Total.Counts), 1))))
	}
	return out
}

// dossiers says how dossiers were returned, and how many of the people answered.
func (r *Report) dossiers() (out []block) {
	l := r.Language
	for _, s := range r.Services {
		t, name := s.Total, r.service(s.Kind)
		if of := t.Times; of.All() > 0 {
			out = append(out, paragraph(l.T("report.body.times", "Service", name, "All", l.Number(of.All()),
				"InTime", r.ratio(of.InTime(), 2), "Early", r.ratio(of.EarlyShare(), 2), "Late", l.Number(of.Late))))
		}
		if p := participation(t); p.Answers > 0 {
			out = append(out, paragraph(l.T("report.body.participation", "Service", name,
				"Rated", l.Number(p.Satisfied), "All", l.Number(p.Answers), "Share", r.ratio(p, 1))))
		}
		if t.Shown && t.Ratio766.Answers > 0 {
			out = append(out, paragraph(l.T("report.body.766", "Service", name, "Share", r.ratio(t.Ratio766, 2))))
		}
	}
	return out
}

// method is what a reader has to know to believe the figures; it stands in every
// format but CSV.
func (r *Report) method() []string {
	l := r.Language
	notes := []string{
		r.state(),
		l.T("report.method.rate"),
		l.T("report.method.interval"),
		l.T("report.method.target"),
		l.T("report.method.straddle"),
		l.T("report.method.toofew", "Least", r.Least),
		l.T("report.method.few", "Least", survey.LeastShown),
		l.T("report.method.band"),
		l.T("report.method.participation"),
		l.T("report.method.sample"),
		l.T("report.method.766"),
	}
	if !slices.ContainsFunc(r.Services, func(s Service) bool { return len(s.Factors) > 0 }) {
		notes = append(notes, l.T("report.method.nofactors"))
	}
	if slices.ContainsFunc(r.Services, func(s Service) bool { return s.Total.Nine.Known > 0 || slices.ContainsFunc(s.Units, nineKnown) }) {
		notes = append(notes, l.T("report.method.nine"))
	}
	if slices.ContainsFunc(r.Services, func(s Service) bool { return s.Total.Full.Answers > 0 }) {
		notes = append(notes, l.T("report.method.full"))
	}
	voided := int64(0)
	for i := range r.Services {
		voided += r.Services[i].Total.Voided
	}
	if voided > 0 {
		notes = append(notes, l.T("report.method.voided", "Number", l.Number(voided)))
	}
	return notes
}

func nineKnown(x Row) bool { return x.Nine.Known > 0 }

func (r *Report) signature() signature {
	s := signature{end: r.Language.T("report.body.end", "Period", within(r.Language, r.Period)), title: r.Language.T("report.recipients"), signer: clean(r.Letter.Signer)}
	for _, to := range append(slices.Clone(r.Letter.Recipients), cmp.Or(r.Letter.Archive, r.Language.T("report.archive"))) {
		if to = clean(to); to != "" {
			s.recipients = append(s.recipients, to)
		}
	}
	for _, line := range []string{r.Letter.Authority, r.Letter.Position} {
		if line = clean(line); line != "" {
			s.position = append(s.position, strings.ToUpper(line))
		}
	}
	return s
}
