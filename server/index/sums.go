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

// The rows of a cell from the block in which the period begins up to the
// period's end, added up in the order of the primary key (TestPlan). $from and
// $to are days, $unit and $desk places or 0. opened: a block was open when the
// period began, so that the sums begin on an earlier day; carry: a block is open
// at its end, whose rows must come off again.
const cellSums = `
SELECT c.id, c.unit, c.desk, c.service,
  sum(d.s1), sum(d.s2), sum(d.s3), sum(d.s4), sum(d.s5), sum(d.kiosk), sum(d.receipt), sum(d.changed),
  (SELECT carry FROM cell_day WHERE cell = c.id AND day < $to ORDER BY day DESC LIMIT 1) AS carry,
  CASE WHEN (SELECT carry FROM cell_day WHERE cell = c.id AND day < $from ORDER BY day DESC LIMIT 1) > 0
  THEN (SELECT day FROM cell_day WHERE cell = c.id AND day > coalesce(
    (SELECT day FROM cell_day WHERE cell = c.id AND day < $from AND carry = 0 ORDER BY day DESC LIMIT 1),
    -3000000) ORDER BY day LIMIT 1)
  ELSE $from END AS opened
FROM cell c CROSS JOIN cell_day d
WHERE ($unit = 0 OR c.unit = $unit) AND ($desk = 0 OR c.desk = $desk) AND ($service = 0 OR c.service = $service)
  AND d.cell = c.id AND d.day < $to AND d.day > coalesce(
  (SELECT day FROM cell_day WHERE cell = c.id AND day < $from AND carry = 0 ORDER BY day DESC LIMIT 1), -3000000)
GROUP BY c.id`

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
	sums := map[cell]Block{}
	edges := edges{}
	err := each(ctx, tx, func(scan scanner) error {
		var b Block
		var c cell
		var service, carry, opened int64
		n := &b.Counts
		if err := scan(&c.id, &c.unit, &c.desk, &service, &n[0], &n[1], &n[2], &n[3], &n[4], &b.Kiosk, &b.Receipt, &b.Changed, &carry, &opened); err != nil {
			return err
		}
		c.service = survey.Service(service)
		b.Covered = survey.Period{From: min(p.From, survey.Day(opened)), To: p.To}
		if carry > 0 {
			edges[c] = &edge{before: p.To}
		}
		sums[c] = b
		return nil
	}, cellSums, periodArgs(p, o)...)
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
