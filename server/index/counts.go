package index

import (
	"context"
	"database/sql"

	"hailong/internal/survey"
)

// Counts gives the ballots of a period by unit (code) and score, of both kinds of
// service, as Query has them and without all that it says of them: what is
// comparable with counting raw ballots (internal/bench).
func (x *Index) Counts(ctx context.Context, period survey.Period) (map[string]survey.Counts, error) {
	if err := period.Check(); err != nil {
		return nil, err
	}
	all := map[string]survey.Counts{}
	return all, x.read(ctx, func(tx *sql.Tx) error {
		figures, err := addUp(ctx, tx, period, scope{}, blockDays, blockMonths)
		if err != nil {
			return err
		}
		return each(ctx, tx, func(scan scanner) error {
			var cell int64
			var unit string
			err := scan(&cell, &unit)
			if f, ok := figures[cell]; ok {
				all[unit] = all[unit].Add(f.Counts)
			}
			return err
		}, `SELECT c.id, u.code FROM cell c JOIN unit u ON u.id = c.unit`)
	})
}
