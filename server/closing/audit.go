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
		a := newAudit(bs, together)
		left := a.breakdowns(bs)
		if level := a.level(bs); level > 0 {
			left = append(left, levelName(level))
		}
		if len(left) > 0 {
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

// audit is what is known of one unit's ballots: sums of unknowns. Ballots alike in
// all that they are parted by are one unknown: none of them can be told from the
// others.
type audit struct {
	unknown map[*ballot]int
	number  []int64 // ballots by unknown
	space   *rowspace.Space
}

// newAudit knows what was shown of a unit's ballots as they came.
func newAudit(bs []*ballot, together map[backKey64]int) *audit {
	type alike struct {
		batch   string
		of      [7]string
		day     survey.Day
		changed bool
	}
	a := &audit{unknown: make(map[*ballot]int, len(bs)), space: &rowspace.Space{}}
	known := map[alike]int{}
	batches := map[string][]*ballot{}
	for _, b := range bs {
		x := alike{batch: batchOf(b, together), day: b.day, changed: b.changed}
		for i, by := range Breakdowns {
			x.of[i] = b.value(by)
		}
		if _, ok := known[x]; !ok {
			known[x] = len(known)
			a.number = append(a.number, 0)
		}
		a.unknown[b] = known[x]
		a.number[known[x]]++
		batches[x.batch] = append(batches[x.batch], b)
	}
	for _, of := range batches {
		a.space.Add(a.sum(of))
	}
	return a
}

func (a *audit) sum(of []*ballot) []rowspace.Term {
	times := map[int]bool{}
	var terms []rowspace.Term
	for _, b := range of {
		if u := a.unknown[b]; !times[u] { // all that are alike are in the same sums
			times[u] = true
			terms = append(terms, rowspace.Term{Unknown: u, Times: 1})
		}
	}
	return terms
}

// singled says whether some ballot, or fewer than five that are alike, can be
// told.
func (a *audit) singled(s *rowspace.Space) bool {
	return slices.ContainsFunc(s.Single(), func(u int) bool { return a.number[u] < survey.LeastShown })
}

// breakdowns gives those that would single a ballot out, with those before them
// that stay; they are known from here on.
func (a *audit) breakdowns(bs []*ballot) (left []string) {
	for _, by := range Breakdowns {
		parts, _ := split(bs, by)
		if parts == nil {
			continue
		}
		with := a.space.Clone()
		for _, of := range parts {
			with.Add(a.sum(of))
		}
		if a.singled(with) {
			left = append(left, by)
			continue
		}
		a.space = with
	}
	return left
}

// level gives the most telling of ballotLevels by which single ballots can be
// told beside the breakdowns. The last tells no more than the totals do.
func (a *audit) level(bs []*ballot) int {
	last := len(ballotLevels) - 1
	for level := range last {
		if len(bs) > mostAudited && level < 2 {
			continue
		}
		with := a.space.Clone()
		for _, of := range classes(bs, level) {
			with.Add(a.sum(of))
		}
		if !a.singled(with) {
			return level
		}
	}
	return last
}

// batchOf names those among whom the ballot was first shown.
func batchOf(b *ballot, together map[backKey64]int) string {
	n, ok := together[backKey64{b.id, b.cell}]
	if !ok {
		return fmt.Sprint(b.cell)
	}
	return fmt.Sprint(n)
}
