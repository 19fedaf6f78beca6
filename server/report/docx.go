package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
)

// docx writes the document's main part. Word's own names are kept: a run has
// text, a paragraph has runs, a section ends with its page.
type docx struct {
	bytes.Buffer
	width float64 // between the margins, mm
}

// run is how letters look.
type run struct {
	size         float64 // points
	bold, italic bool
}

// para is how a paragraph stands; lengths in mm.
type para struct {
	align       string // left, center, right, both
	first       float64
	left, right float64
	before      float64
	after       float64
	rule        bool // a line below
	keep        bool // on one page with the next
}

// twips are what Word measures in: a twentieth of a point.
func twips(mm float64) int { return int(math.Round(mm * 1440 / 25.4)) }

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}

func (r *Report) writeDOCX(w io.Writer) error {
	d := r.document()
	x := &docx{width: tallWidth}
	x.WriteString(xml.Header + `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:body>`)
	x.head(d.head)
	x.blocks(d.body)
	for i, a := range d.annexes {
		if i == 0 {
			// The section's last paragraph is nearly nothing, lest it fall on a page of its own.
			x.WriteString(`<w:p><w:pPr><w:spacing w:line="20" w:lineRule="exact"/>` + section(false, true) + "</w:pPr></w:p>")
			x.width = wideWidth
		}
		x.paragraph(para{align: "center", keep: true}, run{size: 14, bold: true}, a.number, i > 0)
		x.paragraph(para{align: "center", keep: true}, run{size: 13, bold: true}, a.name, false)
		x.paragraph(para{align: "center", after: 3, keep: true}, run{size: 13, italic: true}, a.to, false)
		x.blocks(a.blocks)
	}
	x.WriteString(section(len(d.annexes) > 0, len(d.annexes) == 0) + "</w:body></w:document>")

	made := r.Made.UTC().Format("2006-01-02T15:04:05Z")
	z := newArchive(w, r.Made)
	for name, text := range map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>` +
			`<Override PartName="/word/header1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`,
		"_rels/.rels": relations("officeDocument", "word/document.xml") +
			`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`,
		"word/_rels/document.xml.rels": relations("header", "header1.xml") +
			`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`,
		"docProps/core.xml": fmt.Sprintf(`<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`+
			`<dc:title>%s</dc:title><dc:creator>%s</dc:creator><dc:language>%s</dc:language><dcterms:created xsi:type="dcterms:W3CDTF">%s</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">%s</dcterms:modified></cp:coreProperties>`,
			escaped(r.title()), escaped(clean(r.Letter.Agency)), r.Language.Tag, made, made),
		"word/styles.xml": fmt.Sprintf(`<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="Times New Roman" w:cs="Times New Roman"/><w:sz w:val="%d"/><w:lang w:val="%s"/></w:rPr></w:rPrDefault></w:docDefaults>`+
			`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>`, 2*bodySize, r.Language.Tag),
		"word/header1.xml": fmt.Sprintf(`<w:hdr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:p><w:pPr><w:jc w:val="center"/></w:pPr>`+
			`<w:r><w:rPr><w:sz w:val="%d"/></w:rPr><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:hdr>`, 2*pageNumberSize),
	} {
		if !strings.HasPrefix(text, xml.Header) {
			text = xml.Header + text
		}
		f, _ := z.Create(name) // keeps it in memory: no error
		_, _ = io.WriteString(f, text)
	}
	f, _ := z.Create("word/document.xml")
	if _, err := x.WriteTo(f); err != nil {
		return err
	}
	return z.Close()
}

// relations begins a list of relations with its first.
func relations(kind, target string) string {
	return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/` + kind + `" Target="` + target + `"/>`
}

// section is the page of what stands before it. Only the very first page has no
// number.
func section(wide, first bool) string {
	w, h, side, orient, title := shortSide, longSide, marginRight, "", ""
	if wide {
		w, h, side, orient = longSide, shortSide, marginWide, ` w:orient="landscape"`
	}
	if first {
		title = "<w:titlePg/>"
	}
	return fmt.Sprintf(`<w:sectPr><w:headerReference w:type="default" r:id="rId1"/><w:type w:val="nextPage"/><w:pgSz w:w="%d" w:h="%d"%s/><w:pgMar w:top="%d" w:right="%d" w:bottom="%d" w:left="%d" w:header="%d" w:footer="%d" w:gutter="0"/>%s</w:sectPr>`,
		twips(float64(w)), twips(float64(h)), orient, twips(marginTop), twips(float64(side)), twips(marginBottom), twips(marginLeft), twips(10), twips(10), title)
}

