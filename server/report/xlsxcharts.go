package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/xuri/excelize/v2"

	"hailong/internal/survey"
)

const (
	chartBlue = "1F5A96"
	chartRed  = "B3261E"
	// chartRows is how many rows of the sheet a chart covers.
	chartRows = 23
	// mostBars is how many units a chart names.
	mostBars = 15
)

// bar is one bar of a chart; a target of 0 has no line.
type bar struct {
	name           string
	value, against float64
}

// chartSheet has charts, with the figures of each beside it.
func (b *workbook) chartSheet() error {
	l := b.r.Language
	name := l.T("report.sheet.charts")
	if err := b.newSheet(name, true); err != nil {
		return err
	}
	fit, scale := false, uint(62) // Excel breaks pages as told only where it does not fit them
	if err := b.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	if err := b.SetPageLayout(name, &excelize.PageLayoutOptions{AdjustTo: &scale}); err != nil {
		return err
	}
	for column, width := range map[string]float64{"A": 38, "B": 11, "C": 11} {
		if err := b.SetColWidth(name, column, column, width); err != nil {
			return err
		}
	}
	row, charts := 1, 0
	for i := range b.r.Services {
		s := &b.r.Services[i]
		if !s.Total.Shown || s.Total.Counts.Answers() == 0 {
			continue
		}
		var scores, factors []bar
		for i, word := range b.r.scoreWords() {
			scores = append(scores, bar{name: word, value: survey.Tally{Satisfied: s.Total.Counts[4-i], Answers: s.Total.Counts.Answers()}.Rate()})
		}
		for _, f := range s.Factors {
			if f.Total.Shown && f.Total.Counts.Answers() > 0 {
				factors = append(factors, bar{clean(f.Name), rate(f.Total.Counts).Rate(), float64(f.Total.Target.Hundredths) / 10000})
			}
		}
		for _, c := range []struct {
			key  string
			bars []bar
		}{{"report.chart.scores", scores}, {"report.chart.factors", factors}, {"report.chart.units", lowest(s)}} {
			if len(c.bars) == 0 {
				continue
			}
			if charts++; charts%2 == 1 && charts > 1 { // two on a printed page
				if err := b.InsertPageBreak(name, fmt.Sprint("A", row)); err != nil {
					return err
				}
			}
			if err := b.chart(name, row, l.T(c.key)+" – "+lowerFirst(b.r.service(s.Kind)), c.bars); err != nil {
				return err
			}
			row += max(chartRows, len(c.bars)+3) + 2
		}
	}
	if row == 1 {
		if err := b.SetCellValue(name, "A1", b.r.few()); err != nil {
			return err
		}
	}
	return b.printed(name, fmt.Sprintf("'%s'!$A$1:$O$%d", name, row), "")
}

// lowest are the units with enough answers for a verdict whose rate is lowest.
func lowest(s *Service) (out []bar) {
	for _, u := range s.Units {
		if u.Shown && u.Verdict != survey.VerdictTooFew && u.Counts.Answers() > 0 {
			out = append(out, bar{brief(called(u.Unit)), rate(u.Counts).Rate(), float64(u.Target.Hundredths) / 10000})
		}
	}
	slices.SortStableFunc(out, func(a, b bar) int { return cmp.Compare(a.value, b.value) })
	return out[:min(len(out), mostBars)]
}

// brief is a name that fits below a bar.
func brief(name string) string {
	const most = 40
	if letters := []rune(name); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return name
}

// chart writes the figures from a row on, and the chart beside them.
func (b *workbook) chart(sheet string, row int, title string, bars []bar) error {
	l := b.r.Language
	set := func(column string, row int, value any, look look) error {
		cell := fmt.Sprint(column, row)
		if err := b.SetCellValue(sheet, cell, value); err != nil {
			return err
		}
		return b.SetCellStyle(sheet, cell, cell, b.style(look))
	}
	if err := set("A", row, title, look{bold: true, frameless: true}); err != nil {
		return err
	}
	against := slices.ContainsFunc(bars, func(x bar) bool { return x.against > 0 })
	names := []string{"", l.T("report.column.share")}
	if against {
		names = []string{"", l.T("report.column.rate"), l.T("report.column.target")}
	}
	for i, text := range names {
		if err := set([]string{"A", "B", "C"}[i], row+1, text, look{head: true}); err != nil {
			return err
		}
	}
	first, last := row+2, row+1+len(bars)
	for i, x := range bars {
		if err := set("A", first+i, x.name, look{align: "left"}); err != nil {
			return err
		}
		if err := set("B", first+i, x.value, look{format: b.percent()}); err != nil {
			return err
		}
		if x.against > 0 {
			if err := set("C", first+i, x.against, look{format: b.percent()}); err != nil {
				return err
			}
		}
	}
	at := func(column string) string {
		return fmt.Sprintf("'%s'!$%s$%d:$%s$%d", sheet, column, first, column, last)
	}
	ink := excelize.Font{Color: "333333", Size: 9}
	nought, whole := 0.0, 1.0 // a scale from nought, so that bars don't exaggerate
	c := &excelize.Chart{
		Type: excelize.Col,
		Series: []excelize.ChartSeries{{Name: fmt.Sprintf("'%s'!$B$%d", sheet, row+1), Categories: at("A"), Values: at("B"),
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{chartBlue}}}},
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: title, Font: &excelize.Font{Size: 12, Bold: true}}}},
		Legend:    excelize.ChartLegend{Position: "bottom"},
		Dimension: excelize.ChartDimension{Width: 640, Height: 400},
		Format:    excelize.GraphicOptions{AltText: title},
		XAxis:     excelize.ChartAxis{Font: ink},
		YAxis:     excelize.ChartAxis{Font: ink, MajorGridLines: true, Minimum: &nought, NumFmt: excelize.ChartNumFmt{CustomNumFmt: b.locale() + "0%"}},
	}
	if !against {
		c.Legend.Position = "none"
		return b.AddChart(sheet, fmt.Sprintf("E%d", row), c)
	}
	c.YAxis.Maximum = &whole
	line := &excelize.Chart{
		Type: excelize.Line,
		Series: []excelize.ChartSeries{{Name: fmt.Sprintf("'%s'!$C$%d", sheet, row+1), Categories: at("A"), Values: at("C"),
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{chartRed}}, Line: excelize.LineOptions{Width: 1.5},
			Marker: excelize.ChartMarker{Symbol: "none"}}},
		XAxis: c.XAxis, YAxis: c.YAxis,
	}
	return b.AddChart(sheet, fmt.Sprintf("E%d", row), c, line)
}
