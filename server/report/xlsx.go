package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"hailong/internal/survey"
)

// workbook is an XLSX file in the making. Long sheets go through excelize's
// stream writer, which keeps no cell.
type workbook struct {
	*excelize.File
	r      *Report
	styles map[look]int
	sheets int
}

// paperA4 is excelize's number of the paper size.
const paperA4 = 9

// Rows of a sheet's head: title, period, state, then two of column names.
const (
	namesRow  = 5
	firstData = 7
)

func (r *Report) writeXLSX(w io.Writer) error {
	b := &workbook{File: excelize.NewFile(), r: r, styles: map[look]int{}}
	defer b.File.Close() // of temporary files; nothing is left to lose
	b.SetZipWriter(func(w io.Writer) excelize.ZipWriter { return newArchive(w, r.Made) })
	made := r.Made.UTC().Format("2006-01-02T15:04:05Z")
	if err := b.SetDocProps(&excelize.DocProperties{Title: r.title(), Creator: clean(r.Letter.Agency),
		LastModifiedBy: "Hài Lòng", Created: made, Modified: made, Language: r.Language.Tag}); err != nil {
		return fmt.Errorf("report: XLSX: %w", err)
	}
	for _, sheet := range []func() error{b.unitSheet, b.factorSheet, b.dossierSheet, b.lateSheet, b.chartSheet, b.methodSheet} {
		if err := sheet(); err != nil {
			return fmt.Errorf("report: XLSX: %w", err)
		}
	}
	// The first sheet is the active one. To name it to excelize would read every
	// streamed sheet back.
	if err := b.Write(w); err != nil {
		return fmt.Errorf("report: XLSX: %w", err)
	}
	return nil
}

// The formats of numbers. 42A is Vietnamese: programs that heed it write 95,6%
// wherever they run, others as their own language has it.
func (b *workbook) locale() string {
	if b.r.Language.Tag == "en" {
		return "[$-409]"
	}
	return "[$-42A]"
}

func (b *workbook) integer() string { return b.locale() + "#,##0" }
func (b *workbook) percent() string { return b.locale() + "0.0%" }

// targetFormat shows a target's number with its operator: «> 95%».
func (b *workbook) targetFormat(t survey.Target) string {
	digits := "0"
	switch {
	case t.Hundredths%10 != 0:
		digits = "0.00"
	case t.Hundredths%100 != 0:
		digits = "0.0"
	}
	sign := map[survey.Operator]string{survey.OperatorAbove: ">", survey.OperatorAtLeast: "≥", survey.OperatorExactly: "="}[t.Operator]
	return b.locale() + `"` + sign + ` "` + digits + "%"
}

// look is what a cell looks like.
type look struct {
	format     string // of its number; empty: text
	bold, head bool
	align      string // left, center; empty: numbers right
	level      int    // indent
	size       float64
	frameless  bool
	italic     bool
}

func (b *workbook) style(l look) int {
	if id, ok := b.styles[l]; ok {
		return id
	}
	s := &excelize.Style{
		Font:      &excelize.Font{Family: "Times New Roman", Size: max(l.size, 11), Bold: l.bold || l.head, Italic: l.italic},
		Alignment: &excelize.Alignment{Vertical: "center", Horizontal: l.align, WrapText: !l.frameless, Indent: l.level},
	}
	if !l.frameless {
		for _, side := range []string{"left", "right", "top", "bottom"} {
			s.Border = append(s.Border, excelize.Border{Type: side, Style: 1, Color: "808080"})
		}
	}
	if l.head {
		s.Alignment.Horizontal = "center"
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EDF3"}}
	}
	if l.format != "" {
		s.CustomNumFmt = &l.format
	}
	id, err := b.NewStyle(s)
	if err != nil {
		panic(err) // the styles are those above
	}
	b.styles[l] = id
	return id
}

// text, whole, share and of make cells; bold is for sums.
func (b *workbook) text(s string, l look) any {
	if l.align == "" {
		l.align = "left"
	}
	return excelize.Cell{StyleID: b.style(l), Value: clean(s)}
}

func (b *workbook) whole(n int64, bold bool) any {
	return excelize.Cell{StyleID: b.style(look{format: b.integer(), bold: bold}), Value: n}
}

func (b *workbook) share(v float64, bold bool) any {
	return excelize.Cell{StyleID: b.style(look{format: b.percent(), bold: bold}), Value: v}
}

// tally is a share, or an empty cell where there is nothing to share.
func (b *workbook) tally(t survey.Tally, bold bool) any {
	if t.Answers == 0 {
		return b.empty()
	}
	return b.share(t.Rate(), bold)
}

func (b *workbook) empty() any { return excelize.Cell{StyleID: b.style(look{}), Value: nil} }

// sheet is one streamed sheet.
type sheet struct {
	*excelize.StreamWriter
	b       *workbook
	name    string
	row     int
	columns []sheetColumn
}

// column of a sheet: its name, below a name that several share.
type sheetColumn struct {
	over, name string
	width      float64 // in characters
}

