package report

import (
	"strconv"

	"hailong/internal/survey"
)

// Widths add up to what the page leaves: 165 mm upright, 247 mm wide.
const (
	tallWidth = 165
	wideWidth = 247
)

// scoreWords are the words of the scale, best first, as tables have them.
func (r *Report) scoreWords() (out [5]string) {
	for i := range out {
		out[i] = r.Language.T("report.score." + strconv.Itoa(5-i))
	}
	return out
}

// summaryTable has a column for each kind of service.
func (r *Report) summaryTable() *table {
	l := r.Language
	n := float64(max(1, len(r.Services)))
	t := &table{size: 12, columns: []column{{tallWidth - min(n*52, 110), left}},
		head: [][]headCell{{{text: l.T("report.column.content")}}}}
	for _, s := range r.Services {
		t.columns = append(t.columns, column{min(n*52, 110) / n, centre})
		t.head[0] = append(t.head[0], headCell{text: r.service(s.Kind)})
	}
	line := func(bold bool, name string, cell func(Row) string) {
		row, any := tableRow{bold: bold, cells: []string{name}}, false
		for _, s := range r.Services {
			text := "–"
			if c := cell(s.Total); c != "" {
				text, any = c, true
			}
			row.cells = append(row.cells, text)
		}
		if any {
			t.rows = append(t.rows, row)
		}
	}
	shown := func(cell func(Row) string) func(Row) string {
		return func(x Row) string {
			if !x.Shown {
				return "–"
			}
			return cell(x)
		}
	}
	line(true, l.T("report.column.answers"), func(x Row) string {
		if !x.Shown {
			return r.few()
		}
		return l.Number(x.Counts.Answers())
	})
	for i, word := range r.scoreWords() {
		line(false, word, shown(func(x Row) string {
			n := x.Counts[4-i]
			return l.Number(n) + " (" + l.Ratio(n, x.Counts.Answers(), 1) + ")"
		}))
	}
	line(true, l.T("report.column.rate"), shown(func(x Row) string { return r.ratio(rate(x.Counts), 1) }))
	line(false, l.T("report.column.interval"), shown(func(x Row) string { return r.interval(x.Rate) }))
	line(false, l.T("report.column.target"), func(x Row) string { return r.target(x.Target) })
	line(true, l.T("report.column.verdict"), shown(func(x Row) string { return r.verdict(x.Rate) }))
	line(false, l.T("report.column.full"), func(x Row) string {
		if !x.Shown || x.Full.Answers == 0 {
			return ""
		}
		return r.ratio(x.Full, 1)
	})
	line(false, l.T("report.column.needed"), func(x Row) string {
		if x.Dossiers == 0 {
			return ""
		}
		return l.Number(survey.SampleNeeded(x.Dossiers))
	})
	line(false, l.T("report.column.walkins"), func(x Row) string {
		if x.WalkIns < survey.LeastShown {
			return ""
		}
		return l.Number(x.WalkIns)
	})
	return t
}

// rateTable is the table that the ministry's reports have: counts and shares by
// score, rate, interval, target, verdict.
func (r *Report) rateTable(name, answers string) *table {
	l := r.Language
	t := &table{size: 9.5, columns: []column{{8, centre}, {41, left}, {14, right}}}
	first := []headCell{{text: l.T("report.column.number"), down: 2}, {text: name, down: 2}, {text: answers, down: 2}}
	var second []headCell
	for _, word := range r.scoreWords() {
		t.columns = append(t.columns, column{10.5, right}, column{12, right})
		first = append(first, headCell{text: word, across: 2})
		second = append(second, headCell{text: l.T("report.column.count")}, headCell{text: l.T("report.column.share")})
	}
	t.columns = append(t.columns, column{15, right}, column{22, centre}, column{15, centre}, column{19.5, centre})
	for _, key := range []string{"rate", "interval", "target", "verdict"} {
		first = append(first, headCell{text: l.T("report.column." + key), down: 2})
	}
	t.head = [][]headCell{first, second}
	return t
}

