package index

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"hailong/internal/survey"
)

// What closings published is in a database of its own (server/closing/schema):
// figures of whole months that never change, and the only ones with breakdowns.

// Dimensions of breakdowns: what the ballots of a unit are parted by.
const (
	ByDesk      = "desk"
	ByWay       = "way" // kiosk_receipt, kiosk_dossier, phone
	ByField     = "field"
	ByProcedure = "procedure"
	ByOfficer   = "officer"
	ByStep      = "step"
	ByWeekday   = "weekday" // 1 Monday … 7
	ByHour      = "hour"    // 00 … 23
)

// Dimensions lists them.
var Dimensions = []string{ByDesk, ByWay, ByField, ByProcedure, ByOfficer, ByStep, ByWeekday, ByHour}

// The value of a part in which those are together that are too few alone, and
// what stands between a field and its procedure.
const (
	OtherValue = "*"
	fieldPart  = "\x1f"
)

// ClosedMonth is a month of which the figures are published.
type ClosedMonth struct {
	Month   survey.Period
	At      time.Time
	By      string // server
	Closing string // the fact: its origin and number, such as 3f…/1204
	id      int64
}

// UseClosed gives the index the database of what closings published. It must be
// called before the index is asked.
func (x *Index) UseClosed(db *sql.DB) { x.closed = db }

// Months lists the closed months, the oldest first.
func (x *Index) Months(ctx context.Context) (all []ClosedMonth, err error) {
	err = x.readClosed(ctx, func(tx *sql.Tx) error {
		all, err = closedIn(ctx, tx, survey.Period{From: 0, To: 1 << 30})
		return err
	})
	return all, err
}

// readClosed runs fn on one snapshot of what closings published; not where there
// is no such database.
func (x *Index) readClosed(ctx context.Context, fn func(tx *sql.Tx) error) error {
	if x.closed == nil {
		return nil
	}
	tx, err := x.closed.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("index: closed months: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	if err := fn(tx); err != nil {
		if survey.CodeOf(err) != survey.CodeInternal {
			return err
		}
		return fmt.Errorf("index: closed months: %w", err)
	}
	return nil
}

func closedIn(ctx context.Context, tx *sql.Tx, p survey.Period) (all []ClosedMonth, err error) {
	return all, each(ctx, tx, func(scan scanner) error {
		var m ClosedMonth
		var wall int64
		var origin []byte
		var number int64
		err := scan(&m.id, &m.Month.From, &m.Month.To, &wall, &m.By, &origin, &number)
		m.At, m.Closing = time.UnixMilli(wall), fmt.Sprintf("%s/%d", hex.EncodeToString(origin), number)
		all = append(all, m)
		return err
	}, `SELECT id, since, until, wall, name, origin, number FROM month WHERE since >= ? AND until <= ? ORDER BY since`, p.From, p.To)
}

// BreakdownQuery asks how the ballots of closed months part.
type BreakdownQuery struct {
	Unit    string
	Service survey.Service
	By      string
	Period  survey.Period // of it, the closed months that lie in it
}

// Breakdown is how the published ballots of a unit and kind of service part.
type Breakdown struct {
	Unit    Unit
	Service survey.Service
	By      string
	Months  []ClosedMonth // those that are in it
	Without []ClosedMonth // of these, in which it is not published: all their ballots are under Other
	Total   Judged        // by the target of the last month's last day
	Parts   []BreakdownPart
}

// BreakdownPart is one value's ballots.
type BreakdownPart struct {
	Value     string // Other: OtherValue; of a procedure without its field
	Field     string // of a procedure
	Other     bool
	Counts    survey.Counts
	Low, High float64 // 95% Wilson interval of the satisfied rate
}

// Tally is the number of ballots and of those that are satisfied.
func (p BreakdownPart) Tally() survey.Tally {
	return survey.Tally{Satisfied: p.Counts.Satisfied(), Answers: p.Counts.Answers()}
}

