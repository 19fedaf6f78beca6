package projection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hailong/internal/fact"
)

// HashAt gives the hash of a fact on an origin's chain, for a server or an
// origin that looks for the last fact that it shares with this server.
func (p *Projection) HashAt(ctx context.Context, origin fact.OriginID, number uint64) (h fact.Hash, ok bool, err error) {
	p.mu.Lock()
	o := p.origins[origin]
	p.mu.Unlock()
	if o == nil || number == 0 {
		return h, false, nil
	}
	var raw []byte
	err = p.db.Read().QueryRowContext(ctx, `SELECT bytes FROM fact WHERE id = ?`, id(o.oid, number)).Scan(&raw)
	if errors.Is(err, sql.ErrNoRows) {
		return h, false, nil
	}
	return fact.HashOf(raw), err == nil, err
}

// Batch packs facts of an origin's chain above a number, with a signature that
// an earlier batch brought, so that another server can be given what it lacks.
// Data is nil where there is none.
func (p *Projection) Batch(ctx context.Context, origin fact.OriginID, after uint64, maxFacts int) (data []byte, last uint64, err error) {
	p.mu.Lock()
	o := p.origins[origin]
	var public []byte
	var salt [16]byte
	if o != nil {
		public, salt = o.public, o.salt
	}
	p.mu.Unlock()
	if o == nil {
		return nil, 0, nil
	}
	end, signature, err := p.sealAfter(ctx, o.oid, after, maxFacts)
	if err != nil || end == 0 {
		return nil, 0, err
	}
	r, err := p.db.Read().QueryContext(ctx, `SELECT bytes FROM fact WHERE id BETWEEN ? AND ? ORDER BY id`, id(o.oid, after+1), id(o.oid, end))
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	var facts [][]byte
	for r.Next() {
		var raw []byte
		if err := r.Scan(&raw); err != nil {
			return nil, 0, err
		}
		facts = append(facts, raw)
	}
	if err := r.Err(); err != nil {
		return nil, 0, err
	}
	if uint64(len(facts)) != end-after {
		return nil, 0, fmt.Errorf("projection: the chain of %s is not whole between %d and %d", origin, after, end)
	}
	data, err = fact.EncodeBatch(public, salt, facts, signature)
	return data, end, err
}

// sealAfter finds a signature over a fact of the chain above a number: the
// furthest within maxFacts, else the next one.
func (p *Projection) sealAfter(ctx context.Context, oid int64, after uint64, maxFacts int) (uint64, [64]byte, error) {
	for _, q := range []struct {
		query string
		to    uint64
	}{
		{`SELECT s.number, s.hash, s.signature, f.bytes FROM seal s JOIN fact f ON f.id = s.oid << 40 | s.number
			WHERE s.oid = ? AND s.number > ? AND s.number <= ? ORDER BY s.number DESC`, after + uint64(maxFacts)},
		{`SELECT s.number, s.hash, s.signature, f.bytes FROM seal s JOIN fact f ON f.id = s.oid << 40 | s.number
			WHERE s.oid = ? AND s.number > ? AND s.number <= ? ORDER BY s.number`, after + fact.MaxBatch},
	} {
		r, err := p.db.Read().QueryContext(ctx, q.query, oid, int64(after), int64(q.to))
		if err != nil {
			return 0, [64]byte{}, err
		}
		defer r.Close()
		for r.Next() {
			var n int64
			var hash, signature, raw []byte
			if err := r.Scan(&n, &hash, &signature, &raw); err != nil {
				return 0, [64]byte{}, err
			}
			if fact.HashOf(raw) == fact.Hash(hash) { // not one of a losing branch
				return uint64(n), [64]byte(signature), nil
			}
		}
		if err := r.Err(); err != nil {
			return 0, [64]byte{}, err
		}
	}
	return 0, [64]byte{}, nil
}
