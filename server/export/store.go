package export

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"hailong/internal/survey"
)

// Store keeps the files of closed months in a folder. Its methods may be called
// from several goroutines.
type Store struct{ dir string }

// OpenStore keeps files in a folder, made where it is missing.
func OpenStore(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return &Store{dir}, nil
}

func (s *Store) path(month survey.Period) string {
	return filepath.Join(s.dir, month.From.String()[:7]+".rows")
}

// Has says whether the month's file is there, and of that closing.
func (s *Store) Has(month survey.Period, closing string) bool {
	f, err := os.Open(s.path(month))
	if err != nil {
		return false
	}
	defer f.Close()
	m, err := OpenMonth(f)
	if err != nil {
		return false
	}
	defer m.Close()
	return m.Period == month && m.Closing == closing
}

// Put keeps a month's file, whole or not at all, in place of an earlier one.
func (s *Store) Put(month survey.Period, write func(io.Writer) error) error {
	f, err := os.CreateTemp(s.dir, ".making-*")
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.path(month))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Export is the months of a period, to be read once.
type Export struct {
	Questions []string // codes of all months, sorted
	months    []survey.Period
	store     *Store
	unit      string
}

// Open looks whether all months of a period are there; with a unit, its rows
// alone. Errors: CodeNotClosed, with the first day that is in no such month.
func (s *Store) Open(p survey.Period, unit string) (*Export, error) {
	x := &Export{store: s, unit: unit}
	for m := p.From.Month(); m.From < p.To; m = m.To.Month() {
		if m.From < p.From || m.To > p.To {
			return nil, survey.New(survey.CodeNotClosed, max(m.From, p.From).String())
		}
		err := x.open(m, func(open *Month) error {
			x.Questions = append(x.Questions, open.Questions...)
			return nil
		})
		if errors.Is(err, fs.ErrNotExist) {
			return nil, survey.Wrap(survey.CodeNotClosed, err, m.From.String())
		}
		if err != nil {
			return nil, err
		}
		x.months = append(x.months, m)
	}
	slices.Sort(x.Questions)
	x.Questions = slices.Compact(x.Questions)
	return x, nil
}

func (x *Export) open(month survey.Period, fn func(*Month) error) (err error) {
	f, err := os.Open(x.store.path(month))
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	m, err := OpenMonth(f)
	if err != nil {
		return err
	}
	defer m.Close()
	if m.Period != month {
		return fmt.Errorf("export: %s holds another month", f.Name())
	}
	return fn(m)
}

// Write gives every row of the period to a sink, month by month, and closes it.
func (x *Export) Write(to Sink) error {
	for _, month := range x.months {
		err := x.open(month, func(m *Month) error {
			return m.Rows(func(r *Row) error {
				if x.unit != "" && r.Unit != x.unit {
					return nil
				}
				return to.Row(r)
			})
		})
		if err != nil {
			return err
		}
	}
	return to.Close()
}
