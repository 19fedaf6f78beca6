// Package closing publishes what the index of a past month was: it records the
// closing as a fact, and keeps the figures that were published, with breakdowns,
// which exist for closed months only.
//
// The published figures are a function of the facts up to the closing and of
// what was still shown then of ballots held back; both are named by the fact. So
// they are computed when a month is closed, from one snapshot, and can be
// computed again at any time and by any server from a replay; the database here
// only spares that.
package closing

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// What figures are of. Total is of one cell (unit, kind of service, desk); the
// breakdowns from Way to Hour are of a unit and kind of service, and their values
// part its ballots; Question, Reason and Full are of a unit (no desk) and of each
// of its cells; Number is of a unit, and no figure about answers.
const (
	Total     = "total"     // N[0]: ballots that wait
	Way       = "way"       // kiosk_receipt, kiosk_dossier, phone
	Field     = "field"     // lĩnh vực
	Procedure = "procedure" // field, Part, procedure
	Officer   = "officer"   // code
	Step      = "step"      // survey.Step's word
	Weekday   = "weekday"   // 1 Monday … 7
	Hour      = "hour"      // 00 … 23, of the ballot's first rating
	Question  = "question"  // code; N[0]: ballots that do not answer it
	Reason    = "reason"    // tick; N[0]: ballots
	Full      = "full"      // of ballots that answer more than the first question: N[5] with every answer 4 or 5, N[1] the others
	Number    = "number"    // counted (ballots of the calendar month), dossiers, rated, early, ontime, late, nodue, walkins, voided (ratings): N[0]
)

// Breakdowns are the dimensions of breakdowns, the most useful first: where two
// together would tell what one person said, the later one is left out.
var Breakdowns = []string{Way, Field, Procedure, Officer, Step, Weekday, Hour}

// Part stands between a field and its procedure in a value.
const Part = "\x1f"

// Other is the value under which those are put together that have too few
// ballots.
const Other = "*"

// Figure is one row of what is published.
type Figure struct {
	Unit    string
	Service survey.Service
	Desk    string // of a cell; else empty
	By      string
	Value   string
	N       [6]int64 // N[1] to N[5]: ballots by score; N[0]: see By
}

// Merged is a value that was put under Other.
type Merged struct {
	Unit    string
	Service survey.Service
	By      string
	Value   string
}

// Published is what a closing publishes.
type Published struct {
	Figures []Figure
	Merged  []Merged
	Rows    *Rows // single ballots, for the province; nil where figures are read from a Store
}

func (p *Published) sort() {
	slices.SortFunc(p.Figures, func(a, b Figure) int {
		return cmp.Or(cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Desk, b.Desk), cmp.Compare(a.By, b.By), cmp.Compare(a.Value, b.Value))
	})
	slices.SortFunc(p.Merged, func(a, b Merged) int {
		return cmp.Or(cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Service, b.Service), cmp.Compare(a.By, b.By), cmp.Compare(a.Value, b.Value))
	})
}

// group is a unit and a kind of service.
type group struct {
	unit    string
	service survey.Service
}

// Figures computes what a closing publishes, from the database of a projection
// that has the facts up to it and no others.
func Figures(ctx context.Context, tx *sql.Tx, c *fact.Closing) (*Published, error) {
	m, err := readMonth(ctx, tx, c)
	if err != nil {
		return nil, fmt.Errorf("closing: %w", err)
	}
	p := m.publish()
	if err := m.readSaid(ctx, tx, p); err != nil {
		return nil, fmt.Errorf("closing: answers: %w", err)
	}
	if err := m.readNumbers(ctx, tx, p); err != nil {
		return nil, fmt.Errorf("closing: numbers: %w", err)
	}
	p.sort()
	if p.Rows, err = m.readRows(ctx, tx); err != nil {
		return nil, fmt.Errorf("closing: single ballots: %w", err)
	}
	return p, nil
}

// publish gives the totals, and the breakdowns that the closing does not leave
// out.
func (m *month) publish() *Published {
	p := &Published{}
	totals := map[cellKey]*[6]int64{}
	for i := range m.ballots {
		b := &m.ballots[i]
		at(totals, b.cell)[b.score]++
	}
	for k, n := range totals {
		n[0] = max(0, m.numbers[k]-n[1]-n[2]-n[3]-n[4]-n[5])
		p.Figures = append(p.Figures, Figure{k.unit, k.service, k.desk, Total, "", *n})
	}
	for g, bs := range m.groups() {
		for _, by := range Breakdowns {
			if slices.Contains(m.left[g], by) {
				continue
			}
			parts, merged := split(bs, by)
			for value, of := range parts {
				f := Figure{Unit: g.unit, Service: g.service, By: by, Value: value}
				for _, b := range of {
					f.N[b.score]++
				}
				p.Figures = append(p.Figures, f)
			}
			for _, value := range merged {
				p.Merged = append(p.Merged, Merged{g.unit, g.service, by, value})
			}
		}
	}
	return p
}

// groups parts the month's ballots by unit and kind of service.
func (m *month) groups() map[group][]*ballot {
	of := map[group][]*ballot{}
	for i := range m.ballots {
		b := &m.ballots[i]
		g := group{b.cell.unit, b.cell.service}
		of[g] = append(of[g], b)
	}
	return of
}

// split parts ballots by the values of a dimension, none with fewer than five:
// those are put together under Other, with the smallest of the others where they
// are too few even so. Procedures are put together within their field, where
// that has a value of its own. No parts: there would be one only.
func split(bs []*ballot, by string) (parts map[string][]*ballot, merged []string) {
	if by != Procedure {
		parts, merged = merge(bs, func(b *ballot) string { return b.value(by) }, Other)
		return worth(parts, merged)
	}
	fields, _ := merge(bs, func(b *ballot) string { return b.value(Field) }, Other)
	parts = map[string][]*ballot{}
	for field, of := range fields {
		if field == Other {
			parts[Other] = of
			for _, b := range of {
				merged = append(merged, b.value(Procedure), b.value(Field))
			}
			continue
		}
		inner, small := merge(of, func(b *ballot) string { return b.value(Procedure) }, field+Part+Other)
		merged = append(merged, small...)
		for value, of := range inner {
			parts[value] = of
		}
	}
	slices.Sort(merged)
	return worth(parts, slices.Compact(merged))
}

// worth gives no parts where they say nothing.
func worth(parts map[string][]*ballot, merged []string) (map[string][]*ballot, []string) {
	if len(parts) == 1 && parts[Other] != nil {
		return nil, nil
	}
	return parts, merged
}

// merge parts ballots by value, and puts small parts together under other.
func merge(bs []*ballot, value func(*ballot) string, other string) (parts map[string][]*ballot, merged []string) {
	parts = map[string][]*ballot{}
	for _, b := range bs {
		v := value(b)
		parts[v] = append(parts[v], b)
	}
	values := make([]string, 0, len(parts))
	for v := range parts {
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(cmp.Compare(len(parts[a]), len(parts[b])), cmp.Compare(a, b)) })
	var rest []*ballot
	for _, v := range values {
		if len(parts[v]) >= survey.LeastShown && (len(rest) == 0 || len(rest) >= survey.LeastShown) {
			break
		}
		rest, merged = append(rest, parts[v]...), append(merged, v)
		delete(parts, v)
	}
	if len(rest) > 0 {
		parts[other] = append(rest, parts[other]...)
	}
	slices.Sort(merged)
	return parts, merged
}

// at gives the entry of a key, made at first.
func at[K comparable, V any](m map[K]*V, k K) *V {
	v := m[k]
	if v == nil {
		v = new(V)
		m[k] = v
	}
	return v
}
