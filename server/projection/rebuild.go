package projection

import (
	"context"
	"strconv"

	"hailong/internal/fact"
	"hailong/internal/sqlite"
	"hailong/internal/survey"
)

// rollupRules rises when the rollups of a set of ballots are others than an
// earlier program's: they are then filled anew when the database is opened.
const rollupRules = 3

// rebuild fills the rollups anew from the ballots, where an earlier program
// kept others. The ballots themselves, and what facts say, stay as they are.
// What was held back is shown from then on: an upgrade is rare, and the figures
// of all cells move together.
func (p *Projection) rebuild(ctx context.Context) error {
	var rules []byte
	rows, err := p.db.Read().QueryContext(ctx, `SELECT value FROM meta WHERE key = 'rollups'`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&rules); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil || string(rules) == strconv.Itoa(rollupRules) {
		return err
	}
	err = p.db.Write(ctx, func(tx *sqlite.Tx) error {
		w := newRun(ctx, p, tx)
		for _, table := range []string{"cell_day", "walkin_day", "desk_hour", "dossier_day", "return_day", "said", "held", "block", "batch", "retired",
			"cell_month", "walkin_month", "dossier_month", "return_month", "block_month"} {
			if err := w.exec(`DELETE FROM ` + table); err != nil {
				return err
			}
		}
		const page = 10_000
		for after := int64(0); ; {
			n := 0
			var found []*ballot
			err := w.each(func(r cells) error {
				n++
				b := &ballot{}
				s := &b.now
				err := r.Scan(&b.id, &s.kind, &s.unit, &s.desk, &s.service, &s.due, &s.last, &s.returned, &s.fact, &s.score, &s.binding, &s.channel, &s.first, &s.day, &s.changed, &s.said)
				found, after = append(found, b), b.id
				return err
			}, `SELECT id, kind, unit, desk, service, due, last, returned, fact, score, binding, channel, first, day, changed, said
				FROM ballot WHERE id > ? ORDER BY id LIMIT 10000`, after)
			if err != nil {
				return err
			}
			for _, b := range found {
				if err := w.findSaid(b); err != nil {
					return err
				}
				if err := w.contribute(b, &b.now, 1); err != nil {
					return err
				}
			}
			if err := w.flushRollups(); err != nil {
				return err
			}
			if n < page {
				break
			}
			if after%(100*page) == 0 {
				p.o.Log.Info("filling the rollups anew", "ballots", after)
			}
		}
		if err := w.fillBlocks(); err != nil {
			return err
		}
		if err := w.flushMonths(); err != nil {
			return err
		}
		return w.exec(`INSERT INTO meta(key, value) VALUES ('rollups', ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value`, []byte(strconv.Itoa(rollupRules)))
	})
	if err != nil {
		return err
	}
	return p.load(ctx)
}

// findSaid looks at the rating that counts, which an earlier program did not.
func (w *run) findSaid(b *ballot) error {
	s := &b.now
	if s.score == 0 {
		return nil
	}
	f, err := w.fact(s.fact)
	if err != nil {
		return err
	}
	var r fact.Rating
	if err := fact.Unmarshal(f.Body, &r); err != nil {
		return err
	}
	said := r.SaysMore()
	if !said {
		var x int
		if said, err = w.one([]any{&x}, `SELECT 1 FROM text WHERE ballot = ? AND holds = 1 AND purpose = ?`, b.id, int64(survey.PurposeComment)); err != nil {
			return err
		}
	}
	if said == s.said {
		return nil
	}
	s.said = said
	return w.exec(`UPDATE ballot SET said = ? WHERE id = ?`, bit(s.said), b.id)
}
