// Package cell makes a text safe to stand in a cell of a table that a
// spreadsheet opens.
package cell

import "strings"

// Text gives a text that strangers chose as it may stand in a CSV file: one that
// a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV
// injection), and what is not UTF-8 is replaced.
func Text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexAny(s, "=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20") == 0 {
		return "'" + s
	}
	return s
}