// Breakdown parts a unit's ballots of closed months by one dimension. A value
// that too few ballots had in some month is under Other for all months, so that
// no sum can be undone. Errors: CodeUnknownUnit, CodeUnknownService,
// CodeUnknownParameter for an unknown dimension, CodeNotClosed where no month of
// the period is closed.
func (x *Index) Breakdown(ctx context.Context, q BreakdownQuery) (Breakdown, error) {
	b := Breakdown{Service: q.Service, By: q.By}
	switch {
	case !slices.Contains(Dimensions, q.By):
		return b, survey.New(survey.CodeUnknownParameter, "by="+clip(q.By))
	case !slices.Contains(survey.Services[:], q.Service):
		return b, survey.New(survey.CodeUnknownService, fmt.Sprint(uint8(q.Service)))
	}
	if err := q.Period.Check(); err != nil {
		return b, err
	}
	var org *organisation
	err := x.read(ctx, func(tx *sql.Tx) (err error) {
		org, err = readOrganisation(ctx, tx)
		return err
	})
	if err != nil {
		return b, err
	}
	u, ok := org.byCode[q.Unit]
	if !ok {
		return b, survey.New(survey.CodeUnknownUnit, clip(q.Unit))
	}
	b.Unit = u.Unit
	err = x.readClosed(ctx, func(tx *sql.Tx) error { return b.read(ctx, tx, q) })
	if err == nil && len(b.Months) == 0 {
		err = survey.New(survey.CodeNotClosed, q.Period.From.String())
	}
	if err != nil {
		return b, err
	}
	last := b.Months[len(b.Months)-1].Month.Last()
	b.Total.Covered = survey.Period{From: b.Months[0].Month.From, To: last + 1}
	b.Total = judge(b.Total.Block, org.targetsIn(u, q.Service, last.Single())[0], org.least)
	return b, nil
}

// read adds up what the months published.
func (b *Breakdown) read(ctx context.Context, tx *sql.Tx, q BreakdownQuery) (err error) {
	if b.Months, err = closedIn(ctx, tx, q.Period); err != nil {
		return err
	}
	in := map[int64]bool{}
	for _, m := range b.Months {
		in[m.id] = true
	}
	totals, desks, parted := map[int64]*survey.Counts{}, map[string]*survey.Counts{}, map[int64]bool{}
	err = eachFigure(ctx, tx, q.Unit, q.Service, "total", func(month int64, desk, _ string, n [6]int64) {
		if in[month] {
			plus(totals, month, n)
			plus(desks, desk, n)
		}
	})
	if err != nil {
		return err
	}
	for _, n := range totals {
		b.Total.Counts = b.Total.Counts.Add(*n)
	}
	sums := map[string]*survey.Counts{}
	if q.By == ByDesk {
		sums = desks
	} else {
		merged := map[string]bool{}
		err := each(ctx, tx, func(scan scanner) error {
			var month int64
			var value string
			err := scan(&month, &value)
			if in[month] {
				merged[value] = true
			}
			return err
		}, `SELECT month, value FROM merged WHERE unit = ? AND service = ? AND dim = ?`, q.Unit, q.Service, q.By)
		if err != nil {
			return err
		}
		err = eachFigure(ctx, tx, q.Unit, q.Service, q.By, func(month int64, _, value string, n [6]int64) {
			if in[month] {
				parted[month] = true
				plus(sums, under(value, merged), n)
			}
		})
		if err != nil {
			return err
		}
		for _, m := range b.Months {
			if n := totals[m.id]; n != nil && !parted[m.id] {
				b.Without = append(b.Without, m)
				plus(sums, OtherValue, [6]int64{0, n[0], n[1], n[2], n[3], n[4]})
			}
		}
	}
	for value, n := range sums {
		b.Parts = append(b.Parts, partOf(q.By, value, *n))
	}
	slices.SortFunc(b.Parts, func(x, y BreakdownPart) int {
		return cmp.Or(cmp.Compare(x.Field, y.Field), cmp.Compare(x.Value, y.Value))
	})
	return nil
}

// under gives the value under which a month's figure is added up, where some
// month has it among others.
func under(value string, merged map[string]bool) string {
	field, _, is := strings.Cut(value, fieldPart)
	switch {
	case is && merged[field]:
		return OtherValue
	case is && merged[value]:
		return field + fieldPart + OtherValue
	case merged[value]:
		return OtherValue
	}
	return value
}

func partOf(by, value string, n survey.Counts) BreakdownPart {
	p := BreakdownPart{Value: value, Counts: n, Other: value == OtherValue}
	if by == ByProcedure && !p.Other {
		p.Field, p.Value, _ = strings.Cut(value, fieldPart)
		p.Other = p.Value == OtherValue
	}
	t := p.Tally()
	p.Low, p.High = survey.Wilson(t.Satisfied, t.Answers)
	return p
}

// eachFigure reads what months published of a unit in one dimension.
func eachFigure(ctx context.Context, tx *sql.Tx, unit string, service survey.Service, dim string, fn func(month int64, desk, value string, n [6]int64)) error {
	return each(ctx, tx, func(scan scanner) error {
		var month int64
		var desk, value string
		var n [6]int64
		if err := scan(&month, &desk, &value, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]); err != nil {
			return err
		}
		fn(month, desk, value, n)
		return nil
	}, `SELECT month, desk, value, n0, n1, n2, n3, n4, n5 FROM figure WHERE unit = ? AND service = ? AND dim = ?`, unit, service, dim)
}

func plus[K comparable](sums map[K]*survey.Counts, k K, n [6]int64) {
	sum := at(sums, k)
	*sum = sum.Add(survey.Counts(n[1:]))
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
