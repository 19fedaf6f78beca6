package projection

import (
	"errors"
	"slices"

	"hailong/internal/fact"
)

// clockPoint is one clock fact: at the server it was server (Unix ms) when the
// device had been up for mono (ms) since the boot.
type clockPoint struct {
	number       uint64
	boot         [16]byte
	mono, server int64
}

// addClock keeps the points by number, and the lowest of each boot apart.
func (o *origin) addClock(c clockPoint) {
	i, _ := slices.BinarySearchFunc(o.clocks, c.number, func(x clockPoint, n uint64) int {
		return int(int64(x.number) - int64(n))
	})
	o.clocks = slices.Insert(o.clocks, i, c)
	if first, ok := o.boots[c.boot]; !ok || c.number < first.number {
		o.boots[c.boot] = c
	}
}

func (o *origin) dropClock(number uint64) {
	o.clocks = slices.DeleteFunc(o.clocks, func(c clockPoint) bool { return c.number == number })
	o.boots = map[[16]byte]clockPoint{}
	for _, c := range slices.Backward(o.clocks) {
		o.boots[c.boot] = c
	}
}

// timeOf gives a fact's corrected time in Unix ms. A server's clock is trusted.
// On a kiosk the lowest-numbered clock fact of a boot dates all of that boot;
// a boot without one takes the time of the next clock fact in the chain, which
// is an estimate (no earlier than the truth); with none after it the fact is
// not dated.
func (o *origin) timeOf(f *fact.Fact) (at int64, estimated, dated bool) {
	if o.role == fact.RoleServer {
		return f.Wall, false, true
	}
	if c, ok := o.boots[f.Boot]; ok {
		return c.server - (c.mono - f.Mono), false, true
	}
	i, _ := slices.BinarySearchFunc(o.clocks, f.Number, func(x clockPoint, n uint64) int {
		return int(int64(x.number) - int64(n))
	})
	if i < len(o.clocks) {
		return o.clocks[i].server, true, true
	}
	return 0, false, false
}

// addClock puts a clock fact into effect: it dates what was not dated before
// it, and makes exact what an earlier clock fact of another boot could only
// estimate.
func (w *run) addClock(o *origin, c clockPoint) error {
	_, known := o.boots[c.boot]
	o.addClock(c)
	if err := w.exec(`INSERT INTO clock(id, boot, mono, server) VALUES (?,?,?,?)`, id(o.oid, c.number), c.boot[:], c.mono, c.server); err != nil {
		return err
	}
	if !known && o.estimated[c.boot] {
		return w.dateAll(o)
	}
	return errors.Join(w.dateOpen(o), w.dateTexts(o, textsUndated))
}

func (w *run) removeClock(o *origin, number uint64) error {
	o.dropClock(number)
	if err := w.exec(`DELETE FROM clock WHERE id = ?`, id(o.oid, number)); err != nil {
		return err
	}
	return w.dateAll(o)
}

// undatedAtOnce bounds the memory of dating a long backlog.
const undatedAtOnce = 4096

// dateOpen counts the origin's ratings that were not dated, now that they are.
func (w *run) dateOpen(o *origin) error {
	for {
		type row struct{ at, ballot int64 }
		var found []row
		err := w.each(func(r cells) error {
			var x row
			err := r.Scan(&x.at, &x.ballot)
			found = append(found, x)
			return err
		}, `SELECT fact, ballot FROM undated WHERE fact BETWEEN ? AND ? ORDER BY fact LIMIT ?`,
			id(o.oid, 0), id(o.oid, fact.MaxNumber), undatedAtOnce)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, x := range found {
			b, err := w.ballotByID(x.ballot)
			if err != nil {
				return err
			}
			f, err := w.fact(x.at)
			if err != nil {
				return err
			}
			if err := w.voteOrAnew(b, o, f, nil); err != nil {
				return err
			}
		}
		if err := w.exec(`DELETE FROM undated WHERE fact BETWEEN ? AND ?`, found[0].at, found[len(found)-1].at); err != nil {
			return err
		}
		if err := w.spill(); err != nil {
			return err
		}
	}
}

// dateAll dates everything of the origin that is in effect anew. It is rare: a
// clock fact was taken back, or told what was estimated.
func (w *run) dateAll(o *origin) error {
	if err := w.dateTexts(o, textsAll); err != nil {
		return err
	}
	err := w.exec(`DELETE FROM undated WHERE fact BETWEEN ? AND ?`, id(o.oid, 0), id(o.oid, fact.MaxNumber))
	if err != nil {
		return err
	}
	return w.eachRating(o, 1, o.applied, func(f *fact.Fact, b *ballot) (err error) {
		if _, estimated, dated := o.timeOf(f); !dated {
			err = w.exec(`INSERT INTO undated(fact, ballot) VALUES (?, ?)`, id(o.oid, f.Number), b.id)
		} else if estimated {
			err = w.estimate(o, f.Boot)
		}
		return err
	})
}

// eachRating calls fn for each of an origin's ratings among some numbers that are
// in effect, with its ballot, which is then computed anew.
func (w *run) eachRating(o *origin, first, last uint64, fn func(f *fact.Fact, b *ballot) error) error {
	for n := first; n <= min(last, o.applied); n++ {
		r, err := w.record(o, n)
		if err != nil {
			return err
		}
		f, body, err := judge(o.role, r)
		rating, ok := body.(*fact.Rating)
		if err != nil || !ok {
			continue
		}
		b, err := w.route(rating.Receipt, rating.Sealed, rating.Session)
		if errors.Is(err, fact.ErrRefused) {
			continue // in quarantine: its sealed code does not open
		}
		if err == nil {
			err = fn(f, b)
		}
		if err != nil {
			return err
		}
		b.anew = true
		w.dirty(b)
		if err := w.spill(); err != nil {
			return err
		}
	}
	return nil
}

// estimate remembers that facts of a boot are dated by another boot's clock.
func (w *run) estimate(o *origin, boot [16]byte) error {
	if o.estimated[boot] {
		return nil
	}
	o.estimated[boot] = true
	return w.exec(`INSERT INTO estimated(oid, boot) VALUES (?, ?) ON CONFLICT DO NOTHING`, o.oid, boot[:])
}
