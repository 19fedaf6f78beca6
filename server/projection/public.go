package projection

import (
	"bytes"
	"context"

	"hailong/internal/fact"
)

// Public gives the Ed25519 public key of an origin that is known here.
func (p *Projection) Public(origin fact.OriginID) (key []byte, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.origins[origin]
	if o == nil {
		return nil, false
	}
	return bytes.Clone(o.public), true
}

// Revoked gives the Ed25519 public keys of which a revocation is in effect.
func (p *Projection) Revoked(ctx context.Context) (keys [][]byte, err error) {
	rows, err := p.db.Read().QueryContext(ctx, `SELECT DISTINCT public FROM revocation ORDER BY public`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key []byte
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}