// begin makes a sheet with its head: what it is, the column names in two rows
// that stay when the reader scrolls and come again on each printed page.
func (b *workbook) begin(key string, frozen int, columns []sheetColumn) (*sheet, error) {
	name := b.r.Language.T(key)
	s := &sheet{b: b, name: name, columns: columns, row: firstData}
	if err := b.newSheet(name, true); err != nil {
		return nil, err
	}
	var err error
	if s.StreamWriter, err = b.NewStreamWriter(name); err != nil {
		return nil, err
	}
	corner, _ := excelize.CoordinatesToCellName(frozen+1, firstData)
	if err := s.SetPanes(&excelize.Panes{Freeze: true, XSplit: frozen, YSplit: firstData - 1, TopLeftCell: corner, ActivePane: "bottomRight"}); err != nil {
		return nil, err
	}
	for i, c := range columns {
		if err := s.SetColWidth(i+1, i+1, c.width); err != nil {
			return nil, err
		}
	}
	title := strings.ToUpper(b.r.Language.T("report.head.subject"))
	for row, cell := range []any{
		b.text(title, look{bold: true, size: 14, frameless: true}),
		b.text(clean(b.r.Letter.Agency)+" – "+PeriodName(b.r.Language, b.r.Period), look{bold: true, size: 12, frameless: true}),
		b.text(b.stateLine(), look{italic: true, frameless: true}),
	} {
		if err := s.SetRow(fmt.Sprintf("A%d", row+1), []any{cell}); err != nil {
			return nil, err
		}
	}
	return s, s.names(columns)
}

// stateLine says above a sheet what the figures are.
func (b *workbook) stateLine() string {
	line := b.r.state()
	if b.r.Sample {
		line = b.r.Language.T("report.sample") + " " + line
	}
	return line
}

// names writes the two rows of column names, merged where one name stands over
// several or over both rows.
func (s *sheet) names(columns []sheetColumn) error {
	var upper, lower []any
	for _, c := range columns {
		if c.over == "" {
			upper, lower = append(upper, s.b.text(c.name, look{head: true})), append(lower, s.b.text("", look{head: true}))
		} else {
			upper, lower = append(upper, s.b.text(c.over, look{head: true})), append(lower, s.b.text(c.name, look{head: true}))
		}
	}
	if err := s.SetRow(fmt.Sprintf("A%d", namesRow), upper, excelize.RowOpts{Height: 32}); err != nil {
		return err
	}
	if err := s.SetRow(fmt.Sprintf("A%d", namesRow+1), lower, excelize.RowOpts{Height: 46}); err != nil {
		return err
	}
	for i := 0; i < len(columns); {
		end := i
		for columns[i].over != "" && end+1 < len(columns) && columns[end+1].over == columns[i].over {
			end++
		}
		from, _ := excelize.CoordinatesToCellName(i+1, namesRow)
		to, _ := excelize.CoordinatesToCellName(end+1, namesRow)
		if columns[i].over == "" {
			to, _ = excelize.CoordinatesToCellName(i+1, namesRow+1)
		}
		if from != to {
			if err := s.MergeCell(from, to); err != nil {
				return err
			}
		}
		i = end + 1
	}
	return nil
}

func (s *sheet) add(cells []any) error {
	at, _ := excelize.CoordinatesToCellName(1, s.row)
	s.row++
	// Not all readers compute how high a row with a long name is.
	lines := 1
	for i, cell := range cells {
		if c, ok := cell.(excelize.Cell); ok {
			if text, ok := c.Value.(string); ok {
				lines = max(lines, 1+int(float64(len([]rune(text)))*1.1/s.columns[i].width))
			}
		}
	}
	return s.SetRow(at, cells, excelize.RowOpts{Height: min(15*float64(lines)+1, 400)})
}

// end writes the sheet out, and what is printed of it.
func (s *sheet) end() error {
	if err := s.Flush(); err != nil {
		return err
	}
	last, _ := excelize.CoordinatesToCellName(len(s.columns), max(s.row-1, firstData), true)
	quoted := "'" + strings.ReplaceAll(s.name, "'", "''") + "'!"
	return s.b.printed(s.name, quoted+"$A$1:"+last, fmt.Sprintf("%s$%d:$%d", quoted, namesRow, namesRow+1))
}

// newSheet adds a sheet, set up for A4. It has to be done before the sheet is
// streamed.
func (b *workbook) newSheet(name string, wide bool) error {
	if b.sheets++; b.sheets == 1 {
		if err := b.SetSheetName("Sheet1", name); err != nil {
			return err
		}
	} else if _, err := b.NewSheet(name); err != nil {
		return err
	}
	orientation, size, one, any, fit := "portrait", paperA4, 1, 0, true
	if wide {
		orientation = "landscape"
	}
	if err := b.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	if err := b.SetPageLayout(name, &excelize.PageLayoutOptions{Size: &size, Orientation: &orientation, FitToWidth: &one, FitToHeight: &any}); err != nil {
		return err
	}
	margin, side := 0.6, 0.5 // inches
	if err := b.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{Top: &margin, Bottom: &margin, Left: &side, Right: &side}); err != nil {
		return err
	}
	return b.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: "&L&A&C&P/&N"})
}

// printed sets what is printed of a sheet, and the rows that come again on each
// page; empty: none.
func (b *workbook) printed(name, area, rows string) error {
	if err := b.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: area, Scope: name}); err != nil {
		return err
	}
	if rows == "" {
		return nil
	}
	return b.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: rows, Scope: name})
}
