package projection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// Snapshot gives what a closing of the period would keep, as the transaction
// sees the database: every origin's last fact in effect, where the blocks of
// each cell end, and what is still shown of ballots that are held back. By and
// Left are the caller's.
func Snapshot(ctx context.Context, tx *sql.Tx, period survey.Period) (*fact.Closing, error) {
	c := &fact.Closing{From: int32(period.From), To: int32(period.To)}
	each := func(fn func(scan func(...any) error) error, query string, args ...any) error {
		r, err := tx.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer r.Close()
		for r.Next() {
			if err := fn(r.Scan); err != nil {
				return err
			}
		}
		return r.Err()
	}
	holds, ids, err := effects(ctx, tx)
	if err != nil {
		return nil, err
	}
	c.Holds = holds
	spans := map[int64]fact.CellSpan{}
	err = each(func(scan func(...any) error) error {
		var x fact.CellSpan
		var cell int64
		if err := scan(&cell, &x.Unit, &x.Service, &x.Desk, &x.After, &x.Last); err != nil {
			return err
		}
		spans[cell], c.Cells = x, append(c.Cells, x)
		return nil
	}, `SELECT c.id, u.code, c.service, coalesce(d.code, ''),
		coalesce((SELECT last FROM block WHERE cell = c.id AND last < ?1 ORDER BY last DESC LIMIT 1), -800000),
		(SELECT last FROM block WHERE cell = c.id AND last < ?2 ORDER BY last DESC LIMIT 1) AS last
		FROM cell c JOIN place u ON u.id = c.unit LEFT JOIN place d ON d.id = c.desk WHERE last >= ?1 ORDER BY 2, 3, 4`, period.From, period.To)
	if err != nil {
		return nil, fmt.Errorf("projection: snapshot: %w", err)
	}
	err = each(func(scan func(...any) error) error {
		var cell, now, nowScore, rating int64
		var b fact.HeldBack
		if err := scan(&cell, &b.Ballot, &now, &nowScore, &b.Day, &b.Score, &b.Channel, &b.Binding, &b.Changed, &rating); err != nil {
			return err
		}
		x, ok := spans[cell]
		in := func(day int64, score int64) bool { return score != 0 && day > int64(x.After) && day <= int64(x.Last) }
		if !ok || !in(now, nowScore) && !in(int64(b.Day), int64(b.Score)) {
			return nil
		}
		b.Unit, b.Desk, b.Service, b.Origin = x.Unit, x.Desk, x.Service, []byte{}
		if b.Score != 0 {
			oid, n := split(rating)
			id := ids[oid]
			b.Origin, b.Number = id[:], n
		}
		c.Back = append(c.Back, b)
		return nil
	}, `SELECT h.cell, b.key, h.now_day, h.now_score, h.was_day, h.was_score, h.was_channel, h.was_binding, h.was_changed, h.was_rating
		FROM held h JOIN ballot b ON b.id = h.ballot ORDER BY b.key, h.cell`)
	if err != nil {
		return nil, fmt.Errorf("projection: snapshot: %w", err)
	}
	return c, nil
}

// ErrGone is wrapped where facts that a replay needs are not in the database.
var ErrGone = errors.New("projection: a fact is not there any more")

// Replay makes a projection at path of the facts up to holds, as a database of
// another projection has them on their chains or aside. Progress, where it is
// not nil, is told how many of how many facts are in.
func Replay(ctx context.Context, from *sql.DB, holds []fact.Hold, path string, o Options, progress func(done, total uint64)) (_ *Projection, err error) {
	tx, err := from.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	p, err := Open(ctx, path, o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("projection: replay: %w", err), p.Close())
		}
	}()
	var done, total uint64
	for _, h := range holds {
		total += h.Number
	}
	var batches []*fact.Batch
	seq := uint64(0)
	apply := func() error {
		found, err := p.ahead.look(p.db.Read(), batches)
		if err != nil {
			return err
		}
		seq++
		err = p.Apply(ctx, Opened{batches: batches, found: found}, Position{Sequence: seq}, true)
		for _, b := range batches {
			done += uint64(len(b.Records))
		}
		if batches = nil; progress != nil {
			progress(done, total)
		}
		return err
	}
	const batchesAtOnce = 48
	for _, h := range holds {
		c, err := chainTo(ctx, tx, h)
		if err != nil {
			return nil, err
		}
		for next := uint64(1); next <= h.Number; {
			b, err := c.batch(ctx, tx, next)
			if err != nil {
				return nil, err
			}
			next += uint64(len(b.Records))
			if batches = append(batches, b); len(batches) == batchesAtOnce {
				if err := apply(); err != nil {
					return nil, err
				}
			}
		}
	}
	if len(batches) > 0 {
		err = apply()
	}
	return p, err
}

