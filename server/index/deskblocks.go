package index

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"hailong/internal/survey"
)

// cellBlocks are the last days of one cell of a desk.
type cellBlocks struct {
	cell
	days []day   // as they are, after the last block that is surely closed
	full []Block // as they are shown, in order
}

// readBlocks gives the blocks of a desk's cells that end in the period or, where
// they are at hand, before it.
func readBlocks(ctx context.Context, tx *sql.Tx, desk int64, p survey.Period) ([]cellBlocks, error) {
	of := edges{}
	err := each(ctx, tx, func(scan scanner) error {
		c := cell{desk: desk}
		err := scan(&c.id, &c.unit, &c.service)
		of[c] = &edge{before: p.From}
		return err
	}, `SELECT id, unit, service FROM cell WHERE desk = ?`, desk)
	if err != nil {
		return nil, err
	}
	if err := readHeld(ctx, tx, p, scope{desk: desk}, of); err != nil {
		return nil, err
	}
	if err := readTails(ctx, tx, p, of); err != nil {
		return nil, err
	}
	var all []cellBlocks
	for c, e := range of {
		slices.SortFunc(e.days, func(a, b day) int { return int(a.day - b.day) })
		all = append(all, cellBlocks{c, e.days, blocks(merge(e.days, e.shown))})
	}
	slices.SortFunc(all, func(a, b cellBlocks) int { return int(a.id - b.id) })
	return all, nil
}

// blocks gives the full blocks of one cell's days.
func blocks(shown []day) []Block {
	var all []Block
	i := 0
	for _, last := range ends(shown) {
		b := Block{Covered: survey.Period{From: shown[i].day, To: last + 1}}
		for ; i < len(shown) && shown[i].day <= last; i++ {
			b.Figures = b.add(shown[i].Figures, 1)
		}
		all = append(all, b)
	}
	return all
}

// released are the blocks of one cell that end in a period.
type released struct {
	blocks  []Block
	waiting int64 // ballots of the period that are in none yet
}

// covered are the days of the blocks; none where there are no blocks.
func (r released) covered() survey.Period {
	if len(r.blocks) == 0 {
		return survey.Period{}
	}
	return survey.Period{From: r.blocks[0].Covered.From, To: r.blocks[len(r.blocks)-1].Covered.To}
}

// in gives the blocks that end in a part of the period that was read.
func (c *cellBlocks) in(p survey.Period) released {
	var r released
	begin := never // the last day of the last block before the period
	for _, b := range c.full {
		switch last := b.Covered.Last(); {
		case last < p.From:
			begin = last
		case last < p.To:
			r.blocks = append(r.blocks, b)
			r.waiting -= b.Counts.Answers()
		}
	}
	for _, d := range c.days {
		if d.day > begin && d.day < p.To {
			r.waiting += d.Counts.Answers()
		}
	}
	r.waiting = max(0, r.waiting)
	return r
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
