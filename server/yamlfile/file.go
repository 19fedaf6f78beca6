// Package yamlfile reads the YAML files in which operators write things down,
// strictly: whatever is wrong is found at once, each fault with its line and with
// what to try, in Vietnamese. Whoever reads such a file says what it may hold.
package yamlfile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"hailong/internal/survey"
)

// Read gives the bytes of the file at path, of at most the given number.
// Errors: survey.CodeFileUnreadable, CodeFileTooLarge.
func Read(path string, most int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, survey.Wrap(survey.CodeFileUnreadable, err, filepath.Base(path))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err != nil {
		return nil, survey.Wrap(survey.CodeFileUnreadable, err, filepath.Base(path))
	}
	return data, Fits(data, most)
}

// Fits says whether a file is of at most the given number of bytes; else
// survey.CodeFileTooLarge.
func Fits(data []byte, most int) error {
	if len(data) > most {
		return survey.New(survey.CodeFileTooLarge, max(1, most>>20))
	}
	return nil
}

// Position is a place in a file; the zero Position is the file as a whole.
type Position struct{ Line, Column int }

// Fault is one thing wrong with a file: where, what, and what to try, in
// Vietnamese. Line and Column count from 1; 0 is the file as a whole.
type Fault struct {
	File         string
	Line, Column int
	Message, Try string
}

// Error gives "file:line:column: message. Thử: …", which editors can follow.
func (f Fault) Error() string {
	s := f.File
	if f.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d", s, f.Line, f.Column)
	}
	s += ": " + f.Message + "."
	if f.Try != "" {
		s += " Thử: " + f.Try + "."
	}
	return s
}

// mostFaults bounds what one report holds; a file of another kind would give
// one for each of its lines.
const mostFaults = 100

// File gathers the faults of one file.
type File struct {
	Name   string // what faults call it
	faults []Fault
}

// Add notes a fault: what is wrong at a place, and what to try.
func (f *File) Add(at Position, try, format string, args ...any) {
	f.faults = append(f.faults, Fault{File: f.Name, Line: at.Line, Column: at.Column, Message: fmt.Sprintf(format, args...), Try: try})
}

// Lines gives the lines that have a fault.
func (f *File) Lines() map[int]bool {
	lines := map[int]bool{}
	for _, x := range f.faults {
		lines[x.Line] = true
	}
	return lines
}

// Err joins the faults in the order of their places, as the cause of a code of
// the catalogue whose argument is their number; nil where there are none.
func (f *File) Err(code survey.Code) error {
	if len(f.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(f.faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var all []error
	for i, x := range f.faults {
		if i == mostFaults {
			all = append(all, Fault{File: f.Name, Message: fmt.Sprintf("còn %d lỗi nữa", len(f.faults)-mostFaults), Try: "sửa các lỗi trên rồi kiểm tra lại"})
			break
		}
		all = append(all, x)
	}
	return survey.Wrap(code, errors.Join(all...), len(f.faults))
}

// Faults lists the faults that an error of Err joins; nil for other errors.
func Faults(err error) []Fault {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return nil
	}
	var all []Fault
	for _, e := range joined.Unwrap() {
		var f Fault
		if errors.As(e, &f) {
			all = append(all, f)
		}
	}
	return all
}
