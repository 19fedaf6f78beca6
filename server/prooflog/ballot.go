package prooflog

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hailong/internal/fact"
	"hailong/internal/receipt"
)

// Standing is what may be said of a ballot to who has a proof code of it. It is
// judged by the ballot alone: who looks over a shoulder must not learn whether
// this answer is the one that counts, or another was given later.
type Standing uint8

// Standings of a ballot.
const (
	Unseen  Standing = iota // no such rating has come here
	Waiting                 // it is here, and its ballot does not count, or not yet
	Counted                 // the ballot is counted
	Beside                  // without a receipt: counted beside the index
	Void                    // it was declared void, with a reason that is published
)

// String is the standing's name for programs.
func (s Standing) String() string {
	return [...]string{"unseen", "waiting", "counted", "beside", "void"}[s]
}

// Keys finds the ballot of a dossier code that a kiosk sealed; projection.Keys
// has it.
type Keys interface {
	OpenCode(sealed []byte) (string, error)
	Ballot(code string) [32]byte
}

// Found is what became of a rating that a proof code names. It must not be told
// to others than who has the code.
type Found struct {
	Standing Standing
	Reason   string // of Void
	Origin   fact.OriginID
	Number   uint64
	Hash     fact.Hash
}

// Find looks up what a proof code names. The code itself says where to look, so
// nothing is kept for it.
func Find(ctx context.Context, projection *sql.DB, keys Keys, code receipt.Proof) (f Found, err error) {
	tx, err := projection.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return f, err
	}
	defer tx.Rollback()
	x := finder{ctx: ctx, tx: tx, keys: keys, code: code}
	f, rating, ok, err := x.rating()
	if err == nil && ok {
		f.Standing, f.Reason, err = x.standing(rating, f)
	}
	if err != nil {
		return Found{}, fmt.Errorf("prooflog: what a proof code names: %w", err)
	}
	return f, nil
}

type finder struct {
	ctx  context.Context
	tx   *sql.Tx
	keys Keys
	code receipt.Proof
}

// A device may record what servers lack again under another origin, with some
// facts before it: so many numbers are looked at there, and so many origins in
// a row.
const (
	maxAgain   = 256
	maxOrigins = 8
)

// rating finds the rating: under its number, else where its device recorded it
// again.
func (x *finder) rating() (f Found, r *fact.Rating, ok bool, err error) {
	prefix := x.code.Origin
	var origins []fact.OriginID
	err = x.each(func(scan func(...any) error) error {
		var id []byte
		err := scan(&id)
		origins = append(origins, fact.OriginID(id))
		return err
	}, `SELECT id FROM origin WHERE substr(id, 1, 3) = ?`, prefix[:])
	for _, origin := range origins {
		if f, r, ok, err = x.among(origin, x.code.Number, x.code.Number); err != nil || ok {
			return f, r, ok, err
		}
	}
	if err != nil {
		return f, nil, false, err
	}
	return x.again()
}

// again looks where the origins that go on for the code's one recorded it anew.
func (x *finder) again() (f Found, r *fact.Rating, ok bool, err error) {
	type successor struct {
		of     [16]byte // the origin before
		id     fact.OriginID
		agreed uint64
	}
	var all []successor
	err = x.each(func(scan func(...any) error) error {
		var id, raw []byte
		if err := scan(&id, &raw); err != nil {
			return err
		}
		first, err := fact.Decode(raw)
		var opened fact.Opened
		if err == nil && first.Kind == fact.KindOpened && fact.Unmarshal(first.Body, &opened) == nil && len(opened.Previous) == 16 {
			all = append(all, successor{[16]byte(opened.Previous), fact.OriginID(id), opened.Agreed})
		}
		return nil
	}, `SELECT o.id, f.bytes FROM origin o JOIN fact f ON f.id = o.oid << 40 | 1`)
	if err != nil {
		return f, nil, false, err
	}
	type place struct {
		origin      [16]byte // of which the first bytes are known, at the start
		first, last uint64   // numbers that it may have there
	}
	at := []place{{first: x.code.Number, last: x.code.Number}}
	copy(at[0].origin[:], x.code.Origin[:])
	for i := 0; i < len(at) && i < maxOrigins; i++ {
		for _, s := range all {
			of := bytes.Equal(s.of[:], at[i].origin[:]) || i == 0 && bytes.HasPrefix(s.of[:], x.code.Origin[:])
			if !of || at[i].last <= s.agreed {
				continue
			}
			next := place{[16]byte(s.id), max(at[i].first, s.agreed+1) - s.agreed, at[i].last - s.agreed + maxAgain}
			if f, r, ok, err = x.among(s.id, next.first, next.last); err != nil || ok {
				return f, r, ok, err
			}
			at = append(at, next)
		}
	}
	return f, nil, false, nil
}

