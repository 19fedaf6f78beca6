package report

import (
	"io"
	"io/fs"
)

// For the tests of this package.
var Clean = clean

func (r *Report) WritePDF(w io.Writer, fonts fs.FS) error { return r.writePDF(w, fonts) }