// paragraph writes one paragraph of one run, on a new page if asked for.
func (x *docx) paragraph(p para, r run, text string, newPage bool) {
	x.WriteString("<w:p><w:pPr>")
	if p.keep {
		x.WriteString("<w:keepNext/><w:keepLines/>")
	}
	if newPage {
		x.WriteString("<w:pageBreakBefore/>")
	}
	if p.rule {
		x.WriteString(`<w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr>`)
	}
	exact := ""
	if p.rule {
		exact = ` w:line="40" w:lineRule="exact"` // 2 points: nothing but the line
	}
	fmt.Fprintf(x, `<w:spacing w:before="%d" w:after="%d"%s/><w:ind w:left="%d" w:right="%d" w:firstLine="%d"/><w:jc w:val="%s"/><w:rPr><w:sz w:val="%d"/></w:rPr></w:pPr>`,
		twips(p.before), twips(p.after), exact, twips(p.left), twips(p.right), twips(p.first), p.align, int(math.Round(2*r.size)))
	if text != "" {
		x.WriteString("<w:r><w:rPr>")
		if r.bold {
			x.WriteString("<w:b/>")
		}
		if r.italic {
			x.WriteString("<w:i/>")
		}
		fmt.Fprintf(x, `<w:sz w:val="%d"/></w:rPr><w:t xml:space="preserve">%s</w:t></w:r>`, int(math.Round(2*r.size)), escaped(text))
	}
	x.WriteString("</w:p>")
}

// rule is a line of a share of the width of the text above it: Word measures,
// we can only guess, from letters half as wide as they are high.
func (x *docx) rule(text string, size, share, width float64) {
	length := min(float64(len([]rune(text)))*size*0.52*25.4/72, width) * share
	side := (width - length) / 2
	x.paragraph(para{align: "center", left: side, right: side, rule: true, after: 2}, run{size: 1}, " ", false)
}

func (x *docx) blocks(all []block) {
	for _, b := range all {
		switch b := b.(type) {
		case heading:
			x.paragraph(para{align: "both", before: gap, after: gap, keep: true}, run{size: bodySize, bold: true}, string(b), false)
		case paragraph:
			x.paragraph(para{align: "both", first: indent, after: gap}, run{size: bodySize}, string(b), false)
		case bullet:
			x.paragraph(para{align: "both", first: indent, after: gap}, run{size: bodySize}, "- "+string(b), false)
		case *table:
			x.table(b)
			x.paragraph(para{align: "left", after: gap}, run{size: 6}, " ", false)
		case signature:
			x.signature(b)
		}
	}
}

// frameless begins a table of two columns without lines.
func (x *docx) frameless(first, second float64) {
	fmt.Fprintf(x, `<w:tbl><w:tblPr><w:tblW w:w="%d" w:type="dxa"/><w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid><w:gridCol w:w="%d"/><w:gridCol w:w="%d"/></w:tblGrid><w:tr><w:trPr><w:cantSplit/></w:trPr>`,
		twips(first+second), twips(first), twips(second))
}

