package projection

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"hailong/internal/survey"
)

// What is shown of a cell are its blocks, each a run of days with the figures of
// its ballots. Nobody may learn what one person said by adding and subtracting
// what was shown, now or before. So a block is made, or moves, only with at least
// survey.LeastShown ratings that were in no figure before, of this cell or of any
// other (table retired has those that were, and are no more): in any sum of
// figures, with whatever signs, those of the figure that was shown last are left,
// five of them. One thing else moves a block: five ballots or more that leave it
// together, as after a revocation; it keeps five ballots, or loses all.
//
// Changes that are too few for their block are shown together with those of
// other blocks that end in the same month: the blocks become one, and are never
// parted again, since a part would be a difference. The block of the newest days
// waits for its own, so that today is not drowned in last week.

// block is a run of days of a cell: from the day after the block before it up
// to last.
type block struct {
	last, first int64
	cellSums
}

func (b *block) answers() (n int64) {
	for _, s := range b.s {
		n += s
	}
	return n
}

func (b *block) add(f figure, sign int64) {
	b.s[f.score-1] += sign
	b.kiosk += sign * bit(f.channel == uint8(survey.ChannelKiosk))
	b.receipt += sign * bit(f.binding == uint8(survey.BindingReceipt))
	b.changed += sign * bit(f.changed)
	if sign > 0 {
		b.first = min(b.first, f.day)
	}
}

// never is before every day.
const never = math.MinInt64

// end is the last day of a cell's last block.
func (p *Projection) end(cell int64) int64 {
	if d, ok := p.ends[cell]; ok {
		return d
	}
	return never
}

// release shows all of a cell that may be shown.
func (w *run) release(cell int64) error {
	for again := true; again; {
		months := map[survey.Period]bool{}
		newest := w.p.end(cell)
		if err := w.closeBlocks(cell); err != nil {
			return err
		}
		held, end := w.p.held[cell], w.p.end(cell)
		if newest != never && newest != end {
			for _, h := range held {
				if h.at() <= newest {
					months[survey.Day(newest).Month()] = true // it waits no longer for its own
					break
				}
			}
		}
		days := map[int64]bool{}
		for _, ballot := range *w.heldIn[cell] {
			h, ok := held[ballot]
			if !ok || h.at() > end || days[h.at()] {
				continue
			}
			days[h.at()] = true
			var last int64
			found, err := w.one([]any{&last}, `SELECT last FROM block WHERE cell = ? AND last >= ? ORDER BY last LIMIT 1`, cell, h.at())
			if err != nil || !found {
				return errors.Join(err, fmt.Errorf("cell %d: no block on day %d", cell, h.at()))
			}
			months[survey.Day(last).Month()] = true
		}
		again = false // unless a ballot left its block: it may go into another
		for _, m := range sorted(months, func(p survey.Period) [3]int64 { return [3]int64{int64(p.From)} }) {
			for {
				moved, err := w.releaseMonth(cell, m)
				if err != nil {
					return err
				}
				if !moved {
					break
				}
				again = true
			}
		}
	}
	return nil
}

// closeBlocks makes blocks of the days after a cell's last one: each of as few
// whole days as hold five ballots.
func (w *run) closeBlocks(cell int64) error {
	held, end := w.p.held[cell], w.p.end(cell)
	if len(held) < survey.LeastShown {
		return nil
	}
	type first struct {
		ballot int64
		heldBallot
	}
	waiting := make([]first, 0, len(held))
	for ballot, h := range held {
		if !h.was.shown() && h.now.day > end {
			waiting = append(waiting, first{ballot, h})
		}
	}
	slices.SortFunc(waiting, func(a, b first) int {
		return cmp.Or(cmp.Compare(a.now.day, b.now.day), cmp.Compare(a.ballot, b.ballot))
	})
	for i, j := 0, 0; ; i = j {
		fresh := 0
		for j < len(waiting) && (fresh < survey.LeastShown || waiting[j].now.day == waiting[j-1].now.day) {
			if w.p.fresh(&waiting[j].heldBallot) {
				fresh++
			}
			j++
		}
		if fresh < survey.LeastShown {
			return nil
		}
		b := block{last: waiting[j-1].now.day, first: waiting[i].now.day}
		ids := make([]int64, 0, j-i)
		for _, x := range waiting[i:j] {
			b.add(x.now, 1)
			ids = append(ids, x.ballot)
		}
		w.p.ends[cell] = b.last
		at(w.months.blocks, cellDay{cell, w.months.month(b.last)}).plus(&b.cellSums, 1)
		if err := errors.Join(w.putBlock(cell, &b), w.putBatch(cell, b.last, 1, ids)); err != nil {
			return err
		}
		for _, x := range waiting[i:j] { // shown as they are
			if x.stored {
				w.unheld = append(w.unheld, [2]int64{cell, x.ballot})
			}
			delete(held, x.ballot)
		}
	}
}

