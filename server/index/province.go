package index

import (
	"context"
	"database/sql"
	"fmt"

	"hailong/internal/survey"
)

// ProvinceQuery asks for the tree of units. Where Unit is one, only it and those
// below it are given.
type ProvinceQuery struct {
	Query
	Before survey.Period // to compare with
}

// Province is the index of a period as a tree of units.
type Province struct {
	Answer
	Before survey.Period
	Months [TrendMonths]survey.Day // first days of the trends' months, which end with the period's last
	// Lines are the rows of the answer, and units without any of their own that
	// have some below them: by kind of service, each unit before those below it.
	Lines []Line
}

// Line is one unit and kind of service in the tree.
type Line struct {
	Row
	Depth  int          // in the tree; 0 is the root
	Before survey.Tally // of the period before
	Change Change
	Trend  Trend
	Under  *Under // the units below it, at any depth; nil: none has a row
}

// Under sums up the units below one: those that are below it on the period's
// last day, or were on their own last day.
type Under struct {
	Judged           // by the target that all of them have; none where they differ
	Units            int
	Verdicts         [4]int // number of units by verdict; index 0: without a target
	Before           survey.Tally
	Change           Change
	Trend            Trend
	Dossiers, Rated  int64
	Voided           int64 // as Row's
	targets, differs bool
}

// Direction is what a change says.
type Direction uint8

// The directions; 0 where one of the two periods has no answers.
const (
	DirectionUp   Direction = 1
	DirectionDown Direction = 2
	DirectionSame Direction = 3 // the two can't be told apart
)

var directionNames = []string{"", "up", "down", "same"}

// String gives "up", "down" or "same"; "" where there is nothing to compare.
func (d Direction) String() string { return directionNames[d] }

// MarshalText writes String.
func (d Direction) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Change is a rate less another one.
type Change struct {
	Direction Direction
	Points    float64 // −1…1
	Low, High float64 // 95% Newcombe interval of the difference
}

// ChangeOf compares now with before.
func ChangeOf(now, before survey.Tally) Change {
	c := Change{Points: now.Rate() - before.Rate()}
	c.Low, c.High = survey.Newcombe(now, before)
	switch {
	case now.Answers <= 0 || before.Answers <= 0:
		return Change{Low: -1, High: 1}
	case c.Low > 0:
		c.Direction = DirectionUp
	case c.High < 0:
		c.Direction = DirectionDown
	default:
		c.Direction = DirectionSame
	}
	return c
}

// Province answers for the tree of units. Errors: those of Query.
func (x *Index) Province(ctx context.Context, q ProvinceQuery) (Province, error) {
	if err := q.Before.Check(); err != nil {
		return Province{}, err
	}
	if err := q.check(); err != nil {
		return Province{}, err
	}
	p := Province{Before: q.Before}
	err := x.read(ctx, func(tx *sql.Tx) error {
		org, err := readOrganisation(ctx, tx)
		if err != nil {
			return err
		}
		return p.read(ctx, tx, org, q, true)
	})
	return p, err
}

// read leaves the units of org as they are on the period's last day.
func (p *Province) read(ctx context.Context, tx *sql.Tx, org *organisation, q ProvinceQuery, trends bool) error {
	if q.Unit != "" && org.byCode[q.Unit] == nil {
		return survey.New(survey.CodeUnknownUnit, clip(q.Unit))
	}
	all := q.Query
	all.Unit = "" // bands are those of all
	sums, err := unitSums(ctx, tx, q.Period, scope{service: q.Service})
	if err != nil {
		return err
	}
	side, err := readBeside(ctx, tx, q.Period, 0, q.Service)
	if err != nil {
		return err
	}
	org.at(q.Period.Last())
	if p.Answer, err = answer(ctx, tx, org, all, 0, sums, side); err != nil {
		return err
	}
	return p.compare(ctx, tx, org, q, trends)
}

func (q *Query) check() error {
	if err := q.Period.Check(); err != nil {
		return err
	}
	if q.Service > survey.ServicePublic {
		return survey.New(survey.CodeUnknownService, fmt.Sprint(uint8(q.Service)))
	}
	return nil
}

// compare puts the rows into their tree, beside the period before and the trend.
func (p *Province) compare(ctx context.Context, tx *sql.Tx, org *organisation, q ProvinceQuery, trends bool) error {
	before, err := readTallies(ctx, tx, q.Before, q.Service)
	if err != nil {
		return err
	}
	months := map[unitService]*Trend{}
	if trends {
		cells, err := readTrends(ctx, tx, q.Period.Last(), scope{service: q.Service})
		if err != nil {
			return err
		}
		for c, t := range cells {
			k := unitService{c.unit, c.service}
			if months[k] == nil {
				months[k] = &Trend{}
			}
			months[k].plus(t)
		}
	}
	m := monthsUpTo(q.Period.Last())
	copy(p.Months[:], m[:])
	lines := make([]Line, 0, len(p.Rows)+8)
	for _, r := range p.Rows {
		k := unitService{org.byCode[r.Unit.Code].id, r.Service}
		b := before[k]
		l := Line{Row: r, Before: b, Change: ChangeOf(r.Tally(), b)}
		if t := months[k]; t != nil {
			l.Trend = *t
		}
		lines = append(lines, l)
	}
	p.Lines = org.tree(lines, q.Query, p.Least)
	return nil
}

func (t *Trend) plus(u *Trend) {
	for i := range u {
		t.add(i, u[i], 1)
	}
}
