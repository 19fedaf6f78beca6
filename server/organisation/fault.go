package organisation

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"hailong/internal/survey"
)

// position is a place in the file; the zero position is the file as a whole.
type position struct{ line, column int }

// mostFaults bounds what one report holds; a file of another kind would give
// one for each of its lines.
const mostFaults = 100

// collector gathers the faults of one file.
type collector struct {
	file   string
	faults []Fault
}

func (c *collector) add(at position, try, format string, args ...any) {
	c.faults = append(c.faults, Fault{File: c.file, Line: at.line, Column: at.column, Message: fmt.Sprintf(format, args...), Try: try})
}

// err joins the faults in the order of their places, or gives nil.
func (c *collector) err() error {
	if len(c.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(c.faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var all []error
	for i, f := range c.faults {
		if i == mostFaults {
			all = append(all, Fault{File: c.file, Message: fmt.Sprintf("còn %d lỗi nữa", len(c.faults)-mostFaults), Try: "sửa các lỗi trên rồi kiểm tra lại"})
			break
		}
		all = append(all, f)
	}
	return survey.Wrap(survey.CodeOrganisationFault, errors.Join(all...), len(c.faults))
}

// Faults lists the faults that an error of Parse or Load joins; nil for other
// errors.
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