// releaseMonth lets the changes of one month's blocks be shown that may be, some
// at a time; moved is false where there are none. Changes wait in the blocks to
// which they belong, those of too few for their block until the month has five.
func (w *run) releaseMonth(cell int64, m survey.Period) (moved bool, err error) {
	lasts, err := w.ids(`SELECT last FROM block WHERE cell = ? AND last >= ? AND last < ? ORDER BY last`, cell, int64(m.From), int64(m.To))
	if err != nil || len(lasts) == 0 {
		return false, err
	}
	before := []int64{never}
	if found, err := w.ids(`SELECT last FROM block WHERE cell = ? AND last < ? ORDER BY last DESC LIMIT 1`, cell, int64(m.From)); err != nil {
		return false, err
	} else if len(found) > 0 {
		before = found
	}
	// By block, the ratings that were in no figure before, and the ballots that go.
	type moves struct{ fresh, gone int }
	number := make([]moves, len(lasts))
	for _, h := range w.p.held[cell] {
		d := h.at()
		if d <= before[0] || d > lasts[len(lasts)-1] {
			continue
		}
		i, _ := slices.BinarySearch(lasts, d)
		if w.p.fresh(&h) {
			number[i].fresh++
		}
		if h.gone() {
			number[i].gone++
		}
	}
	after := func(i int) int64 {
		if i == 0 {
			return before[0]
		}
		return lasts[i-1]
	}
	for i, n := range number {
		if max(n.fresh, n.gone) >= survey.LeastShown {
			if moved, err := w.move(cell, after(i), lasts[i]); moved || err != nil {
				return moved, err
			}
		}
	}
	if lasts[len(lasts)-1] == w.p.end(cell) {
		number = number[:len(number)-1]
	}
	// The fewest blocks side by side that have five changes.
	from, to := 0, len(number)
	for i := range number {
		for n, j := (moves{}), i; j < len(number); j++ {
			n.fresh, n.gone = n.fresh+number[j].fresh, n.gone+number[j].gone
			if max(n.fresh, n.gone) >= survey.LeastShown && j-i < to-from {
				from, to = i, j
				break
			}
		}
	}
	if to == len(number) {
		return false, nil
	}
	return w.move(cell, after(from), lasts[to])
}

