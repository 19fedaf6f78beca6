package periodic

import (
	"context"
	"time"

	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/index"
	"hailong/server/report"
)

// published is what closings say beside the rows: nil where a month is open.
type published struct {
	answers map[unitService]index.UnitAnswers
	sheets  []*survey.Questionnaire
	later   map[unitService]int64
}

// closed is when the last month of a period was closed; zero where one is open.
func (f *Filler) closed(ctx context.Context, p survey.Period) (time.Time, error) {
	months, err := f.Index.Months(ctx)
	if err != nil {
		return time.Time{}, err
	}
	at := map[survey.Period]time.Time{}
	for _, m := range months {
		at[m.Month] = m.At
	}
	return closedAt(p, at), nil
}

// published puts what was published into the rows of an answer, in place of what
// is known now, and gives the rest.
func (f *Filler) published(ctx context.Context, a *index.Answer) (*published, error) {
	was, err := f.Index.Published(ctx, a.Period)
	if err != nil {
		return nil, err
	}
	p := &published{answers: map[unitService]index.UnitAnswers{}, later: map[unitService]int64{}}
	row := map[unitService]int{}
	for i := range a.Rows {
		r := &a.Rows[i]
		// Of a unit that published nothing there is nothing but its target.
		*r = index.Row{Unit: r.Unit, Service: r.Service, Asked: r.Asked,
			Judged: index.Judged{Target: r.Target, Own: r.Own, Verdict: survey.Judge(r.Target, 0, 0, a.Least), High: 1}}
		row[unitService{r.Unit.Code, r.Service}] = i
	}
	for _, x := range was.Rows {
		k := unitService{x.Unit.Code, x.Service}
		i, ok := row[k]
		if !ok {
			i = len(a.Rows)
			a.Rows = append(a.Rows, index.Row{Unit: x.Unit, Service: x.Service})
		}
		r := &a.Rows[i]
		r.Judged, r.WalkIns, r.Dossiers, r.Rated, r.Times = x.Judged, x.Numbers.WalkIns, x.Numbers.Dossiers, x.Numbers.Rated, x.Numbers.Times
		r.Voided = x.Numbers.Voided
		if x.Service == survey.ServiceAdministrative {
			r.Ratio766 = survey.Ratio766(r.Dossiers, r.Counts[0]+r.Counts[1]+r.Times.Late)
		}
		p.later[k] = x.Later()
	}
	index.Rank(a.Rows)
	all, err := f.Index.PublishedAnswers(ctx, a.Period)
	if err != nil {
		return nil, err
	}
	for _, u := range all.Units {
		p.answers[unitService{u.Unit, u.Service}] = u
	}
	p.sheets = all.Sheets
	return p, nil
}

// put adds to a service what came in later, «chỉ số hài lòng toàn diện» where it
// is computed, and the factors.
func (p *published) put(l *locale.Language, s *report.Service, least int64) {
	if p == nil {
		return
	}
	factors, full := p.asked(s.Kind)
	for i := range s.Units {
		u := &s.Units[i]
		k := unitService{u.Unit.Code, s.Kind}
		u.After = max(0, p.later[k])
		s.Total.After += u.After
		if full {
			u.Full = p.answers[k].Full
			s.Total.Full = plus(s.Total.Full, u.Full)
		}
	}
	for _, f := range factors {
		out := report.Factor{Code: f.code, Name: f.name.In(l.Tag)}
		var sum survey.Counts
		for i := range s.Units {
			u := &s.Units[i]
			var n survey.Counts
			for _, q := range f.questions {
				n = n.Add(p.answers[unitService{u.Unit.Code, s.Kind}].Questions[q])
			}
			out.Units = append(out.Units, rateOf(n, u.Target, least))
			sum = sum.Add(n)
		}
		if sum.Answers() == 0 {
			continue
		}
		out.Total = rateOf(sum, survey.Target{}, least)
		of := make([]*report.Rate, len(out.Units))
		for i := range out.Units {
			of[i] = &out.Units[i]
		}
		conceal(&out.Total, of)
		s.Factors = append(s.Factors, out)
	}
}

// factor is one factor of any version of the questionnaire, with the codes of
// its questions in all of them.
type factor struct {
	code      string
	name      survey.Words
	questions []string
}

// asked gives the factors of a kind of service: those of the version in force
// first, with its names. A question belongs to the factor that the latest version
// gives it.
func (p *published) asked(service survey.Service) (factors []factor, full bool) {
	at, known := map[string]int{}, map[string]bool{}
	for i, sheet := range p.sheets {
		s := sheet.For(service)
		if s == nil {
			continue
		}
		full = full || i == 0 && s.Full
		for _, f := range s.Factors {
			if _, ok := at[f.Code]; !ok {
				at[f.Code] = len(factors)
				factors = append(factors, factor{code: f.Code, name: f.Name})
			}
		}
		for _, q := range s.Questions {
			if j, ok := at[q.Factor]; ok && !known[q.Code] {
				known[q.Code] = true
				factors[j].questions = append(factors[j].questions, q.Code)
			}
		}
	}
	return factors, full
}
