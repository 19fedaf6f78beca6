package projection

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"hailong/internal/fact"
)

// Run is a run of an origin's facts, between two ratings, in which all ratings
// that are in effect were given within some time.
type Run struct {
	Origin      fact.OriginID
	First, Last uint64
	Ratings     int
}

// Runs finds the ratings in effect of an origin that were given from since up to
// but not at until, in corrected Unix milliseconds. It reads the whole chain.
func (p *Projection) Runs(ctx context.Context, of fact.OriginID, since, until int64) (runs []Run, err error) {
	p.mu.Lock()
	o := p.origins[of]
	if o == nil {
		p.mu.Unlock()
		return nil, nil
	}
	then := &origin{oid: o.oid, id: o.id, role: o.role, applied: o.applied, clocks: slices.Clone(o.clocks), boots: maps.Clone(o.boots)}
	p.mu.Unlock()
	r, err := p.db.Read().QueryContext(ctx, `SELECT f.id, f.bytes FROM fact f LEFT JOIN quarantine q ON q.id = f.id
		WHERE f.id BETWEEN ? AND ? AND q.id IS NULL ORDER BY f.id`, id(then.oid, 1), id(then.oid, then.applied))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	open := false
	for r.Next() {
		var at int64
		var raw sql.RawBytes
		if err := r.Scan(&at, &raw); err != nil {
			return nil, err
		}
		f, err := fact.Decode(raw)
		if err != nil || f.Kind != fact.KindRating {
			continue
		}
		given, _, dated := then.timeOf(&f)
		if !dated || given < since || given >= until {
			open = false
			continue
		}
		if !open {
			runs, open = append(runs, Run{Origin: then.id, First: f.Number}), true
		}
		run := &runs[len(runs)-1]
		run.Last, run.Ratings = f.Number, run.Ratings+1
	}
	return runs, r.Err()
}
