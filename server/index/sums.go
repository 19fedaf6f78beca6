package index

import (
	"context"
	"database/sql"

	"hailong/internal/survey"
)

// cell is what one desk received and one unit settles, of one kind of service.
type cell struct {
	id, unit, desk int64
	service        survey.Service
}

// run is a part of a period whose rows are added, or taken off again (sign −1):
// days, or whole months.
type run struct {
	survey.Period
	month bool
	sign  int64
}

// runsOf cuts a period into as few rows as may be: whole months, and single days
// at its ends, which are added to the months or taken off, whichever are fewer.
func runsOf(p survey.Period) []run {
	var runs []run
	days := func(from, to survey.Day, sign int64) {
		if from < to {
			runs = append(runs, run{survey.Period{From: from, To: to}, false, sign})
		}
	}
	first, last := p.From.Month(), p.To.Month()
	months := survey.Period{From: first.From, To: last.From}
	if p.From-first.From <= first.To-p.From {
		days(first.From, p.From, -1)
	} else {
		months.From = first.To
		days(p.From, first.To, 1)
	}
	if p.To-last.From <= last.To-p.To {
		days(last.From, p.To, 1)
	} else {
		months.To = last.To
		days(p.To, last.To, -1)
	}
	if months.From >= months.To {
		return []run{{p, false, 1}}
	}
	return append(runs, run{months, true, 1})
}

// Statements run in the order of primary keys (TestPlan). $from and $to are days,
// $unit and $desk places or 0. opened: a block was open when the period began,
// so that the sums begin on an earlier day; carry: a block is open at its end,
// whose rows must come off again.
const (
	cellHeads = `
SELECT c.id, c.unit, c.desk, c.service,
  (SELECT carry FROM cell_day WHERE cell = c.id AND day < $to ORDER BY day DESC LIMIT 1) AS carry,
  CASE WHEN (SELECT carry FROM cell_day WHERE cell = c.id AND day < $from ORDER BY day DESC LIMIT 1) > 0
  THEN (SELECT day FROM cell_day WHERE cell = c.id AND day > coalesce(
    (SELECT day FROM cell_day WHERE cell = c.id AND day < $from AND carry = 0 ORDER BY day DESC LIMIT 1),
    -3000000) ORDER BY day LIMIT 1)
  ELSE $from END AS opened
FROM cell c
WHERE ($unit = 0 OR c.unit = $unit) AND ($desk = 0 OR c.desk = $desk) AND ($service = 0 OR c.service = $service)`

	sumColumns = `sum(d.s1), sum(d.s2), sum(d.s3), sum(d.s4), sum(d.s5), sum(d.kiosk), sum(d.receipt), sum(d.changed)`

	cellDays = `
SELECT c.id, ` + sumColumns + `
FROM cell c CROSS JOIN cell_day d
WHERE ($unit = 0 OR c.unit = $unit) AND ($desk = 0 OR c.desk = $desk) AND ($service = 0 OR c.service = $service)
  AND d.cell = c.id AND d.day < $to AND d.day >= `
	fromDay = `$from GROUP BY c.id`
	// Of a block that is open where $to begins.
	fromBlock = `coalesce(
  (SELECT day + 1 FROM cell_day WHERE cell = c.id AND day < $to AND carry = 0 ORDER BY day DESC LIMIT 1), -3000000)
GROUP BY c.id`

	cellMonths = `
SELECT c.id, ` + sumColumns + `
FROM cell c CROSS JOIN cell_month d
WHERE ($unit = 0 OR c.unit = $unit) AND ($desk = 0 OR c.desk = $desk) AND ($service = 0 OR c.service = $service)
  AND d.cell = c.id AND d.month < $to AND d.month >= $from
GROUP BY c.id`
)

// scope is of which cells the question is; 0: all.
type scope struct {
	unit, desk int64
	service    survey.Service
}

