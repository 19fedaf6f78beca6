package index

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"hailong/internal/survey"
)

// day is one row of a rollup.
type day struct {
	day   survey.Day
	carry int64
	Figures
}

// edge is the part of a cell's days that the sums of whole rows get wrong: the
// days after the last block that is surely closed and shown as it is.
type edge struct {
	before survey.Day // the first day that may differ
	days   []day      // rollup, after the last block that ends before it
	shown  []day      // what to add to them: ballots held back, and as still shown
}

type edges map[cell]*edge

func (e edges) at(c cell, d survey.Day) *edge {
	x := e[c]
	if x == nil {
		x = &edge{before: d}
		e[c] = x
	}
	x.before = min(x.before, d)
	return x
}

// One ballot in one integer, since each column that SQLite hands over costs:
// 256 × day + score, kiosk, receipt, changed. Without a score it is not there.
const heldColumns = `
  now_day * 256 + now_score + 16 * (now_channel = 1) + 32 * (now_binding = 1) + 64 * now_changed,
  was_day * 256 + was_score + 16 * (was_channel = 1) + 32 * (was_binding = 1) + 64 * was_changed`

// ballot is one ballot's part of the figures of its day; false where it is not
// there, or not before the day to.
func ballot(v int64, to survey.Day) (b day, there bool) {
	b.day = survey.Day(v >> 8)
	if v&15 == 0 || b.day >= to {
		return b, false
	}
	b.Counts[v&15-1] = 1
	b.Kiosk, b.Receipt, b.Changed = v>>4&1, v>>5&1, v>>6&1
	return b, true
}

func (d day) negative() day { return day{day: d.day, Figures: Figures{}.add(d.Figures, -1)} }

func readHeld(ctx context.Context, tx *sql.Tx, p survey.Period, o scope, into edges) error {
	return each(ctx, tx, func(scan scanner) error {
		var c cell
		var service, now, was int64
		if err := scan(&c.id, &c.unit, &c.desk, &service, &now, &was); err != nil {
			return err
		}
		c.service = survey.Service(service)
		if b, ok := ballot(now, p.To); ok {
			e := into.at(c, b.day)
			e.shown = append(e.shown, b.negative())
		}
		if b, ok := ballot(was, p.To); ok {
			e := into.at(c, b.day)
			e.shown = append(e.shown, b)
		}
		return nil
	}, `SELECT c.id, c.unit, c.desk, c.service, `+heldColumns+` FROM held h JOIN cell c ON c.id = h.cell
WHERE ($unit = 0 OR c.unit = $unit) AND ($desk = 0 OR c.desk = $desk) AND ($service = 0 OR c.service = $service)
  AND (now_score > 0 AND now_day < $to OR was_score > 0 AND was_day < $to)`, periodArgs(p, o)[1:]...)
}

// $edges is a JSON array of integers: cell × 2^24 + before.
const tails = `
SELECT e.key, d.day, d.carry, d.s1, d.s2, d.s3, d.s4, d.s5, d.kiosk, d.receipt, d.changed
FROM json_each($edges) e CROSS JOIN cell_day d
WHERE d.cell = e.value >> 24 AND d.day < $to AND d.day > coalesce(
  (SELECT b.day FROM cell_day b WHERE b.cell = e.value >> 24
    AND b.day < e.value & 16777215 AND b.carry = 0 ORDER BY b.day DESC LIMIT 1), -3000000)`

func readTails(ctx context.Context, tx *sql.Tx, p survey.Period, of edges) error {
	if len(of) == 0 {
		return nil
	}
	ask := make([]int64, 0, len(of))
	by := make([]*edge, 0, len(of))
	for c, e := range of {
		ask = append(ask, c.id<<24+int64(max(0, e.before)))
		by = append(by, e)
	}
	list, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	return each(ctx, tx, func(scan scanner) error {
		var i, at int64
		var d day
		n := &d.Counts
		if err := scan(&i, &at, &d.carry, &n[0], &n[1], &n[2], &n[3], &n[4], &d.Kiosk, &d.Receipt, &d.Changed); err != nil {
			return err
		}
		d.day = survey.Day(at)
		by[i].days = append(by[i].days, d)
		return nil
	}, tails, sql.Named("edges", string(list)), sql.Named("to", int64(p.To)))
}

// never is before every day.
const never = survey.Day(-1 << 31)

// correct takes the edge's days out of the sums and puts in what may be shown
// of them.
func (e *edge) correct(b Block, p survey.Period) Block {
	slices.SortFunc(e.days, func(a, b day) int { return int(a.day - b.day) })
	start := never // the sums begin after it, if the edge reaches back that far
	for _, d := range e.days {
		if d.carry == 0 && d.day < p.From {
			start = d.day
		}
	}
	shown := merge(e.days, e.shown)
	begin, end := never, never // ends of the last shown blocks before the period and in it
	for _, last := range ends(shown) {
		if last < p.From {
			begin = last
		}
		end = last
	}
	waits := p.To // the first day that is not covered
	for _, d := range e.days {
		if d.day > start {
			b.Figures = b.Figures.add(d.Figures, -1)
		}
		if d.day > begin {
			b.Waiting += d.Counts.Answers()
		}
		if d.day > end {
			waits = min(waits, d.day)
		}
		if d.day < p.From {
			b.Covered.From = p.From // shown blocks say anew where it begins
		}
	}
	for _, d := range shown {
		switch {
		case d.day > end:
			waits = min(waits, d.day)
		case d.day > begin:
			b.Figures = b.Figures.add(d.Figures, 1)
			b.Waiting -= d.Counts.Answers()
			b.Covered.From = min(b.Covered.From, d.day)
		}
	}
	b.Waiting = max(0, b.Waiting)
	if b.Waiting > 0 {
		b.Covered.To = max(waits, b.Covered.From)
		if b.Counts.Answers() == 0 {
			b.Covered = survey.Period{From: p.From, To: p.From}
		}
	}
	return b
}

// merge adds two lists of days, the first in order, and leaves out days on
// which nothing is shown.
func merge(days, more []day) []day {
	sum := slices.Clone(days)
	for _, m := range more {
		i, ok := slices.BinarySearchFunc(sum, m.day, func(d day, t survey.Day) int { return int(d.day - t) })
		if !ok {
			sum = slices.Insert(sum, i, day{day: m.day})
		}
		sum[i].Figures = sum[i].Figures.add(m.Figures, 1)
	}
	return slices.DeleteFunc(sum, func(d day) bool { return d.Counts.Answers() == 0 })
}

// ends gives the last day of each block of days in order: as few days as hold
// five ballots.
func ends(days []day) []survey.Day {
	var at []survey.Day
	var open int64
	for _, d := range days {
		if open += d.Counts.Answers(); open >= survey.LeastShown {
			at, open = append(at, d.day), 0
		}
	}
	return at
}
