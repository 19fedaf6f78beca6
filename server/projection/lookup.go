package projection

import (
	"context"
	"database/sql"
	"errors"
)

// Known is what is registered under a receipt or dossier.
type Known struct {
	Ballot   [32]byte
	Desk     string // codes
	Unit     string
	Service  uint8
	Received int64 // Unix ms; of a slip: issued
	Closes   int64 // Unix ms: ratings after this do not count
	Rated    bool
}

const knownColumns = `b.key, coalesce(d.code, ''), coalesce(u.code, ''), b.service, b.received, b.last, b.score`
const knownJoins = ` LEFT JOIN place d ON d.id = b.desk LEFT JOIN place u ON u.id = b.unit`

// LookupReceipt finds what a receipt hash is registered for.
func (p *Projection) LookupReceipt(ctx context.Context, hash [32]byte) (Known, bool, error) {
	return p.known(ctx, `SELECT `+knownColumns+` FROM ballot b`+knownJoins+`
		WHERE b.kind IN (1, 2) AND (b.id IN (SELECT ballot FROM receipt WHERE hash = ?1) OR b.key = ?1) ORDER BY b.key LIMIT 1`, hash[:])
}

// LookupBallot finds what is registered under a ballot key.
func (p *Projection) LookupBallot(ctx context.Context, key [32]byte) (Known, bool, error) {
	return p.known(ctx, `SELECT `+knownColumns+` FROM ballot b`+knownJoins+` WHERE b.kind IN (1, 2) AND b.key = ?`, key[:])
}

func (p *Projection) known(ctx context.Context, query string, key []byte) (k Known, ok bool, err error) {
	var raw []byte
	var last int64
	var score int
	err = p.db.Read().QueryRowContext(ctx, query, key).Scan(&raw, &k.Desk, &k.Unit, &k.Service, &k.Received, &last, &score)
	if errors.Is(err, sql.ErrNoRows) {
		return k, false, nil
	}
	if err != nil {
		return k, false, err
	}
	copy(k.Ballot[:], raw)
	k.Closes, k.Rated = last+windowMilli, score != 0
	return k, true, nil
}
