package index

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"hailong/internal/survey"
)

// cellBlocks are consecutive blocks of one cell, in order.
type cellBlocks struct {
	cell
	begin survey.Day // the day after the block before them
	all   []Block
}

// readDeskBlocks gives the blocks of a desk's cells that end in a period.
func readDeskBlocks(ctx context.Context, tx *sql.Tx, desk int64, p survey.Period) ([]cellBlocks, error) {
	cells, err := readBlocks(ctx, tx, p, scope{desk: desk})
	if err != nil {
		return nil, err
	}
	var all []cellBlocks
	for c, bs := range cells {
		all = append(all, cellBlocks{cell: c, begin: never, all: bs}.in(p))
	}
	slices.SortFunc(all, func(a, b cellBlocks) int { return cmp.Compare(a.id, b.id) })
	return all, nil
}

// in gives the blocks that end in a part of the period.
func (c cellBlocks) in(p survey.Period) cellBlocks {
	from := 0
	for ; from < len(c.all) && c.all[from].Covered.To <= p.From; from++ {
		c.begin = c.all[from].Covered.To
	}
	to := from
	for to < len(c.all) && c.all[to].Covered.To <= p.To {
		to++
	}
	c.all = c.all[from:to]
	return c
}

// shows gives the last day of the block in which a day's ballots are shown.
func (c cellBlocks) shows(d survey.Day) (last survey.Day, ok bool) {
	i := slices.IndexFunc(c.all, func(b Block) bool { return d < b.Covered.To })
	if i < 0 || d < c.begin {
		return 0, false
	}
	return c.all[i].Covered.Last(), true
}

// readWaiting counts the ballots of a desk that are or will be in blocks that
// end in the period or, if it goes on, after it.
func readWaiting(ctx context.Context, tx *sql.Tx, desk int64, p survey.Period) (n int64, err error) {
	return n, tx.QueryRowContext(ctx, `SELECT coalesce(sum(d.s1 + d.s2 + d.s3 + d.s4 + d.s5), 0)
FROM cell c CROSS JOIN cell_day d WHERE c.desk = $desk AND d.cell = c.id AND d.day < $to AND d.day > coalesce(
  (SELECT last FROM block WHERE cell = c.id AND last < $from ORDER BY last DESC LIMIT 1), -3000000)`,
		sql.Named("desk", desk), sql.Named("from", int64(p.From)), sql.Named("to", int64(p.To))).Scan(&n)
}

// never is before every day.
const never = survey.Day(-1 << 31)