// rateRow fills a row of a rateTable. Too few answers leave one cell, which says
// so.
func (r *Report) rateRow(number, name string, level int, bold bool, x Rate) tableRow {
	row := tableRow{level: level, bold: bold, cells: []string{number, clean(name)}}
	if !x.Shown {
		row.spanned, row.cells = true, append(row.cells, r.few())
		return row
	}
	l, all := r.Language, x.Counts.Answers()
	row.cells = append(row.cells, l.Number(all))
	for i := 4; i >= 0; i-- {
		row.cells = append(row.cells, l.Number(x.Counts[i]), l.Ratio(x.Counts[i], all, 1))
	}
	row.cells = append(row.cells, r.ratio(rate(x.Counts), 1), r.narrow(x), r.target(x.Target), r.verdict(x))
	return row
}

func (r *Report) unitTable(s *Service) *table {
	t := r.rateTable(r.Language.T("report.column.unit"), r.Language.T("report.column.answers"))
	for i, u := range s.Units {
		t.rows = append(t.rows, r.rateRow(strconv.Itoa(i+1), called(u.Unit), u.Unit.Level, false, u.Rate))
	}
	t.rows = append(t.rows, r.rateRow("", r.Language.T("report.total"), 0, true, s.Total.Rate))
	return t
}

// factorTable is the same by factor, over all units.
func (r *Report) factorTable(s *Service) *table {
	if len(s.Factors) == 0 {
		return nil
	}
	t := r.rateTable(r.Language.T("report.column.factor"), r.Language.T("report.column.factoranswers"))
	for i, f := range s.Factors {
		t.rows = append(t.rows, r.rateRow(strconv.Itoa(i+1), f.Name, 0, false, f.Total))
	}
	return t
}

// matrixTable has the rate of each factor at each unit.
func (r *Report) matrixTable(s *Service) *table {
	if len(s.Factors) == 0 {
		return nil
	}
	l := r.Language
	each := min(34, 177/float64(len(s.Factors)))
	t := &table{size: 9.5, columns: []column{{8, centre}, {wideWidth - 8 - each*float64(len(s.Factors)), left}},
		head: [][]headCell{{{text: l.T("report.column.number")}, {text: l.T("report.column.unit")}}}}
	for _, f := range s.Factors {
		t.columns = append(t.columns, column{each, centre})
		t.head[0] = append(t.head[0], headCell{text: clean(f.Name)})
	}
	cell := func(x Rate) string {
		if !x.Shown {
			return "–"
		}
		return r.ratio(rate(x.Counts), 1) + " (" + l.Number(x.Counts.Answers()) + ")"
	}
	for i, u := range s.Units {
		row := tableRow{level: u.Unit.Level, cells: []string{strconv.Itoa(i + 1), called(u.Unit)}}
		for _, f := range s.Factors {
			row.cells = append(row.cells, cell(f.Units[i]))
		}
		t.rows = append(t.rows, row)
	}
	all := tableRow{bold: true, cells: []string{"", l.T("report.total")}}
	for _, f := range s.Factors {
		all.cells = append(all.cells, cell(f.Total))
	}
	t.rows = append(t.rows, all)
	return t
}

