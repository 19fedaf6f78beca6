// Package periodic makes the reports that are due at the end of a period: it
// fills them from the index, and keeps those of closed periods as files.
package periodic

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/index"
	"hailong/server/organisation"
	"hailong/server/report"
)

// Index is what reports are filled from; *index.Index is one. Its errors are
// survey errors where the question was wrong.
type Index interface {
	Today() survey.Day
	Query(context.Context, index.Query) (index.Answer, error)
	Units(context.Context) ([]index.Unit, error)
	Months(context.Context) ([]index.ClosedMonth, error)
	Published(context.Context, survey.Period) (index.PublishedAnswer, error)
	PublishedAnswers(context.Context, survey.Period) (index.PublishedAnswers, error)
}

// Filler fills reports. All its fields but Checkpoint are required.
type Filler struct {
	Index     Index
	Languages *locale.Catalogue
	// Setting gives a setting of the province, "" where it is not set.
	Setting func(ctx context.Context, key string) (string, error)
	Now     func() time.Time
	// Checkpoint gives the last checkpoint of the log of the facts that was in
	// effect when the period was closed; of a period that is not, the last. nil:
	// there is none.
	Checkpoint func(ctx context.Context, period survey.Period, closed bool) (report.Checkpoint, error)
}

// Ask is which report is wanted.
type Ask struct {
	Period   survey.Period
	Unit     string // code: this unit and those below it; empty: all
	Language string // BCP 47; what has no reports gets Vietnamese
}

// Fill gives the report of a period: where all its months are closed, as it was
// published, with what came in later; else as of now, without what is published
// of closed months only. Errors: those of survey.Period.Check,
// CodeNotYet for a period that has not begun, CodeUnknownUnit.
func (f *Filler) Fill(ctx context.Context, q Ask) (*report.Report, error) {
	if err := q.Period.Check(); err != nil {
		return nil, err
	}
	if q.Period.From > f.Index.Today() {
		return nil, survey.New(survey.CodeNotYet, q.Period.From.String())
	}
	r := &report.Report{Language: f.language(q.Language), Period: q.Period, Made: f.Now()}
	a, err := f.Index.Query(ctx, index.Query{Period: q.Period})
	if err != nil {
		return nil, err
	}
	r.Least, r.Sample = a.Least, a.Sample
	if r.Letter, err = f.letter(ctx); err != nil {
		return nil, err
	}
	closed, err := f.closed(ctx, q.Period)
	if err != nil {
		return nil, err
	}
	var published *published
	if !closed.IsZero() {
		if published, err = f.published(ctx, &a); err != nil {
			return nil, err
		}
		r.Made, r.Closed = closed, closed
	}
	if f.Checkpoint != nil {
		if r.Checkpoint, err = f.Checkpoint(ctx, q.Period, published != nil); err != nil {
			return nil, err
		}
	}
	t, err := f.tree(ctx, a.Rows)
	if err != nil {
		return nil, err
	}
	if q.Unit != "" && !t.has(q.Unit) {
		return nil, survey.New(survey.CodeUnknownUnit, clip(q.Unit))
	}
	for _, s := range survey.Services {
		if one, any := t.service(r.Language, s, a, q.Unit); any {
			published.put(r.Language, &one, a.Least)
			conceal(&one.Total.Rate, rates(one.Units))
			r.Services = append(r.Services, one)
		}
	}
	return r, nil
}

// language is English where it is wanted: no other but Vietnamese has all that
// a report says.
func (f *Filler) language(tag string) *locale.Language {
	if tag != "en" {
		tag = locale.Default
	}
	return f.Languages.Language(tag)
}

// letter is what the organisation file says of reports.
func (f *Filler) letter(ctx context.Context) (l report.Letter, err error) {
	text := func(part string) string {
		if err != nil {
			return ""
		}
		var value string
		value, err = f.Setting(ctx, organisation.LetterOf(part))
		return value
	}
	lines := func(part string) []string {
		if value := text(part); value != "" {
			return strings.Split(value, "\n")
		}
		return nil
	}
	l = report.Letter{
		Superior: text("superior"), Agency: text("agency"), Symbol: text("symbol"), Place: text("place"), Opening: lines("opening"),
		Recipients: lines("recipients"), Archive: text("archive"), Authority: text("authority"), Position: text("position"), Signer: text("signer"),
	}
	return l, err
}

// tree is the units as they were on the period's last day.
type tree struct {
	units map[string]index.Unit
	rows  map[unitService]*index.Row
}

type unitService struct {
	unit    string
	service survey.Service
}

