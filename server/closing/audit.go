package closing

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hailong/internal/fact"
	"hailong/internal/rowspace"
	"hailong/internal/survey"
	"hailong/server/projection"
)

// Audit finds the breakdowns that must be left out of a closing, so that nobody
// who adds and subtracts its figures, and all figures that were ever shown live
// of the same ballots, is left with one person's answer. It reads what came into
// a block together (table batch), which is this server's own: hence its result
// is part of the closing.
func Audit(ctx context.Context, tx *sql.Tx, c *fact.Closing) ([]fact.LeftOut, error) {
	m, err := readMonth(ctx, tx, c)
	if err != nil {
		return nil, fmt.Errorf("closing: audit: %w", err)
	}
	together, err := readBatches(ctx, tx, m)
	if err != nil {
		return nil, fmt.Errorf("closing: audit: %w", err)
	}
	var all []fact.LeftOut
	for g, bs := range m.groups() {
		if left := leave(bs, together); len(left) > 0 {
			all = append(all, fact.LeftOut{Unit: g.unit, Service: uint8(g.service), By: left})
		}
	}
	slices.SortFunc(all, func(a, b fact.LeftOut) int {
		return cmp.Or(cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Service, b.Service))
	})
	return all, nil
}

// readBatches gives, by ballot, the number of those that came into its block
// with it.
func readBatches(ctx context.Context, tx *sql.Tx, m *month) (map[backKey64]int, error) {
	together, next := map[backKey64]int{}, 0
	return together, each(ctx, tx, func(scan func(...any) error) error {
		var k cellKey
		var last int32
		var raw []byte
		if err := scan(&k.unit, &k.service, &k.desk, &last, &raw); err != nil {
			return err
		}
		x, ok := m.cells[k]
		if !ok || last <= x.After || last > x.Last {
			return nil
		}
		ids, err := projection.UnpackBallots(raw)
		for _, id := range ids {
			together[backKey64{id, k}] = next
		}
		next++
		return err
	}, `SELECT u.code, c.service, coalesce(d.code, ''), b.last, b.ballots FROM cell c CROSS JOIN batch b
		JOIN place u ON u.id = c.unit LEFT JOIN place d ON d.id = c.desk
		WHERE b.cell = c.id AND b.last >= ? AND b.last < ?`, m.period.From, m.period.To)
}

// backKey64 is a ballot, by this database's number, in a cell.
type backKey64 struct {
	ballot int64
	cell   cellKey
}

// leave gives the breakdowns of one unit that would single a ballot out, with
// those before them that stay. Ballots alike in all that they are parted by are
// one unknown: none of them can be told from the others.
func leave(bs []*ballot, together map[backKey64]int) (left []string) {
	type alike struct {
		batch string
		of    [7]string
	}
	unknown := make(map[*ballot]int, len(bs))
	known, number := map[alike]int{}, []int64{}
	batches := map[string][]*ballot{}
	for _, b := range bs {
		a := alike{batch: batchOf(b, together)}
		for i, by := range Breakdowns {
			a.of[i] = b.value(by)
		}
		if _, ok := known[a]; !ok {
			known[a] = len(known)
			number = append(number, 0)
		}
		unknown[b] = known[a]
		number[known[a]]++
		batches[a.batch] = append(batches[a.batch], b)
	}
	sum := func(of []*ballot) []rowspace.Term {
		times := map[int]bool{}
		var terms []rowspace.Term
		for _, b := range of {
			if u := unknown[b]; !times[u] { // all that are alike are in the same sums
				times[u] = true
				terms = append(terms, rowspace.Term{Unknown: u, Times: 1})
			}
		}
		return terms
	}
	singled := func(s *rowspace.Space) bool {
		return slices.ContainsFunc(s.Single(), func(u int) bool { return number[u] < survey.LeastShown })
	}
	space := &rowspace.Space{}
	for _, of := range batches {
		space.Add(sum(of))
	}
	for _, by := range Breakdowns {
		parts, _ := split(bs, by)
		if parts == nil {
			continue
		}
		with := space.Clone()
		for _, of := range parts {
			with.Add(sum(of))
		}
		if singled(with) {
			left = append(left, by)
			continue
		}
		space = with
	}
	return left
}

// batchOf names those among whom the ballot was first shown.
func batchOf(b *ballot, together map[backKey64]int) string {
	n, ok := together[backKey64{b.id, b.cell}]
	if !ok {
		return fmt.Sprint(b.cell)
	}
	return fmt.Sprint(n)
}