// dossierTable has what is known of dossiers: how they were returned, who
// answered, and the two other official yardsticks, named.
func (r *Report) dossierTable(s *Service) *table {
	l := r.Language
	t := &table{size: 9.5, columns: []column{{8, centre}, {58, left},
		{16, right}, {15, right}, {15, right}, {13, right}, {20, right}, {20, right},
		{17, right}, {17, right}, {14, right}, {18, right}, {16, centre}}}
	t.head = [][]headCell{
		{{text: l.T("report.column.number"), down: 2}, {text: l.T("report.column.unit"), down: 2},
			{text: l.T("report.column.returned"), across: 6}, {text: l.T("report.column.participation"), across: 3},
			{text: l.T("report.column.766"), down: 2}, {text: l.T("report.column.nine"), down: 2}},
		{},
	}
	for _, key := range []string{"all", "early", "ontime", "late", "intime", "earlyshare", "dossiers", "sample", "participated"} {
		t.head[1] = append(t.head[1], headCell{text: l.T("report.column." + key)})
	}
	row := func(number, name string, level int, bold bool, x Row) tableRow {
		cells := []string{number, clean(name), "–", "–", "–", "–", "–", "–", "–", "–", "–", "–", "–"}
		if all := x.Times.All(); all > 0 {
			cells[2], cells[3], cells[4], cells[5] = l.Number(all), l.Number(x.Times.Early), l.Number(x.Times.OnTime), l.Number(x.Times.Late)
			in, early := x.Asked.Judge(x.Times)
			cells[6] = r.judged(x.Times.InTime(), in)
			cells[7] = r.judged(x.Times.EarlyShare(), early)
		}
		if x.Dossiers > 0 {
			cells[8], cells[9] = l.Number(x.Dossiers), l.Number(survey.SampleNeeded(x.Dossiers))
		}
		cells[10] = r.ratio(participation(x), 1)
		if x.Shown {
			cells[11] = r.ratio(x.Ratio766, 2)
		}
		if x.Nine.Known > 0 {
			cells[12] = strconv.Itoa(x.Nine.Points) + "/" + strconv.Itoa(x.Nine.Most)
			if g := r.grade(x.Nine.Grade); g != "" {
				cells[12] += " " + g
			}
		}
		return tableRow{cells: cells, level: level, bold: bold}
	}
	known := false
	for i, u := range s.Units {
		known = known || u.Times.All() > 0 || u.Dossiers > 0
		t.rows = append(t.rows, row(strconv.Itoa(i+1), called(u.Unit), u.Unit.Level, false, u))
	}
	if !known {
		return nil
	}
	t.rows = append(t.rows, row("", l.T("report.total"), 0, true, s.Total))
	return t
}

// widen gives columns of numbers the room that their longest needs, from that of
// the names; where there is not enough of it, letters become smaller. Word and
// the PDF measure for themselves: here it is enough to know how wide a digit is
// in letters of Times.
func widen(t *table) *table {
	const names, least = 1, 30 // mm
	em := t.size * 25.4 / 72
	widths := make([]float64, len(t.columns))
	for i, c := range t.columns {
		widths[i] = c.width
	}
	for _, row := range t.rows {
		for i, text := range row.cells {
			if t.columns[i].align != right || row.spanned {
				continue
			}
			need := 2*padding + 0.3
			for _, r := range text {
				switch r {
				case '.', ',':
					need += em / 4
				case '%':
					need += em
				default:
					need += em / 2
				}
			}
			if more := need - widths[i]; more > 0 {
				widths[i] += more
				widths[names] -= more
			}
		}
	}
	if widths[names] < least && t.size > 7 {
		t.size--
		return widen(t)
	}
	for i := range t.columns {
		t.columns[i].width = max(widths[i], 1)
	}
	return t
}

// judged is a share with what its target says.
func (r *Report) judged(t survey.Tally, v survey.Verdict) string {
	text := r.ratio(t, 2)
	switch v {
	case survey.VerdictMet:
		text += " " + lowerFirst(r.Language.T("report.verdict.met"))
	case survey.VerdictNotMet:
		text += " " + lowerFirst(r.Language.T("report.verdict.notmet"))
	}
	return text
}

// lateTable has the units for which ballots came in after the closing.
func (r *Report) lateTable(s *Service) *table {
	l := r.Language
	t := &table{size: 10.5, columns: []column{{10, centre}, {97, left}, {35, right}, {35, right}, {35, right}, {35, right}},
		head: [][]headCell{{{text: l.T("report.column.number")}, {text: l.T("report.column.unit")}}}}
	for _, key := range []string{"published", "publishedrate", "after", "nowrate"} {
		t.head[0] = append(t.head[0], headCell{text: l.T("report.column." + key)})
	}
	row := func(number, name string, level int, bold bool, x Row) tableRow {
		cells := []string{number, clean(name), l.Number(x.Counts.Answers()), r.ratio(rate(x.Counts), 1), l.Number(x.After), "–"}
		if x.Now != nil {
			cells[5] = r.ratio(rate(*x.Now), 1)
		}
		return tableRow{cells: cells, level: level, bold: bold}
	}
	for _, u := range s.Units {
		if u.Shown && u.After > 0 {
			t.rows = append(t.rows, row(strconv.Itoa(len(t.rows)+1), called(u.Unit), 0, false, u))
		}
	}
	if s.Total.Shown && s.Total.After > 0 {
		t.rows = append(t.rows, row("", l.T("report.total"), 0, true, s.Total))
	}
	if len(t.rows) == 0 {
		return nil
	}
	return t
}
