package outbox

import (
	"context"
	"fmt"
	"slices"

	"github.com/mattn/go-sqlite3"

	"hailong/internal/fact"
)

// Prune deletes facts that are older than the retention and that all of the
// listed servers hold, by marks heard since Open; it gives their number. With no
// server listed, or one unheard, nothing is deleted. The number and hash of a
// chain's last deleted fact are kept, and the first clock fact of each boot, so
// that the chain goes on. It works in small steps; after an error, or when the
// context ends, what was done stays done.
//
// A kiosk's wall clock may be wrong, so its facts are dated by the server times
// in the clock facts after them, and nothing is deleted before this process has
// recorded one. A server's facts are dated by its wall clock.
func (o *Outbox) Prune(ctx context.Context, servers []string) (deleted int64, err error) {
	before, ok := o.now()
	if !ok || len(servers) == 0 {
		return 0, nil
	}
	before -= o.opt.Retention.Milliseconds()
	o.mu.Lock()
	chains := slices.Clone(o.chains)
	o.mu.Unlock()
	for i, c := range chains {
		held, err := o.held(ctx, &c, servers)
		if err != nil {
			return deleted, err
		}
		// What a given-up branch held was recorded again in the next chain; it goes
		// when that one's beginning has gone, being older.
		whole := c.given && held == c.agreed && chains[i+1].base > 0
		if whole {
			held = c.last
		}
		n, err := o.pruneChain(ctx, &c, held, before, whole)
		deleted += n
		if err != nil {
			return deleted, fmt.Errorf("outbox: prune: %w", err)
		}
	}
	return deleted, nil
}

// now is the time in Unix milliseconds, if it is known.
func (o *Outbox) now() (ms int64, ok bool) {
	s := o.opt.Stamp()
	if o.opt.Role == fact.RoleServer {
		return s.Wall, true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.clock == nil || o.clock.Boot != s.Boot {
		return 0, false
	}
	return o.clock.Server + s.Mono - o.clock.Mono, true
}

// held is the number up to which all the servers hold the chain.
func (o *Outbox) held(ctx context.Context, c *chain, servers []string) (uint64, error) {
	held := c.sendable()
	for _, s := range servers {
		o.mu.Lock()
		h := o.marks.all[markKey{s, c.origin}]
		o.mu.Unlock()
		n := h.mark.Number
		if !h.heard {
			return 0, nil
		}
		// At a given-up chain the agreement was established when it was given up, and
		// servers may rightly hold another branch above.
		if !c.given {
			hash, ok, err := o.HashAt(ctx, c.origin, n)
			if err != nil {
				return 0, err
			}
			if !ok || hash != h.mark.Hash {
				return 0, nil
			}
		}
		held = min(held, n)
	}
	return held, nil
}

// pruneChain deletes the chain's facts up to held that are dated before the
// given time, or all up to held.
func (o *Outbox) pruneChain(ctx context.Context, c *chain, held uint64, before int64, all bool) (deleted int64, err error) {
	cut, err := held, error(nil)
	if !all {
		if cut, err = o.cut(ctx, c, held, before); err != nil {
			return 0, err
		}
	}
	for base := c.base; base < cut; base = min(base+step, cut) {
		to := min(base+step, cut)
		if err := o.db.Raw(ctx, func(*sqlite3.SQLiteConn) error { return o.pruneStep(c, base, to) }); err != nil {
			return deleted, err
		}
		deleted += int64(to - base)
	}
	return deleted, nil
}

// cut is the highest number, up to held, of a fact known to be dated before the
// given time.
func (o *Outbox) cut(ctx context.Context, c *chain, held uint64, before int64) (cut uint64, err error) {
	for after := c.base; after < held; {
		facts, err := o.read(ctx, c.row(after+1), c.row(held), step, fact.MaxBatch*MaxBody)
		if err != nil || len(facts) == 0 {
			return cut, err
		}
		for _, bytes := range facts {
			f, err := fact.Decode(bytes)
			if err != nil {
				return cut, err
			}
			at, dated := f.Wall, o.opt.Role == fact.RoleServer
			var clock fact.Clock
			if !dated && f.Kind == fact.KindClock && fact.Unmarshal(f.Body, &clock) == nil {
				at, dated = clock.Server, true
			}
			if dated && at >= before {
				return cut, nil
			}
			if dated {
				cut = f.Number
			}
			after = f.Number
		}
	}
	return cut, nil
}

// pruneStep deletes the facts above base up to to. The caller has the writer's
// turn.
func (o *Outbox) pruneStep(c *chain, base, to uint64) error {
	if err := o.freshen(); err != nil {
		return err
	}
	var hash fact.Hash
	_, err := o.w.transact(func() (chain, error) {
		err := o.w.facts(c, base, to, func(f *fact.Fact, bytes []byte) error {
			hash = fact.HashOf(bytes)
			boot, ok := bootOf(f)
			if !ok {
				return nil
			}
			return o.w.exec("INSERT OR IGNORE INTO clock(chain, boot, number, bytes) VALUES (?, ?, ?, ?)",
				c.id, boot[:], int64(f.Number), bytes)
		})
		if err != nil {
			return chain{}, err
		}
		if err := o.w.exec("DELETE FROM fact WHERE id BETWEEN ? AND ?", c.row(base+1), c.row(to)); err != nil {
			return chain{}, err
		}
		return chain{}, o.w.exec("UPDATE chain SET base = ?, base_hash = ? WHERE id = ?", int64(to), hash[:], c.id)
	})
	if err != nil {
		o.stale = true // a failed commit may have happened
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.chains {
		if o.chains[i].id == c.id {
			o.chains[i].base, o.chains[i].baseHash = to, hash
		}
	}
	return nil
}
