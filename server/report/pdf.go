package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"codeberg.org/go-pdf/fpdf"
)

// ErrNoFont says that the program was built without the fonts of its PDFs.
var ErrNoFont = errors.New("report: no fonts for a PDF in this program; try: make build, with Node installed")

// The page of Nghị định 30/2020/NĐ-CP, Phụ lục I: A4 with margins of 20–25 mm
// above and below, 30–35 mm left, 15–20 mm right. All in mm.
const (
	marginTop, marginBottom  = 20, 20
	marginLeft               = 30
	marginRight, marginWide  = 15, 20
	shortSide, longSide      = 210, 297
	indent                   = 10 // of a paragraph's first line
	gap                      = 2  // after a paragraph: 6 points
	bodySize, pageNumberSize = 13, 13
	thin                     = 0.2 // of lines
)

// pageWriter writes blocks one below the other.
type pageWriter struct {
	*fpdf.Fpdf
	at     float64 // where the next block begins, from the top of the page
	bottom float64 // where the page ends
	width  float64 // between the margins
	wide   bool
	style  string // of the letters
}

// writePDF takes the fonts from fonts/ of a folder.
func (r *Report) writePDF(w io.Writer, fonts fs.FS) error {
	d := r.document()
	p := &pageWriter{Fpdf: fpdf.New("P", "mm", "A4", "")}
	for _, font := range []struct{ style, name string }{{"", "regular"}, {"B", "bold"}, {"I", "italic"}} {
		data, err := fs.ReadFile(fonts, "fonts/tinos-"+font.name+".ttf")
		if errors.Is(err, fs.ErrNotExist) {
			return ErrNoFont
		}
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		p.AddUTF8FontFromBytes("tinos", font.style, data)
	}
	p.SetCatalogSort(true)
	p.SetCreationDate(r.Made.UTC())
	p.SetModificationDate(r.Made.UTC())
	p.SetProducer("Hài Lòng", true)
	p.SetTitle(r.title(), true)
	p.SetAuthor(clean(r.Letter.Agency), true)
	p.SetLang(r.Language.Tag)
	p.SetAutoPageBreak(false, 0)
	p.SetCellMargin(0)

	p.page(false)
	p.head(d.head)
	p.blocks(d.body)
	for _, a := range d.annexes {
		p.page(true)
		p.Bookmark(a.number, 0, 0)
		p.centred(a.number, "B", 14)
		p.centred(a.name, "B", 13)
		p.centred(a.to, "I", 13)
		p.at += gap
		p.blocks(a.blocks)
	}
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return fmt.Errorf("report: PDF: %w", err)
	}
	_, err := out.WriteTo(w)
	return err
}

// title is what the file is called by its reader.
func (r *Report) title() string {
	return r.Language.T("report.head.subject") + " – " + PeriodName(r.Language, r.Period)
}

// page begins a page; from the second on it has its number in the upper margin.
func (p *pageWriter) page(wide bool) {
	orientation := "P"
	p.wide, p.width, p.bottom = wide, tallWidth, longSide-marginBottom
	if wide {
		orientation, p.width, p.bottom = "L", wideWidth, shortSide-marginBottom
	}
	p.AddPageFormat(orientation, fpdf.SizeType{Wd: shortSide, Ht: longSide})
	p.SetLineWidth(thin)
	if n := p.PageNo(); n > 1 {
		p.letters("", pageNumberSize)
		p.at = 10
		p.line(marginLeft, p.width, fmt.Sprint(n), "C")
	}
	p.at = marginTop
}

// letters sets size and style, "", "B" or "I".
func (p *pageWriter) letters(style string, size float64) {
	p.style = style
	p.SetFont("tinos", style, size)
}

// need begins a new page where less than that height is left; the letters stay.
func (p *pageWriter) need(height float64) bool {
	if p.at+height <= p.bottom {
		return false
	}
	style := p.style
	size, _ := p.GetFontSize()
	p.page(p.wide)
	p.letters(style, size)
	return true
}

// lineHeight is that of the current letters.
func (p *pageWriter) lineHeight() float64 {
	_, mm := p.GetFontSize()
	return mm * 1.18
}

// line writes one line at the current height; align is L, C, R or J.
func (p *pageWriter) line(x, width float64, text, align string) {
	p.SetXY(x, p.at)
	p.CellFormat(width, p.lineHeight(), text, "", 0, align, false, 0, "")
}

func (p *pageWriter) centred(text, style string, size float64) {
	p.letters(style, size)
	for _, line := range p.wrap(text, p.width, 0) {
		p.need(p.lineHeight())
		p.line(marginLeft, p.width, line, "C")
		p.at += p.lineHeight()
	}
}

// wrap breaks a text into lines, the first of which is shorter by first. A word
// that is too long is broken anywhere. There is a line even for an empty text.
func (p *pageWriter) wrap(text string, width, first float64) []string {
	w := wrapper{limit: width - first, width: width, measure: p.GetStringWidth}
	return w.lines(printable(text))
}

