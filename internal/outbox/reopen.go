package outbox

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql/driver"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
	"github.com/mattn/go-sqlite3"

	"hailong/internal/fact"
)

// step is the number of facts that Reopen and Prune take at a time.
const step = 500

// Reopen goes on under a new origin, as an outbox must that was put back to an
// older copy, or copied: its chain could otherwise use a number twice. agreed is
// the last number of the current origin that servers hold with the same hash; it
// is lowered to the head. reason is for people, in English.
//
// The facts above agreed are recorded again in the new origin with their
// original times and bodies, so that their ballots stay the same, and their words
// with them; before them,
// the clock facts up to agreed that correct their times. The old origin's facts
// leave only up to agreed from then on. All of it happens, or nothing.
func (o *Outbox) Reopen(ctx context.Context, reason string, agreed uint64) error {
	err := o.db.Raw(ctx, func(*sqlite3.SQLiteConn) error {
		if err := o.freshen(); err != nil {
			return err
		}
		old := *o.current()
		agreed := min(agreed, old.last)
		opened := fact.Opened{Previous: old.origin[:], Agreed: agreed, Reason: reason}
		if old.last > agreed {
			err := o.w.facts(&old, agreed, agreed+1, func(_ *fact.Fact, bytes []byte) error {
				h := fact.HashOf(bytes)
				opened.Withdrawn, opened.WithdrawnHash = agreed+1, h[:]
				return nil
			})
			if err != nil {
				return err
			}
		}
		next, err := o.w.transact(func() (chain, error) {
			if err := o.w.exec("UPDATE chain SET agreed = ? WHERE id = ?", int64(agreed), old.id); err != nil {
				return chain{}, err
			}
			next, err := o.openChain(old.id+1, opened)
			if err != nil {
				return chain{}, err
			}
			return next, o.w.again(&old, agreed, &next)
		})
		if err != nil {
			o.stale = true // a failed commit may have happened
			return err
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.current().given, o.current().agreed = true, agreed
		o.chains = append(o.chains, next)
		return nil
	})
	if err != nil {
		return fmt.Errorf("outbox: open a new origin: %w", err)
	}
	o.signal()
	return nil
}

// openChain inserts a chain with its first fact, inside a transaction.
func (o *Outbox) openChain(id int64, opened fact.Opened) (chain, error) {
	opened.Role, opened.Name, opened.Member = o.opt.Role, o.opt.Name, o.opt.Member
	c := chain{id: id}
	rand.Read(c.salt[:])
	c.origin = fact.NewOriginID(o.public(), c.salt)
	err := o.w.exec("INSERT INTO chain(id, origin, salt, base, base_hash) VALUES (?, ?, ?, 0, ?)",
		id, c.origin[:], c.salt[:], c.baseHash[:])
	if err != nil {
		return c, err
	}
	body, err := fact.Marshal(opened)
	if err != nil {
		return c, err
	}
	return c, o.w.record(&c, fact.KindOpened, o.opt.Stamp(), body)
}

// record inserts one fact at the end of the chain, inside a transaction.
func (w *writer) record(c *chain, kind fact.Kind, stamp fact.Stamp, body cbor.RawMessage) error {
	rows, err := c.extend(w.rows[:0], kind, stamp, body)
	if err != nil {
		return err
	}
	return w.insertRows(rows)
}

// again records the facts of old above agreed in next, inside a transaction.
func (w *writer) again(old *chain, agreed uint64, next *chain) error {
	boots := map[[16]byte]bool{}
	err := w.facts(old, agreed, old.last, func(f *fact.Fact, _ []byte) error {
		boots[f.Boot] = true
		return nil
	})
	if err != nil {
		return err
	}
	clocks, err := w.clocks(old, agreed, boots)
	if err != nil {
		return err
	}
	record := func(f *fact.Fact, _ []byte) error {
		if f.Kind == fact.KindOpened {
			return nil
		}
		if err := w.record(next, f.Kind, f.Stamp(), f.Body); err != nil {
			return err
		}
		return w.follow(f, next.row(next.last))
	}
	for _, f := range clocks {
		if err := record(&f, nil); err != nil {
			return err
		}
	}
	return w.facts(old, agreed, old.last, record)
}

// clocks finds the lowest-numbered clock fact of each of the boots, pruned ones
// among them, where it is at or below the given number; in the chain's order.
func (w *writer) clocks(c *chain, upTo uint64, boots map[[16]byte]bool) ([]fact.Fact, error) {
	lowest := map[[16]byte]fact.Fact{}
	note := func(f *fact.Fact, _ []byte) error {
		boot, ok := bootOf(f)
		if _, known := lowest[boot]; ok && boots[boot] && !known {
			lowest[boot] = *f
		}
		return nil
	}
	err := w.each("SELECT bytes FROM clock WHERE chain = ?", []driver.Value{c.id}, func(v []driver.Value) error {
		f, err := fact.Decode(v[0].([]byte))
		if err != nil {
			return err
		}
		return note(&f, nil)
	})
	if err == nil && len(boots) > 0 {
		err = w.facts(c, c.base, upTo, note)
	}
	fs := make([]fact.Fact, 0, len(lowest))
	for _, f := range lowest {
		fs = append(fs, f)
	}
	slices.SortFunc(fs, func(a, b fact.Fact) int { return cmp.Compare(a.Number, b.Number) })
	return fs, err
}

// bootOf gives the boot that a clock fact corrects.
func bootOf(f *fact.Fact) (boot [16]byte, ok bool) {
	var c fact.Clock
	if f.Kind != fact.KindClock || fact.Unmarshal(f.Body, &c) != nil {
		return boot, false
	}
	return c.Boot, true
}

// facts walks over a chain's facts above after, up to and including last, in
// steps, so that fn may write.
func (w *writer) facts(c *chain, after, last uint64, fn func(f *fact.Fact, bytes []byte) error) error {
	for after < last {
		var chunk [][]byte
		err := w.each("SELECT bytes FROM fact WHERE id BETWEEN ? AND ? ORDER BY id",
			[]driver.Value{c.row(after + 1), c.row(min(after+step, last))}, func(v []driver.Value) error {
				chunk = append(chunk, v[0].([]byte))
				return nil
			})
		if err != nil {
			return err
		}
		for _, bytes := range chunk {
			f, err := fact.Decode(bytes)
			if err != nil {
				return err
			}
			if err := fn(&f, bytes); err != nil {
				return err
			}
		}
		after = min(after+step, last)
	}
	return nil
}