func (f *Filler) tree(ctx context.Context, rows []index.Row) (*tree, error) {
	t := &tree{units: map[string]index.Unit{}, rows: map[unitService]*index.Row{}}
	units, err := f.Index.Units(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range units {
		t.units[u.Code] = u
	}
	for i := range rows {
		r := &rows[i]
		t.units[r.Unit.Code] = r.Unit
		t.rows[unitService{r.Unit.Code, r.Service}] = r
	}
	return t, nil
}

func (t *tree) has(code string) bool {
	_, ok := t.units[code]
	return ok
}

// above gives the codes from a unit's parent up. What two files say of parents
// may go round in a circle, which is left at the second turn.
func (t *tree) above(code string) []string {
	var all []string
	for p := t.units[code].Parent; p != "" && p != code && !slices.Contains(all, p); p = t.units[p].Parent {
		all = append(all, p)
	}
	return all
}

// service gives the rows of one kind of service, each unit before those below
// it; false where there is none.
func (t *tree) service(l *locale.Language, s survey.Service, a index.Answer, only string) (report.Service, bool) {
	type place struct {
		path []string // codes from the top down
		row  *index.Row
	}
	var all []place
	for key, r := range t.rows {
		up := t.above(key.unit)
		if key.service != s || only != "" && key.unit != only && !slices.Contains(up, only) {
			continue
		}
		slices.Reverse(up)
		all = append(all, place{append(up, key.unit), r})
	}
	slices.SortFunc(all, func(x, y place) int { return slices.Compare(x.path, y.path) })
	out := report.Service{Kind: s}
	for _, p := range all {
		row := t.row(l, p.row, a.Least)
		for _, code := range p.path[:len(p.path)-1] {
			if t.rows[unitService{code, s}] != nil && (only == "" || slices.Contains(p.path[:slices.Index(p.path, code)+1], only)) {
				row.Unit.Level++
			}
		}
		out.Units = append(out.Units, row)
	}
	out.Total = total(out.Units, a.Least)
	return out, len(out.Units) > 0
}

func (t *tree) row(l *locale.Language, r *index.Row, least int64) report.Row {
	name := r.Unit.Name
	if l.Tag == "en" {
		name = cmp.Or(r.Unit.NameEN, name)
	}
	return report.Row{
		Unit: report.Unit{Code: r.Unit.Code, Name: name},
		Rate: report.Rate{Shown: true, Counts: r.Counts, Low: r.Low, High: r.High, Target: r.Target, Own: r.Own, Verdict: r.Verdict, Straddles: r.Straddles},
		Band: r.Band, WalkIns: r.WalkIns, Voided: r.Voided, Dossiers: r.Dossiers, Rated: r.Rated, Ratio766: r.Ratio766, Times: r.Times, Asked: r.Asked,
	}
}

// total sums units up. It has no target: those of its units differ.
func total(units []report.Row, least int64) (sum report.Row) {
	for i := range units {
		u := &units[i]
		sum.Counts = sum.Counts.Add(u.Counts)
		sum.WalkIns, sum.Dossiers, sum.Rated = sum.WalkIns+u.WalkIns, sum.Dossiers+u.Dossiers, sum.Rated+u.Rated
		sum.Voided += u.Voided
		sum.Ratio766, sum.Full = plus(sum.Ratio766, u.Ratio766), plus(sum.Full, u.Full)
		sum.Times.Early, sum.Times.OnTime, sum.Times.Late = sum.Times.Early+u.Times.Early, sum.Times.OnTime+u.Times.OnTime, sum.Times.Late+u.Times.Late
	}
	sum.Rate = rateOf(sum.Counts, survey.Target{}, least)
	return sum
}

func plus(a, b survey.Tally) survey.Tally {
	return survey.Tally{Satisfied: a.Satisfied + b.Satisfied, Answers: a.Answers + b.Answers}
}

// rateOf judges counts.
func rateOf(c survey.Counts, t survey.Target, least int64) report.Rate {
	n, of := c.Satisfied(), c.Answers()
	r := report.Rate{Shown: true, Counts: c, Target: t, Verdict: survey.Judge(t, n, of, least), Straddles: survey.Straddles(t, n, of)}
	r.Low, r.High = survey.Wilson(n, of)
	return r
}

func rates(units []report.Row) []*report.Rate {
	all := make([]*report.Rate, len(units))
	for i := range units {
		all[i] = &units[i].Rate
	}
	return all
}

// conceal hides what has fewer answers than may be shown, and where the total
// minus what is left would give fewer than that away, the next smallest too. The
// total is of all of them. Who has no answers at all says nothing by that, and
// is hidden as one of the few.
func conceal(total *report.Rate, of []*report.Rate) {
	order := slices.Clone(of)
	slices.SortStableFunc(order, func(a, b *report.Rate) int { return cmp.Compare(a.Counts.Answers(), b.Counts.Answers()) })
	var hidden int64
	for _, r := range order {
		n := r.Counts.Answers()
		if n >= survey.LeastShown && (hidden == 0 || hidden >= survey.LeastShown) {
			break
		}
		hidden += n
		*r = report.Rate{Target: r.Target, Own: r.Own}
	}
	if total.Counts.Answers() < survey.LeastShown {
		*total = report.Rate{Target: total.Target}
	}
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