func (p *pageWriter) blocks(all []block) {
	for i, b := range all {
		switch b := b.(type) {
		case heading:
			p.at += gap
			below := 25.0 // not alone at the foot of a page
			if i+1 < len(all) {
				if t, ok := all[i+1].(*table); ok {
					below = 10 + p.tableLeast(t)
				}
			}
			p.letters("B", bodySize)
			p.need(below)
			p.text(string(b), 0)
		case paragraph:
			p.letters("", bodySize)
			p.text(string(b), indent)
		case bullet:
			p.letters("", bodySize)
			p.text("- "+string(b), indent)
		case *table:
			p.table(b)
			p.at += 2 * gap
		case signature:
			p.signature(b)
		}
	}
}

// text writes a justified paragraph in the current letters.
func (p *pageWriter) text(text string, first float64) {
	lines := p.wrap(text, p.width, first)
	for i, line := range lines {
		// Neither the first line alone at the foot of a page, nor the last alone
		// at the head of one.
		if left := len(lines) - i; i == 0 && left > 1 || left == 2 {
			p.need(2 * p.lineHeight())
		} else {
			p.need(p.lineHeight())
		}
		align, x := "J", float64(marginLeft)
		if i == len(lines)-1 {
			align = "L"
		}
		p.line(x+first, p.width-first, line, align)
		p.at += p.lineHeight()
		first = 0
	}
	p.at += gap
}

// head writes the top of the first page: who on the left, the national title on
// the right.
func (p *pageWriter) head(h head) {
	const who, nation = 65.0, 98.0
	top, x := p.at, float64(marginLeft)
	rule := func(x, width, share float64) {
		p.Line(x+width*(1-share)/2, p.at+0.8, x+width*(1+share)/2, p.at+0.8)
		p.at += 3
	}
	column := func(x, width float64, style string, size float64, texts ...string) (widest float64) {
		p.letters(style, size)
		for _, text := range texts {
			for _, line := range p.wrap(text, width, 0) {
				p.line(x, width, line, "C")
				p.at += p.lineHeight()
				widest = max(widest, p.GetStringWidth(line))
			}
		}
		return widest
	}
	column(x, who, "", 12, h.superior...)
	if widest := column(x, who, "B", 12, h.agency...); widest > 0 {
		rule(x, who, widest/who/2.5) // a third to a half of the line above
	}
	column(x, who, "", 13, h.number)
	foot := p.at

	x, p.at = marginLeft+tallWidth-nation, top
	column(x, nation, "B", 12.5, h.nation)
	rule(x, nation, column(x, nation, "B", 13.5, h.motto)/nation)
	column(x, nation, "I", 13, h.placeDate)
	p.at = max(foot, p.at) + 6

	p.centred(h.kind, "B", 14)
	p.letters("B", 13.5)
	var widest float64
	for _, line := range h.subject {
		p.centred(line, "B", 13.5)
		widest = max(widest, min(p.GetStringWidth(line), p.width))
	}
	rule(marginLeft, p.width, widest/p.width/2.5)
	if h.sample != "" {
		p.centred(h.sample, "I", 13)
	}
	p.at += gap
}

// signature writes the last sentence, who gets the report, and room to sign; a
// signature never stands on a page alone.
func (p *pageWriter) signature(s signature) {
	const half, room = tallWidth / 2, 25
	p.letters("", 11)
	var recipients, position []string
	for _, to := range punctuated(s.recipients) {
		recipients = append(recipients, p.wrap(to, half-5, 0)...)
	}
	height := p.lineHeight() * float64(len(recipients)+2)
	p.letters("B", bodySize)
	for _, text := range s.position {
		position = append(position, p.wrap(text, half, 0)...)
	}
	height = max(height, room+p.lineHeight()*float64(len(position)+1))
	p.letters("", bodySize)
	p.need(height + 2*gap + p.lineHeight()*float64(len(p.wrap(s.end, p.width, indent))))
	p.text(s.end, indent)
	p.at += gap
	top := p.at

	p.letters("I", 12)
	// Bold and slanted, by a thin line around each letter: two words do not need
	// a font.
	p.SetTextRenderingMode(2)
	p.SetLineWidth(0.1)
	p.line(marginLeft, half, s.title, "L")
	p.SetTextRenderingMode(0)
	p.SetLineWidth(thin)
	p.at += p.lineHeight()
	p.letters("", 11)
	for _, line := range recipients {
		p.line(marginLeft, half, line, "L")
		p.at += p.lineHeight()
	}
	foot := p.at
	p.at = top
	p.letters("B", bodySize)
	for _, line := range position {
		p.line(marginLeft+half, half, line, "C")
		p.at += p.lineHeight()
	}
	p.at += room
	p.line(marginLeft+half, half, printable(s.signer), "C")
	p.at = max(foot, p.at+p.lineHeight())
}

// punctuated makes the list of who gets the report: «- UBND tỉnh;» … «- Lưu: VT.»
func punctuated(recipients []string) (out []string) {
	for i, to := range recipients {
		end := ";"
		if i == len(recipients)-1 {
			end = "."
		}
		out = append(out, "- "+to+end)
	}
	return out
}
