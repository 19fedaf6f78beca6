package index

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"

	"hailong/internal/survey"
)

// blockRows are the blocks that end in the period, and of each cell the last one
// before it.
const blockRows = `
SELECT c.id, c.unit, c.desk, c.service, d.last, d.first, d.s1, d.s2, d.s3, d.s4, d.s5, d.kiosk, d.receipt, d.changed
FROM cell c CROSS JOIN block d
WHERE ` + inScope + ` AND d.cell = c.id AND d.last < $to AND d.last >= coalesce(
  (SELECT last FROM block WHERE cell = c.id AND last < $from ORDER BY last DESC LIMIT 1), $from)`

// readBlocks gives the blocks of cells that end in the period, and of each cell
// the last one before it, in order.
func readBlocks(ctx context.Context, tx *sql.Tx, p survey.Period, o scope) (map[cell][]Block, error) {
	all := map[cell][]Block{}
	err := each(ctx, tx, func(scan scanner) error {
		var c cell
		var b Block
		n := &b.Counts
		if err := scan(&c.id, &c.unit, &c.desk, &c.service, &b.Covered.To, &b.Covered.From,
			&n[0], &n[1], &n[2], &n[3], &n[4], &b.Kiosk, &b.Receipt, &b.Changed); err != nil {
			return err
		}
		b.Covered.To++
		all[c] = append(all[c], b)
		return nil
	}, blockRows, periodArgs(p, o)...)
	for _, bs := range all {
		slices.SortFunc(bs, func(a, b Block) int { return cmp.Compare(a.Covered.To, b.Covered.To) })
	}
	return all, err
}

// byEnd puts those together that end on one day, in order.
func byEnd(all []Block) []Block {
	ending := map[survey.Day]Block{}
	for _, b := range all {
		last := b.Covered.Last()
		if have, ok := ending[last]; ok {
			b = beside(have, b)
		}
		ending[last] = b
	}
	var sums []Block
	for _, d := range slices.Sorted(maps.Keys(ending)) {
		sums = append(sums, ending[d])
	}
	return sums
}
