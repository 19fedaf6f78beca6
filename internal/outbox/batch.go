package outbox

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/mattn/go-sqlite3"

	"hailong/internal/fact"
)

// Chain is one origin of this outbox.
type Chain struct {
	Origin fact.OriginID
	Salt   [16]byte
	First  uint64 // first number held
	Last   uint64 // last number held that may leave; below First: none
	// Current is the origin that Append extends. The others were given up above
	// Last.
	Current bool
}

// Chains gives the origins that this outbox has been, oldest first.
func (o *Outbox) Chains(ctx context.Context) ([]Chain, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	cs := make([]Chain, len(o.chains))
	for i, c := range o.chains {
		cs[i] = Chain{Origin: c.origin, Salt: c.salt, First: c.base + 1, Last: c.sendable(), Current: !c.given}
	}
	return cs, nil
}

// Batch gives the origin's facts above the given number as a signed, encoded
// batch (fact.Open reads it), and the number of its last fact: at most maxFacts
// (and fact.MaxBatch) of them, and at most maxBytes, but always one. There is no
// data where nothing above may leave. Where the facts just above were pruned, the
// batch begins at the chain's First.
func (o *Outbox) Batch(ctx context.Context, origin fact.OriginID, after uint64, maxFacts, maxBytes int) (data []byte, last uint64, err error) {
	c, ok := o.find(origin)
	if !ok {
		return nil, 0, fmt.Errorf("outbox: origin %s is not of this outbox", origin)
	}
	after = max(after, c.base)
	if after >= c.sendable() {
		return nil, 0, nil
	}
	maxFacts = max(1, min(maxFacts, fact.MaxBatch))
	facts, err := o.read(ctx, c.row(after+1), c.row(c.sendable()), maxFacts, maxBytes)
	if err != nil {
		return nil, 0, fmt.Errorf("outbox: read facts: %w", err)
	}
	if len(facts) == 0 {
		// Pruned since the chain was looked up: whoever asks again gets the rest.
		return nil, 0, nil
	}
	f, err := fact.Decode(facts[len(facts)-1])
	if err != nil {
		return nil, 0, fmt.Errorf("outbox: %w", err)
	}
	sig := fact.SignHead(o.opt.Key, origin, f.Number, fact.HashOf(facts[len(facts)-1]))
	data, err = fact.EncodeBatch(o.public(), c.salt, facts, sig)
	return data, f.Number, err
}

// read gives the bytes of facts by the ids of their rows, through the driver's
// own rows: a backlog is hundreds of thousands of them.
func (o *Outbox) read(ctx context.Context, from, to int64, maxFacts, maxBytes int) (facts [][]byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	o.batch.Lock()
	defer o.batch.Unlock()
	err = o.batch.conn.Raw(func(c any) (err error) {
		rows, err := c.(*sqlite3.SQLiteConn).Query("SELECT bytes FROM fact WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?",
			[]driver.Value{from, to, int64(maxFacts)})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		var cells [1]driver.Value
		facts = make([][]byte, 0, min(maxFacts, int(to-from)+1))
		for total := 0; ; {
			if err := rows.Next(cells[:]); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			bytes := cells[0].([]byte)
			if total += len(bytes); total > maxBytes && len(facts) > 0 {
				return nil
			}
			facts = append(facts, bytes)
		}
	})
	return facts, err
}

// HashAt gives the hash of the origin's numbered fact, and whether this outbox
// knows it: the facts held, given-up ones among them, the last one pruned, and
// the zero hash of number 0.
func (o *Outbox) HashAt(ctx context.Context, origin fact.OriginID, number uint64) (h fact.Hash, ok bool, err error) {
	c, ok := o.find(origin)
	switch {
	case !ok || number > c.last || number != 0 && number < c.base:
		return fact.Hash{}, false, nil
	case number == 0:
		return fact.Hash{}, true, nil
	case number == c.base:
		return c.baseHash, true, nil
	case number == c.last:
		return c.lastHash, true, nil
	}
	var bytes []byte
	err = o.db.Read().QueryRowContext(ctx, "SELECT bytes FROM fact WHERE id = ?", c.row(number)).Scan(&bytes)
	if errors.Is(err, sql.ErrNoRows) { // pruned since
		return fact.Hash{}, false, nil
	}
	if err != nil {
		return fact.Hash{}, false, fmt.Errorf("outbox: read a fact: %w", err)
	}
	return fact.HashOf(bytes), true, nil
}