func (x *docx) beginCell(width float64, more string) {
	fmt.Fprintf(x, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/>%s</w:tcPr>`, twips(width), more)
}

func (x *docx) head(h head) {
	const who, nation = 65.0, 100.0
	centred := para{align: "center"}
	x.frameless(who, nation)
	x.beginCell(who, "")
	for _, line := range h.superior {
		x.paragraph(centred, run{size: 12}, line, false)
	}
	for _, line := range h.agency {
		x.paragraph(centred, run{size: 12, bold: true}, line, false)
		x.rule(line, 12, 0.4, who)
	}
	x.paragraph(centred, run{size: 13}, h.number, false)
	x.WriteString("</w:tc>")
	x.beginCell(nation, "")
	x.paragraph(centred, run{size: 12.5, bold: true}, h.nation, false)
	x.paragraph(centred, run{size: 13.5, bold: true}, h.motto, false)
	x.rule(h.motto, 13.5, 0.95, nation)
	x.paragraph(centred, run{size: 13, italic: true}, h.placeDate, false)
	x.WriteString("</w:tc></w:tr></w:tbl>")
	x.paragraph(para{align: "center", before: 6}, run{size: 14, bold: true}, h.kind, false)
	widest := ""
	for _, line := range h.subject {
		x.paragraph(centred, run{size: 13.5, bold: true}, line, false)
		if len(line) > len(widest) {
			widest = line
		}
	}
	x.rule(widest, 13.5, 0.4, x.width)
	if h.sample != "" {
		x.paragraph(para{align: "center", after: gap}, run{size: 13, italic: true}, h.sample, false)
	}
}

func (x *docx) signature(s signature) {
	const half = tallWidth / 2
	x.paragraph(para{align: "both", first: indent, after: 2 * gap, keep: true}, run{size: bodySize}, s.end, false)
	x.frameless(half, half)
	x.beginCell(half, "")
	x.paragraph(para{align: "left"}, run{size: 12, bold: true, italic: true}, s.title, false)
	for _, to := range punctuated(s.recipients) {
		x.paragraph(para{align: "left"}, run{size: 11}, to, false)
	}
	x.WriteString("</w:tc>")
	x.beginCell(half, "")
	for _, line := range s.position {
		x.paragraph(para{align: "center"}, run{size: 13, bold: true}, line, false)
	}
	x.paragraph(para{align: "center", before: 25}, run{size: 13, bold: true}, s.signer, false)
	x.WriteString("</w:tc></w:tr></w:tbl>")
	x.paragraph(para{align: "left"}, run{size: 2}, "", false)
}

func (x *docx) table(t *table) {
	var total float64
	for _, c := range t.columns {
		total += c.width
	}
	fmt.Fprintf(x, `<w:tbl><w:tblPr><w:tblW w:w="%d" w:type="dxa"/><w:tblBorders>`, twips(total))
	for _, side := range []string{"top", "left", "bottom", "right", "insideH", "insideV"} {
		fmt.Fprintf(x, `<w:%s w:val="single" w:sz="4" w:space="0" w:color="000000"/>`, side)
	}
	fmt.Fprintf(x, `</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="%[1]d" w:type="dxa"/><w:right w:w="%[1]d" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>`, twips(padding))
	for _, c := range t.columns {
		fmt.Fprintf(x, `<w:gridCol w:w="%d"/>`, twips(c.width))
	}
	x.WriteString("</w:tblGrid>")
	x.tableHead(t)
	for _, row := range t.rows {
		x.WriteString("<w:tr><w:trPr><w:cantSplit/></w:trPr>")
		for i, text := range row.cells {
			width, more, side := t.columns[i].width, "", t.columns[i].align
			if row.spanned && i == len(row.cells)-1 {
				width, side = rest(t, i), centre
				more = fmt.Sprintf(`<w:gridSpan w:val="%d"/>`, len(t.columns)-i)
			}
			x.beginCell(width, more+`<w:vAlign w:val="center"/>`)
			x.paragraph(para{align: [...]string{"left", "center", "right"}[side], left: indentOf(i, row), before: 0.4, after: 0.4},
				run{size: t.size, bold: row.bold}, text, false)
			x.WriteString("</w:tc>")
		}
		x.WriteString("</w:tr>")
	}
	x.WriteString("</w:tbl>")
}

// tableHead writes the head's rows; what spans rows is continued by an empty
// cell in each.
func (x *docx) tableHead(t *table) {
	places := t.places()
	for y := range t.head {
		x.WriteString("<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>")
		for column := 0; column < len(t.columns); {
			for _, at := range places {
				if at.column != column || y < at.row || y >= at.row+at.cell.down {
					continue
				}
				_, width := t.across(at)
				more, text := "", at.cell.text
				if at.cell.across > 1 {
					more += fmt.Sprintf(`<w:gridSpan w:val="%d"/>`, at.cell.across)
				}
				switch {
				case at.cell.down > 1 && y == at.row:
					more += `<w:vMerge w:val="restart"/>`
				case at.cell.down > 1:
					more, text = more+"<w:vMerge/>", ""
				}
				x.beginCell(width, more+`<w:vAlign w:val="center"/>`)
				x.paragraph(para{align: "center", before: 0.4, after: 0.4}, run{size: t.size, bold: true}, text, false)
				x.WriteString("</w:tc>")
				column += at.cell.across
				break
			}
		}
		x.WriteString("</w:tr>")
	}
}
