package report

import (
	"strconv"

	"github.com/xuri/excelize/v2"

	"hailong/internal/survey"
)

// rateColumns are those of the ministry's table, as sheets have them.
func (b *workbook) rateColumns(answers string) (out []sheetColumn) {
	l := b.r.Language
	out = append(out, sheetColumn{name: answers, width: 9})
	for _, word := range b.r.scoreWords() {
		out = append(out, sheetColumn{word, l.T("report.column.count"), 8}, sheetColumn{word, l.T("report.column.share"), 7.5})
	}
	interval := l.T("report.column.interval")
	return append(out,
		sheetColumn{name: l.T("report.column.rate"), width: 8},
		sheetColumn{interval, l.T("report.column.low"), 7.5}, sheetColumn{interval, l.T("report.column.high"), 7.5},
		sheetColumn{name: l.T("report.column.target"), width: 9},
		sheetColumn{name: l.T("report.column.verdict"), width: 13})
}

// rateCells fill rateColumns. Too few answers leave the verdict's cell, which
// says so, and no number.
func (b *workbook) rateCells(x Rate, bold bool) (out []any) {
	if !x.Shown {
		for range 15 {
			out = append(out, b.empty())
		}
		return append(out, b.text(b.r.Language.T("report.fewshort", "Least", survey.LeastShown), look{align: "center", bold: bold}))
	}
	all := x.Counts.Answers()
	out = append(out, b.whole(all, bold))
	for i := 4; i >= 0; i-- {
		out = append(out, b.whole(x.Counts[i], bold), b.tally(survey.Tally{Satisfied: x.Counts[i], Answers: all}, bold))
	}
	out = append(out, b.tally(rate(x.Counts), bold), b.share(x.Low, bold), b.share(x.High, bold))
	if x.Target.Set() {
		out = append(out, excelize.Cell{StyleID: b.style(look{format: b.targetFormat(x.Target), bold: bold}), Value: float64(x.Target.Hundredths) / 10000})
	} else {
		out = append(out, b.empty())
	}
	return append(out, b.text(b.r.verdict(x), look{align: "center", bold: bold}))
}

// unitCells begin a row: number, code, name and kind of service.
func (b *workbook) unitCells(number int, u Unit, s *Service, bold bool) []any {
	first := b.empty()
	if number > 0 {
		first = excelize.Cell{StyleID: b.style(look{align: "center", bold: bold}), Value: number}
	}
	return []any{first, b.text(u.Code, look{bold: bold}),
		b.text(called(u), look{bold: bold, level: min(max(u.Level, 0), 6)}), b.text(b.r.service(s.Kind), look{bold: bold})}
}

func (b *workbook) unitColumns() []sheetColumn {
	l := b.r.Language
	return []sheetColumn{{name: l.T("report.column.number"), width: 5}, {name: l.T("report.column.code"), width: 10},
		{name: l.T("report.column.unit"), width: 30}, {name: l.T("report.column.service"), width: 22}}
}

// total is the row of all units.
func (b *workbook) total() Unit { return Unit{Name: b.r.Language.T("report.total")} }

// each writes a row for each unit, and one for all, of each kind of service.
func (b *workbook) each(s *sheet, row func(number int, u Unit, of *Service, x *Row, bold bool) error) error {
	for i := range b.r.Services {
		of := &b.r.Services[i]
		for j := range of.Units {
			if err := row(j+1, of.Units[j].Unit, of, &of.Units[j], false); err != nil {
				return err
			}
		}
		if err := row(0, b.total(), of, &of.Total, true); err != nil {
			return err
		}
	}
	return s.end()
}

func (b *workbook) unitSheet() error {
	l := b.r.Language
	columns := append(b.unitColumns(), b.rateColumns(l.T("report.column.answers"))...)
	columns = append(columns, sheetColumn{name: l.T("report.column.band"), width: 6}, sheetColumn{name: l.T("report.column.full"), width: 9})
	s, err := b.begin("report.sheet.units", 3, columns)
	if err != nil {
		return err
	}
	row := func(number int, u Unit, of *Service, x *Row, bold bool) error {
		cells := append(b.unitCells(number, u, of, bold), b.rateCells(x.Rate, bold)...)
		band, full := b.empty(), b.empty()
		if x.Shown {
			if x.Band > 0 {
				band = b.whole(int64(x.Band), bold)
			}
			full = b.tally(x.Full, bold)
		}
		return s.add(append(cells, band, full))
	}
	return b.each(s, row)
}

func (b *workbook) factorSheet() error {
	l := b.r.Language
	columns := append(b.unitColumns(), sheetColumn{name: l.T("report.column.factor"), width: 26})
	s, err := b.begin("report.sheet.factors", 3, append(columns, b.rateColumns(l.T("report.column.factoranswers"))...))
	if err != nil {
		return err
	}
	row := func(number int, u Unit, of *Service, f *Factor, x Rate, bold bool) error {
		cells := append(b.unitCells(number, u, of, bold), b.text(f.Name, look{bold: bold}))
		return s.add(append(cells, b.rateCells(x, bold)...))
	}
	for i := range b.r.Services {
		of := &b.r.Services[i]
		for j := range of.Factors {
			f := &of.Factors[j]
			if err := row(0, b.total(), of, f, f.Total, true); err != nil {
				return err
			}
			for k := range of.Units {
				if err := row(k+1, of.Units[k].Unit, of, f, f.Units[k], false); err != nil {
					return err
				}
			}
		}
	}
	return s.end()
}