func periodArgs(p survey.Period, o scope) []any {
	return []any{sql.Named("from", int64(p.From)), sql.Named("to", int64(p.To)),
		sql.Named("unit", o.unit), sql.Named("desk", o.desk), sql.Named("service", int64(o.service))}
}

// readSums gives what may be shown of the period, in whole blocks, for each
// cell with ballots in them.
func readSums(ctx context.Context, tx *sql.Tx, p survey.Period, o scope) (map[cell]Block, error) {
	figures, err := addUp(ctx, tx, p, o)
	if err != nil {
		return nil, err
	}
	sums := make(map[cell]Block, len(figures))
	edges := edges{}
	err = each(ctx, tx, func(scan scanner) error {
		var c cell
		var carry, opened sql.NullInt64
		if err := scan(&c.id, &c.unit, &c.desk, &c.service, &carry, &opened); err != nil {
			return err
		}
		f, ok := figures[c.id]
		if !ok {
			return nil
		}
		if carry.Int64 > 0 {
			edges[c] = &edge{before: p.To}
		}
		sums[c] = Block{Figures: f, Covered: survey.Period{From: min(p.From, survey.Day(opened.Int64)), To: p.To}}
		return nil
	}, cellHeads, periodArgs(p, o)...)
	if err != nil {
		return nil, err
	}
	if err := readHeld(ctx, tx, p, o, edges); err != nil {
		return nil, err
	}
	if err := readTails(ctx, tx, p, edges); err != nil {
		return nil, err
	}
	for c, e := range edges {
		b, ok := sums[c]
		if !ok {
			b.Covered = p
		}
		sums[c] = e.correct(b, p)
	}
	return sums, nil
}

// addUp adds up the rows of each cell, from the block that is open when the
// period begins up to its end.
func addUp(ctx context.Context, tx *sql.Tx, p survey.Period, o scope) (map[int64]Figures, error) {
	all := map[int64]Figures{}
	add := func(query string, p survey.Period, sign int64) error {
		return each(ctx, tx, func(scan scanner) error {
			var id int64
			var f Figures
			n := &f.Counts
			err := scan(&id, &n[0], &n[1], &n[2], &n[3], &n[4], &f.Kiosk, &f.Receipt, &f.Changed)
			all[id] = all[id].add(f, sign)
			return err
		}, query, periodArgs(p, o)...)
	}
	err := add(cellDays+fromBlock, survey.Period{From: p.From, To: p.From}, 1)
	for _, r := range runsOf(p) {
		query := cellDays + fromDay
		if r.month {
			query = cellMonths
		}
		if err == nil {
			err = add(query, r.Period, r.sign)
		}
	}
	for id, f := range all {
		if f == (Figures{}) { // a month of which every day was taken off again
			delete(all, id)
		}
	}
	return all, err
}

// unitService is a unit (place) and a kind of service.
type unitService struct {
	unit    int64
	service survey.Service
}

// unitSums adds the cells up for each unit and kind of service.
func unitSums(ctx context.Context, tx *sql.Tx, p survey.Period, o scope) (map[unitService]Block, error) {
	cells, err := readSums(ctx, tx, p, o)
	if err != nil {
		return nil, err
	}
	sums := make(map[unitService]Block, len(cells))
	for c, b := range cells {
		k := unitService{c.unit, c.service}
		if have, ok := sums[k]; ok {
			b = beside(have, b)
		}
		sums[k] = b
	}
	return sums, nil
}

// beside adds two blocks of two cells over one period.
func beside(a, b Block) Block {
	switch {
	case a.Counts.Answers() == 0:
		a.Covered = b.Covered
	case b.Counts.Answers() > 0:
		a.Covered = survey.Period{From: min(a.Covered.From, b.Covered.From), To: max(a.Covered.To, b.Covered.To)}
	}
	a.Figures = a.add(b.Figures, 1)
	a.Waiting += b.Waiting
	return a
}