// heldChain is an origin's chain up to a fact: on the chain that counts up to
// common, aside from there.
type heldChain struct {
	fact.Hold
	oid    int64
	public []byte
	salt   [16]byte
	common uint64
	aside  map[uint64][]byte
}

func chainTo(ctx context.Context, tx *sql.Tx, h fact.Hold) (*heldChain, error) {
	c := &heldChain{Hold: h, aside: map[uint64][]byte{}}
	var salt []byte
	err := tx.QueryRowContext(ctx, `SELECT oid, public, salt FROM origin WHERE id = ?`, h.Origin[:]).Scan(&c.oid, &c.public, &salt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: origin %s", ErrGone, h.Origin)
	}
	if err != nil {
		return nil, err
	}
	c.salt = [16]byte(salt)
	hash := h.Hash
	for c.common = h.Number; c.common > 0; c.common-- {
		var raw []byte
		err := tx.QueryRowContext(ctx, `SELECT bytes FROM fact WHERE id = ?`, id(c.oid, c.common)).Scan(&raw)
		if err == nil && fact.HashOf(raw) == hash {
			break
		}
		if err == nil || errors.Is(err, sql.ErrNoRows) {
			err = tx.QueryRowContext(ctx, `SELECT bytes FROM aside WHERE oid = ? AND number = ? AND hash = ?`, c.oid, int64(c.common), hash[:]).Scan(&raw)
		}
		if errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("%w: number %d of %s", ErrGone, c.common, h.Origin)
		}
		if err != nil {
			return nil, err
		}
		r := recordOf(c.common, raw)
		c.aside[c.common], hash = raw, r.Prev
	}
	return c, nil
}

// batch gives facts from a number on. It bears no signature: they were checked
// when they came.
func (c *heldChain) batch(ctx context.Context, tx *sql.Tx, from uint64) (*fact.Batch, error) {
	b := &fact.Batch{Origin: c.Origin, Public: c.public, Salt: c.salt}
	last := min(c.Number, from+fact.MaxBatch-1)
	put := func(raw []byte) {
		r := recordOf(from+uint64(len(b.Records)), raw)
		if r.Fact != nil {
			r.Decoded, _ = decode(r.Fact) // judge says why not
		}
		b.Records = append(b.Records, r)
	}
	if from <= c.common {
		last = min(last, c.common)
		rows, err := tx.QueryContext(ctx, `SELECT bytes FROM fact WHERE id BETWEEN ? AND ? ORDER BY id`, id(c.oid, from), id(c.oid, last))
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var raw []byte
			if err := rows.Scan(&raw); err != nil {
				return nil, err
			}
			put(raw)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	} else {
		for n := from; n <= last; n++ {
			put(c.aside[n])
		}
	}
	if uint64(len(b.Records)) != last-from+1 {
		return nil, fmt.Errorf("%w: of %s between %d and %d", ErrGone, c.Origin, from, last)
	}
	return b, nil
}

// Closing is one that is in effect.
type Closing struct {
	fact.Ref
	Period survey.Period
	Wall   int64 // Unix ms of the server that closed
}

// Closings lists, of each period that is closed, the closing that counts: the
// earliest by its server's clock, then by origin and number.
func (p *Projection) Closings(ctx context.Context) ([]Closing, error) {
	return Closings(ctx, p.db.Read())
}

// Closings is the method of that name, on a projection's database.
func Closings(ctx context.Context, db *sql.DB) (all []Closing, err error) {
	rows, err := db.QueryContext(ctx, `SELECT o.id, c.fact & 1099511627775, c.since, c.until, c.wall FROM closing c JOIN origin o ON o.oid = c.fact >> 40
		ORDER BY c.since, c.until, c.wall, o.id, 2`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c Closing
		var origin []byte
		if err := rows.Scan(&origin, &c.Number, &c.Period.From, &c.Period.To, &c.Wall); err != nil {
			return nil, err
		}
		c.Origin = fact.OriginID(origin)
		if !slices.ContainsFunc(all, func(x Closing) bool { return x.Period == c.Period }) {
			all = append(all, c)
		}
	}
	return all, rows.Err()
}

// ReadClosing reads the fact of a closing.
func ReadClosing(ctx context.Context, db *sql.DB, ref fact.Ref) (*fact.Closing, error) {
	var raw []byte
	err := db.QueryRowContext(ctx, `SELECT f.bytes FROM origin o JOIN fact f ON f.id = o.oid << 40 | ? WHERE o.id = ?`, int64(ref.Number), ref.Origin[:]).Scan(&raw)
	if err != nil {
		return nil, fmt.Errorf("projection: closing %s/%d: %w", ref.Origin, ref.Number, err)
	}
	f, err := fact.Decode(raw)
	if err != nil {
		return nil, err
	}
	c := &fact.Closing{}
	return c, fact.Unmarshal(f.Body, c)
}
