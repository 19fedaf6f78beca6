package report

import (
	"bufio"
	"encoding/csv"
	"io"
	"strconv"

	"hailong/internal/cell"
	"hailong/internal/survey"
)

// csvColumns are the keys of the header's words.
var csvColumns = []string{"service", "code", "unit", "factorcode", "factor", "from", "to", "answers",
	"score5", "score4", "score3", "score2", "score1", "satisfied", "ratepercent", "lowpercent", "highpercent",
	"target", "verdict", "straddles", "band", "fullpercent", "walkins", "dossiers", "rated", "sample",
	"early", "ontime", "late", "766percent", "points", "mostpoints", "grade", "after", "state", "checkpoint"}

// writeCSV writes a row for each unit and kind of service, and one more for each
// factor: UTF-8 with a byte order mark, RFC 4180. Numbers are for programs:
// no grouping, a point before decimals, dates as 2026-11-23. What is not shown
// is empty.
func (r *Report) writeCSV(w io.Writer) error {
	out := bufio.NewWriter(w)
	_, _ = out.WriteString("\uFEFF") // its error comes with Flush
	c := csv.NewWriter(out)
	c.UseCRLF = true
	header := make([]string, len(csvColumns))
	for i, key := range csvColumns {
		header[i] = r.Language.T("report.csv." + key)
	}
	if err := c.Write(header); err != nil {
		return err
	}
	for i := range r.Services {
		s := &r.Services[i]
		name := r.service(s.Kind)
		for j := range s.Units {
			u := &s.Units[j]
			if err := c.Write(r.csvRow(name, u, Factor{}, u.Rate, true)); err != nil {
				return err
			}
			for _, f := range s.Factors {
				if err := c.Write(r.csvRow(name, u, f, f.Units[j], false)); err != nil {
					return err
				}
			}
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return err
	}
	return out.Flush()
}

// csvRow is one line; whole says that it is of the ballots, not of a factor.
func (r *Report) csvRow(service string, u *Row, f Factor, x Rate, whole bool) []string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	share := func(v float64) string { return strconv.FormatFloat(100*v, 'f', 2, 64) }
	tally := func(t survey.Tally) string {
		if t.Answers == 0 {
			return ""
		}
		return share(t.Rate())
	}
	row := make([]string, 0, len(csvColumns))
	add := func(cells ...string) { row = append(row, cells...) }
	none := func(n int) { row = append(row, make([]string, n)...) }

	add(service, cell.Text(u.Unit.Code), cell.Text(u.Unit.Name), cell.Text(f.Code), cell.Text(f.Name), r.Period.From.String(), r.Period.Last().String())
	if x.Shown {
		c := x.Counts
		add(number(c.Answers()), number(c[4]), number(c[3]), number(c[2]), number(c[1]), number(c[0]),
			number(c.Satisfied()), tally(rate(c)), share(x.Low), share(x.High))
		target := ""
		if x.Target.Set() {
			target = r.target(x.Target)
		}
		verdict := x
		verdict.Straddles = false // has a column of its own
		add(target, r.verdict(verdict), strconv.FormatBool(x.Straddles))
	} else {
		none(13)
	}
	if !whole {
		none(14)
		return append(row, r.csvState(), r.checkpoint())
	}
	if u.Shown {
		add(number(int64(u.Band)), tally(u.Full), number(u.WalkIns))
	} else {
		none(3)
	}
	add(number(u.Dossiers))
	if u.Shown {
		add(number(u.Rated))
	} else {
		none(1)
	}
	add(number(survey.SampleNeeded(u.Dossiers)), number(u.Times.Early), number(u.Times.OnTime), number(u.Times.Late))
	if u.Shown {
		add(tally(u.Ratio766))
	} else {
		none(1)
	}
	if u.Nine.Known > 0 {
		add(strconv.Itoa(u.Nine.Points), strconv.Itoa(u.Nine.Most), r.grade(u.Nine.Grade))
	} else {
		none(3)
	}
	if u.Shown && !r.Closed.IsZero() {
		add(number(u.After))
	} else {
		none(1)
	}
	return append(row, r.csvState(), r.checkpoint())
}

// csvState stands in every line, since a CSV file has no room above its header.
func (r *Report) csvState() string {
	switch {
	case r.Sample:
		return r.Language.T("report.csv.sampledata")
	case r.Closed.IsZero():
		return r.Language.T("report.csv.provisional")
	}
	return r.Language.T("report.csv.final")
}