// move shows what changed in the blocks of the days after after, up to last, as
// one block. It does not where fewer than five ballots would be left in it.
func (w *run) move(cell, after, last int64) (moved bool, err error) {
	in := func(f figure) bool { return f.shown() && f.day > after && f.day <= last }
	sum := block{first: math.MaxInt64, last: last}
	blocks := 0
	err = w.each(func(r cells) error {
		var b block
		err := r.Scan(&b.first, &b.s[0], &b.s[1], &b.s[2], &b.s[3], &b.s[4], &b.kiosk, &b.receipt, &b.changed)
		for i := range sum.s {
			sum.s[i] += b.s[i]
		}
		sum.kiosk, sum.receipt, sum.changed = sum.kiosk+b.kiosk, sum.receipt+b.receipt, sum.changed+b.changed
		sum.first = min(sum.first, b.first)
		blocks++
		return err
	}, `SELECT first, s1, s2, s3, s4, s5, kiosk, receipt, changed FROM block WHERE cell = ? AND last > ? AND last <= ?`, cell, after, last)
	if err != nil {
		return false, err
	}
	was := sum.cellSums
	var fresh []int64   // ballots with a rating that comes in
	gone := ballots{}   // ballots with a rating that goes
	var changed []int64 // all whose figures change here
	held := w.p.held[cell]
	unseen, left := 0, 0
	for ballot, h := range held {
		enters := in(h.now) && (!h.was.shown() || in(h.was))
		if !in(h.was) && !enters {
			continue
		}
		if in(h.was) {
			sum.add(h.was, -1)
		}
		if enters {
			sum.add(h.now, 1)
		}
		changed = append(changed, ballot)
		if in(h.was) && (h.news() || !enters) {
			gone.add(ballot)
		}
		if enters && h.news() {
			fresh = append(fresh, ballot)
			unseen += int(bit(w.p.fresh(&h)))
		}
		left += int(bit(in(h.was) && !enters))
	}
	if n := sum.answers(); n > 0 && n < survey.LeastShown || max(unseen, left) < survey.LeastShown {
		return false, nil
	}
	if blocks == 1 && len(gone) == 0 {
		slices.Sort(fresh)
		err = errors.Join(w.putBlock(cell, &sum), w.exec(`INSERT INTO batch(cell, last, number, ballots)
			SELECT ?, ?, coalesce(max(number), 0) + 1, ? FROM batch WHERE cell = ? AND last = ?`, cell, last, packBallots(fresh), cell, last))
	} else {
		err = errors.Join(w.mergeBatches(cell, after, last, fresh, gone),
			w.exec(`DELETE FROM block WHERE cell = ? AND last > ? AND last <= ?`, cell, after, last))
		if err == nil && sum.answers() > 0 {
			err = w.putBlock(cell, &sum)
		}
	}
	if err != nil {
		return false, err
	}
	moves := at(w.months.blocks, cellDay{cell, w.months.month(last)}) // all these blocks end in one month
	moves.plus(&was, -1)
	moves.plus(&sum.cellSums, 1)
	for _, ballot := range changed {
		h := held[ballot]
		if in(h.was) && h.was.rating != h.now.rating {
			if err := w.retire(h.was.rating); err != nil {
				return false, err
			}
		}
		if h.was = (figure{}); in(h.now) {
			h.was = h.now
		}
		w.setHeld(cell, ballot, h)
	}
	if sum.answers() > 0 {
		return true, nil
	}
	// Nothing is left of these days: their ballots, if any come, count with the
	// days after them.
	delete(w.p.ends, cell)
	found, err := w.ids(`SELECT last FROM block WHERE cell = ? ORDER BY last DESC LIMIT 1`, cell)
	if len(found) > 0 {
		w.p.ends[cell] = found[0]
	}
	return true, err
}

func (w *run) putBlock(cell int64, b *block) error {
	return w.exec(`INSERT INTO block(cell, last, first, s1, s2, s3, s4, s5, kiosk, receipt, changed) VALUES (?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT(cell, last) DO UPDATE SET first=excluded.first, s1=excluded.s1, s2=excluded.s2, s3=excluded.s3, s4=excluded.s4, s5=excluded.s5,
		kiosk=excluded.kiosk, receipt=excluded.receipt, changed=excluded.changed`,
		cell, b.last, b.first, b.s[0], b.s[1], b.s[2], b.s[3], b.s[4], b.kiosk, b.receipt, b.changed)
}

func (p *Projection) loadEnds(scan func(string, func(*sql.Rows) error) error) error {
	return scan(`SELECT c.id, (SELECT last FROM block WHERE cell = c.id ORDER BY last DESC LIMIT 1) FROM cell c`, func(r *sql.Rows) error {
		var cell int64
		var last sql.NullInt64
		err := r.Scan(&cell, &last)
		if last.Valid {
			p.ends[cell] = last.Int64
		}
		return err
	})
}

// fillBlocks makes all blocks anew, from the ballots as they are.
func (w *run) fillBlocks() error {
	w.p.ends, w.p.held, w.p.retired = map[int64]int64{}, map[int64]map[int64]heldBallot{}, map[int64]bool{}
	clear(w.heldIn)
	of := int64(0)
	closeOne := func() error {
		if of == 0 {
			return nil
		}
		err := w.closeBlocks(of)
		// What is shown is no longer touched: a whole history would not fit.
		touched := slices.Collect(maps.Keys(w.p.held[of]))
		w.heldIn[of] = &touched
		return err
	}
	err := w.each(func(r cells) error {
		var cell, ballot int64
		var h heldBallot
		var said bool
		n := &h.now
		if err := r.Scan(&cell, &ballot, &n.day, &n.score, &n.channel, &n.binding, &n.changed, &n.rating, &said); err != nil {
			return err
		}
		if said {
			n.said = n.rating
		}
		if cell != of {
			if err := closeOne(); err != nil {
				return err
			}
			of = cell
		}
		w.setHeld(cell, ballot, h)
		return nil
	}, `SELECT c.id, b.id, b.day, b.score, b.channel, b.binding, b.changed, b.fact, b.said FROM ballot b CROSS JOIN cell c
		WHERE b.score > 0 AND b.kind IN (1, 2) AND c.unit = b.unit AND c.service = b.service AND c.desk = b.desk ORDER BY c.id`)
	return errors.Join(err, closeOne(), w.flushHeld())
}
