package projection

import (
	"context"
	"database/sql"
	"fmt"

	"hailong/internal/fact"
)

// came is a run of facts of one origin that one transaction took up.
type came struct {
	o           *origin
	first, last uint64
}

// arrive notes that a fact came into table fact.
func (w *run) arrive(o *origin, n uint64) {
	if o.came != nil && o.came.last+1 == n {
		o.came.last = n
		return
	}
	o.came = &came{o, n, n}
	w.came = append(w.came, o.came)
}

func (w *run) flushArrivals() error {
	insert := rows{w: w, head: `INSERT INTO arrival(oid, first, last) VALUES `, width: 3}
	for _, c := range w.came {
		if err := insert.add(c.o.oid, int64(c.first), int64(c.last)); err != nil {
			return err
		}
	}
	w.came = nil
	return insert.flush()
}

// Arrival is a run of facts of one origin, in the order in which this server
// took facts up. Where a fork was decided anew since, some of its numbers may
// have other hashes now, or none: what counts from there on came later, as an
// arrival of its own.
type Arrival struct {
	Seq         int64 // 1, 2, 3 …, rising; some may be missing
	Origin      fact.OriginID
	First, Last uint64
}

// Arrivals lists what this server took up after a Seq, at most limit of them.
func (p *Projection) Arrivals(ctx context.Context, after int64, limit int) (all []Arrival, err error) {
	r, err := p.db.Read().QueryContext(ctx, `SELECT a.seq, o.id, a.first, a.last FROM arrival a JOIN origin o ON o.oid = a.oid WHERE a.seq > ? ORDER BY a.seq LIMIT ?`, after, limit)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for r.Next() {
		var a Arrival
		var id []byte
		if err := r.Scan(&a.Seq, &id, &a.First, &a.Last); err != nil {
			return nil, err
		}
		a.Origin = fact.OriginID(id)
		all = append(all, a)
	}
	return all, r.Err()
}

// FactHashes gives the hashes of an origin's facts from first to last, as far as
// the chain that counts has them.
func (p *Projection) FactHashes(ctx context.Context, origin fact.OriginID, first, last uint64) (hashes []fact.Hash, err error) {
	p.mu.Lock()
	o := p.origins[origin]
	p.mu.Unlock()
	if o == nil {
		return nil, nil
	}
	r, err := p.db.Read().QueryContext(ctx, `SELECT bytes FROM fact WHERE id BETWEEN ? AND ? ORDER BY id`, id(o.oid, first), id(o.oid, min(last, fact.MaxNumber)))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for r.Next() {
		var raw sql.RawBytes
		if err := r.Scan(&raw); err != nil {
			return nil, err
		}
		hashes = append(hashes, fact.HashOf(raw))
	}
	return hashes, r.Err()
}

// Effects gives every origin's last fact in effect, by origin.
func (p *Projection) Effects(ctx context.Context) ([]fact.Hold, error) {
	tx, err := p.db.Read().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	holds, _, err := effects(ctx, tx)
	return holds, err
}

// effects gives the same as a transaction sees it, and the origins by number.
func effects(ctx context.Context, tx *sql.Tx) (holds []fact.Hold, ids map[int64]fact.OriginID, err error) {
	r, err := tx.QueryContext(ctx, `SELECT o.oid, o.id, o.applied, f.bytes FROM origin o JOIN fact f ON f.id = o.oid << 40 | o.applied WHERE o.applied > 0 ORDER BY o.id`)
	if err != nil {
		return nil, nil, fmt.Errorf("projection: what is in effect: %w", err)
	}
	defer r.Close()
	ids = map[int64]fact.OriginID{}
	for r.Next() {
		var oid, n int64
		var id, raw []byte
		if err := r.Scan(&oid, &id, &n, &raw); err != nil {
			return nil, nil, err
		}
		ids[oid] = fact.OriginID(id)
		holds = append(holds, fact.Hold{Origin: fact.OriginID(id), Number: uint64(n), Hash: fact.HashOf(raw)})
	}
	return holds, ids, r.Err()
}