// among looks for the rating among an origin's facts of some numbers.
func (x *finder) among(origin fact.OriginID, first, last uint64) (f Found, r *fact.Rating, ok bool, err error) {
	err = x.each(func(scan func(...any) error) error {
		var n int64
		var raw []byte
		if err := scan(&n, &raw); err != nil || ok {
			return err
		}
		got, err := fact.Decode(raw)
		if err != nil || got.Kind != fact.KindRating {
			return nil
		}
		var body fact.Rating
		if fact.Unmarshal(got.Body, &body) == nil && x.code.Of(body.Nonce) {
			f, r, ok = Found{Origin: origin, Number: uint64(n), Hash: fact.HashOf(raw)}, &body, true
		}
		return nil
	}, `SELECT f.id & 1099511627775, f.bytes FROM fact f WHERE f.id BETWEEN (SELECT oid FROM origin WHERE id = ?1) << 40 | ?2 AND (SELECT oid FROM origin WHERE id = ?1) << 40 | ?3 ORDER BY f.id`,
		origin[:], int64(first), int64(last))
	return f, r, ok, err
}

// standing judges the ballot of a rating.
func (x *finder) standing(r *fact.Rating, f Found) (Standing, string, error) {
	key, ok := x.ballot(r)
	if !ok {
		return Waiting, "", nil
	}
	var kind, score int64
	query := `SELECT kind, score FROM ballot WHERE key = ?1`
	if len(r.Receipt) > 0 { // the smaller ballot counts where two facts disagree: see projection
		query = `SELECT kind, score FROM ballot WHERE id IN (SELECT ballot FROM receipt WHERE hash = ?1) OR key = ?1 ORDER BY id NOT IN (SELECT ballot FROM receipt WHERE hash = ?1), key LIMIT 1`
	}
	err := x.tx.QueryRowContext(x.ctx, query, key).Scan(&kind, &score)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return Waiting, "", err
	case score != 0 && kind == walkIn:
		return Beside, "", nil
	case score != 0:
		return Counted, "", nil
	}
	var reason string
	err = x.tx.QueryRowContext(x.ctx, `SELECT reason FROM void WHERE origin = ? AND first <= ?2 AND last >= ?2 AND lift = 0 ORDER BY at LIMIT 1`, f.Origin[:], int64(f.Number)).Scan(&reason)
	if errors.Is(err, sql.ErrNoRows) {
		return Waiting, "", nil
	}
	return Void, reason, err
}

// walkIn is the kind of a ballot of someone without a receipt, in table ballot.
const walkIn = 3

// ballot gives the key of the rating's ballot, or of the receipt that leads to it.
func (x *finder) ballot(r *fact.Rating) (key []byte, ok bool) {
	switch {
	case len(r.Receipt) > 0:
		return r.Receipt, true
	case len(r.Sealed) > 0:
		code, err := x.keys.OpenCode(r.Sealed)
		if err != nil {
			return nil, false // it is in quarantine
		}
		of := x.keys.Ballot(code)
		return of[:], true
	case len(r.Session) == 16:
		of := receipt.BallotOfWalkIn([16]byte(r.Session))
		return of[:], true
	}
	return nil, false
}

func (x *finder) each(fn func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := x.tx.QueryContext(x.ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
