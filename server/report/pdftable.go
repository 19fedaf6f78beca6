package report

import (
	"strings"
	"unicode/utf8"
)

// padding within a cell, mm.
const padding = 0.9

// table draws a table, with its head again on each page.
func (p *pageWriter) table(t *table) {
	head := p.headHeights(t)
	p.need(p.tableLeast(t))
	p.tableHead(t, head)
	for _, row := range t.rows {
		lines, height := p.rowLines(t, row)
		if p.need(height) {
			p.tableHead(t, head)
			p.rowLetters(t, row)
		}
		x := float64(marginLeft)
		for i, cell := range lines {
			width, side := t.columns[i].width, t.columns[i].align
			if row.spanned && i == len(lines)-1 {
				width, side = rest(t, i), centre
			}
			p.cell(x, width, height, cell, side, indentOf(i, row))
			x += width
		}
		p.at += height
	}
}

// tableLeast is the height of a table's head and a few rows.
func (p *pageWriter) tableLeast(t *table) (height float64) {
	for _, h := range p.headHeights(t) {
		height += h
	}
	return height + 20
}

// rest is the width of a column and all that follow.
func rest(t *table, from int) (width float64) {
	for _, c := range t.columns[from:] {
		width += c.width
	}
	return width
}

// indentOf is how far a unit's name is set in for its place in the tree.
func indentOf(column int, row tableRow) float64 {
	if column != 1 {
		return 0
	}
	return 2.5 * float64(min(max(row.level, 0), 6))
}

func (p *pageWriter) rowLetters(t *table, row tableRow) {
	style := ""
	if row.bold {
		style = "B"
	}
	p.letters(style, t.size)
}

// rowLines breaks the cells of a row into lines, and gives the row's height.
func (p *pageWriter) rowLines(t *table, row tableRow) (lines [][]string, height float64) {
	p.rowLetters(t, row)
	most := 1
	for i, text := range row.cells {
		width := t.columns[i].width
		if row.spanned && i == len(row.cells)-1 {
			width = rest(t, i)
		}
		cell := p.wrap(text, width-2*padding-indentOf(i, row), 0)
		lines = append(lines, cell)
		most = max(most, len(cell))
	}
	return lines, float64(most)*p.lineHeight() + 2*padding
}

// cell draws a frame with lines in its middle.
func (p *pageWriter) cell(x, width, height float64, lines []string, side align, indent float64) {
	p.Rect(x, p.at, width, height, "D")
	top := p.at
	p.at += (height - float64(len(lines))*p.lineHeight()) / 2
	for _, line := range lines {
		p.line(x+padding+indent, width-2*padding-indent, line, [...]string{"L", "C", "R"}[side])
		p.at += p.lineHeight()
	}
	p.at = top
}

// place is where a cell of the head stands.
type place struct {
	cell        headCell
	row, column int
}

// places lays the head's cells on its columns: what spans rows leaves no room
// below.
func (t *table) places() (out []place) {
	taken := make([][]bool, len(t.head))
	for i := range taken {
		taken[i] = make([]bool, len(t.columns))
	}
	for i, row := range t.head {
		column := 0
		for _, cell := range row {
			cell.across, cell.down = max(cell.across, 1), max(cell.down, 1)
			for taken[i][column] {
				column++
			}
			for y := i; y < i+cell.down; y++ {
				for x := column; x < column+cell.across; x++ {
					taken[y][x] = true
				}
			}
			out = append(out, place{cell, i, column})
			column += cell.across
		}
	}
	return out
}

func (t *table) across(at place) (x, width float64) {
	x = marginLeft
	for _, c := range t.columns[:at.column] {
		x += c.width
	}
	for _, c := range t.columns[at.column : at.column+at.cell.across] {
		width += c.width
	}
	return x, width
}

// headHeights are those of the head's rows; what spans several makes the last
// of them higher where it needs to.
func (p *pageWriter) headHeights(t *table) []float64 {
	p.letters("B", t.size)
	heights := make([]float64, len(t.head))
	for _, spanning := range []bool{false, true} {
		for _, at := range t.places() {
			if (at.cell.down > 1) != spanning {
				continue
			}
			_, width := t.across(at)
			need := float64(len(p.wrap(at.cell.text, width-2*padding, 0)))*p.lineHeight() + 2*padding
			for y := at.row; y < at.row+at.cell.down-1; y++ {
				need -= heights[y]
			}
			last := at.row + at.cell.down - 1
			heights[last] = max(heights[last], need)
		}
	}
	return heights
}

func (p *pageWriter) tableHead(t *table, heights []float64) {
	p.letters("B", t.size)
	top := p.at
	for _, at := range t.places() {
		x, width := t.across(at)
		p.at = top
		for _, h := range heights[:at.row] {
			p.at += h
		}
		var height float64
		for _, h := range heights[at.row : at.row+at.cell.down] {
			height += h
		}
		p.cell(x, width, height, p.wrap(at.cell.text, width-2*padding, 0), centre, 0)
	}
	p.at = top
	for _, h := range heights {
		p.at += h
	}
}

// wrapper breaks a text into lines.
type wrapper struct {
	limit, width float64 // of this line, and of those that follow
	measure      func(string) float64
	out          []string
	line         string
}

func (w *wrapper) lines(text string) []string {
	for word := range strings.SplitSeq(text, " ") {
		if word == "" {
			continue
		}
		if w.line != "" && w.measure(w.line+" "+word) <= w.limit {
			w.line += " " + word
			continue
		}
		if w.line != "" {
			w.end()
		}
		for w.measure(word) > w.limit && utf8.RuneCountInString(word) > 1 {
			word = w.broken(word)
		}
		w.line = word
	}
	return append(w.out, w.line)
}

func (w *wrapper) end() {
	w.out, w.line, w.limit = append(w.out, w.line), "", w.width
}

// broken ends a line with as much of a word as it holds, and gives the rest.
func (w *wrapper) broken(word string) string {
	end := 0
	for i, r := range word {
		next := i + utf8.RuneLen(r)
		if end > 0 && w.measure(word[:next]) > w.limit {
			break
		}
		end = next
	}
	w.line = word[:end]
	w.end()
	return word[end:]
}

// printable leaves out what the font's tables, which end at U+FFFF, can't hold.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xFFFF {
			return '□'
		}
		return r
	}, s)
}