func (b *workbook) dossierSheet() error {
	l := b.r.Language
	columns := b.unitColumns()
	for _, part := range []struct {
		over string
		keys []string
	}{
		{"returned", []string{"all", "early", "ontime", "late", "intime", "intimetarget", "earlyshare", "earlytarget"}},
		{"participation", []string{"dossiers", "rated", "participated", "sample", "walkins"}},
		{"", []string{"766"}},
		{"nine", []string{"points", "mostpoints", "grade"}},
	} {
		for _, key := range part.keys {
			c := sheetColumn{name: l.T("report.column." + key), width: 8.5}
			if part.over != "" {
				c.over = l.T("report.column." + part.over)
			}
			columns = append(columns, c)
		}
	}
	s, err := b.begin("report.sheet.dossiers", 3, columns)
	if err != nil {
		return err
	}
	row := func(number int, u Unit, of *Service, x *Row, bold bool) error {
		return s.add(append(b.unitCells(number, u, of, bold), b.dossierCells(x, bold)...))
	}
	return b.each(s, row)
}

func (b *workbook) dossierCells(x *Row, bold bool) []any {
	cells := make([]any, 17)
	for i := range cells {
		cells[i] = b.empty()
	}
	if all := x.Times.All(); all > 0 {
		inTime, early := x.Asked.Judge(x.Times)
		verdict := func(v survey.Verdict) any {
			return b.text(b.r.verdict(Rate{Shown: true, Verdict: v}), look{align: "center", bold: bold})
		}
		copy(cells, []any{b.whole(all, bold), b.whole(x.Times.Early, bold), b.whole(x.Times.OnTime, bold), b.whole(x.Times.Late, bold),
			b.tally(x.Times.InTime(), bold), verdict(inTime), b.tally(x.Times.EarlyShare(), bold), verdict(early)})
	}
	if x.Dossiers > 0 {
		cells[8], cells[11] = b.whole(x.Dossiers, bold), b.whole(survey.SampleNeeded(x.Dossiers), bold)
	}
	if x.Shown {
		cells[9], cells[10], cells[12], cells[13] = b.whole(x.Rated, bold), b.tally(participation(*x), bold), b.whole(x.WalkIns, bold), b.tally(x.Ratio766, bold)
	}
	if x.Nine.Known > 0 {
		cells[14], cells[15] = b.whole(int64(x.Nine.Points), bold), b.whole(int64(x.Nine.Most), bold)
		cells[16] = b.text(b.r.grade(x.Nine.Grade), look{align: "center", bold: bold})
	}
	return cells
}

// lateSheet has what came in after the closing, where there was one.
func (b *workbook) lateSheet() error {
	if b.r.Closed.IsZero() {
		return nil
	}
	columns := b.unitColumns()
	for _, key := range []string{"published", "publishedrate", "after", "nowrate"} {
		columns = append(columns, sheetColumn{name: b.r.Language.T("report.column." + key), width: 15})
	}
	s, err := b.begin("report.sheet.late", 3, columns)
	if err != nil {
		return err
	}
	return b.each(s, func(number int, u Unit, of *Service, x *Row, bold bool) error {
		if !x.Shown || x.After == 0 {
			return nil
		}
		now := b.empty()
		if x.Now != nil {
			now = b.tally(rate(*x.Now), bold)
		}
		return s.add(append(b.unitCells(number, u, of, bold), b.whole(x.Counts.Answers(), bold), b.tally(rate(x.Counts), bold), b.whole(x.After, bold), now))
	})
}

// methodSheet says how the figures were made.
func (b *workbook) methodSheet() error {
	name := b.r.Language.T("report.sheet.method")
	if err := b.newSheet(name, false); err != nil {
		return err
	}
	if err := b.SetColWidth(name, "A", "A", 4); err != nil {
		return err
	}
	if err := b.SetColWidth(name, "B", "B", 90); err != nil {
		return err
	}
	set := func(cell string, value any, l look) error {
		if err := b.SetCellValue(name, cell, value); err != nil {
			return err
		}
		return b.SetCellStyle(name, cell, cell, b.style(l))
	}
	if err := set("A1", b.r.Language.T("report.body.method"), look{bold: true, size: 14, frameless: true}); err != nil {
		return err
	}
	notes := b.r.method()
	if b.r.Sample {
		notes = append([]string{b.r.Language.T("report.sample")}, notes...)
	}
	for i, note := range notes {
		at := strconv.Itoa(i + 3)
		if err := set("A"+at, i+1, look{}); err != nil {
			return err
		}
		if err := set("B"+at, note, look{align: "left"}); err != nil {
			return err
		}
		// A row's height is not computed by all readers: some 95 letters a line.
		if err := b.SetRowHeight(name, i+3, 16*float64(1+len([]rune(note))/85)+2); err != nil {
			return err
		}
	}
	return b.printed(name, "'"+name+"'!$A$1:$B$"+strconv.Itoa(len(notes)+2), "")
}
