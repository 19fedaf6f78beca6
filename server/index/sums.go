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
// $unit and $desk places or 0.
const (
	inScope = `($unit = 0 OR c.unit = $unit) AND ($desk = 0 OR c.desk = $desk) AND ($service = 0 OR c.service = $service)`

	// first: of the first block that ends in the period; open: the first day
	// after the last block, up to the period's end.
	cellEdges = `
SELECT c.id, c.unit, c.desk, c.service,
  (SELECT first FROM block WHERE cell = c.id AND last >= $from AND last < $to ORDER BY last LIMIT 1) AS first,
  (SELECT day FROM cell_day WHERE cell = c.id AND day < $to AND day > coalesce(
    (SELECT last FROM block WHERE cell = c.id AND last < $to ORDER BY last DESC LIMIT 1), -3000000) ORDER BY day LIMIT 1) AS open
FROM cell c WHERE ` + inScope

	sumColumns = `sum(d.s1), sum(d.s2), sum(d.s3), sum(d.s4), sum(d.s5), sum(d.kiosk), sum(d.receipt), sum(d.changed)`

	blockDays = `
SELECT c.id, ` + sumColumns + `
FROM cell c CROSS JOIN block d
WHERE ` + inScope + ` AND d.cell = c.id AND d.last < $to AND d.last >= $from GROUP BY c.id`
	blockMonths = `
SELECT c.id, ` + sumColumns + `
FROM cell c CROSS JOIN block_month d
WHERE ` + inScope + ` AND d.cell = c.id AND d.month < $to AND d.month >= $from GROUP BY c.id`

	numberColumns = `sum(d.s1 + d.s2 + d.s3 + d.s4 + d.s5), 0, 0, 0, 0, 0, 0, 0`

	cellDays = `
SELECT c.id, ` + numberColumns + `
FROM cell c CROSS JOIN cell_day d
WHERE ` + inScope + ` AND d.cell = c.id AND d.day < $to AND d.day >= `
	fromDay = `$from GROUP BY c.id`
	// Of a block that is open where $to begins.
	fromBlock = `coalesce(
  (SELECT last + 1 FROM block WHERE cell = c.id AND last < $to ORDER BY last DESC LIMIT 1), -3000000)
GROUP BY c.id`

	cellMonths = `
SELECT c.id, ` + numberColumns + `
FROM cell c CROSS JOIN cell_month d
WHERE ` + inScope + ` AND d.cell = c.id AND d.month < $to AND d.month >= $from GROUP BY c.id`
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

// readSums gives what is shown of the period, in whole blocks, for each cell with
// ballots in it.
func readSums(ctx context.Context, tx *sql.Tx, p survey.Period, o scope) (map[cell]Block, error) {
	figures, err := addUp(ctx, tx, p, o, blockDays, blockMonths)
	if err != nil {
		return nil, err
	}
	numbers, err := addUp(ctx, tx, p, o, cellDays+fromDay, cellMonths)
	if err != nil {
		return nil, err
	}
	// Days before the period, whose block ends in it or is open.
	before, err := addUp(ctx, tx, survey.Period{From: p.From, To: p.From}, o, cellDays+fromBlock, "")
	if err != nil {
		return nil, err
	}
	sums := make(map[cell]Block, len(figures))
	return sums, each(ctx, tx, func(scan scanner) error {
		var c cell
		var first, open sql.NullInt64
		if err := scan(&c.id, &c.unit, &c.desk, &c.service, &first, &open); err != nil {
			return err
		}
		b := Block{Figures: figures[c.id], Covered: p}
		shown := b.Counts.Answers()
		if b.Waiting = max(0, numbers[c.id].Counts.Answers()+before[c.id].Counts.Answers()-shown); b.Waiting+shown == 0 {
			return nil
		}
		if first.Valid {
			b.Covered.From = min(p.From, survey.Day(first.Int64))
		}
		switch {
		case shown == 0:
			b.Covered = survey.Period{From: p.From, To: p.From}
		case open.Valid && b.Waiting > 0:
			b.Covered.To = max(survey.Day(open.Int64), b.Covered.From)
		}
		sums[c] = b
		return nil
	}, cellEdges, periodArgs(p, o)...)
}

// addUp adds up the rows of each cell in a period, by days and months.
func addUp(ctx context.Context, tx *sql.Tx, p survey.Period, o scope, days, months string) (map[int64]Figures, error) {
	all := map[int64]Figures{}
	for _, r := range runsOf(p) {
		query := days
		if r.month {
			query = months
		}
		err := each(ctx, tx, func(scan scanner) error {
			var id int64
			var f Figures
			n := &f.Counts
			err := scan(&id, &n[0], &n[1], &n[2], &n[3], &n[4], &f.Kiosk, &f.Receipt, &f.Changed)
			all[id] = all[id].add(f, r.sign)
			return err
		}, query, periodArgs(r.Period, o)...)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
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
