package index

import (
	"context"
	"database/sql"

	"hailong/internal/survey"
)

// addVoided puts to what stands beside the index how many ratings of the period
// are void, by the day of each rating. Walk-ins' are their desk's unit's.
func addVoided(ctx context.Context, tx *sql.Tx, all map[unitService]aside, p survey.Period, only int64, s survey.Service) error {
	return each(ctx, tx, func(scan scanner) error {
		var k unitService
		var n int64
		if err := scan(&k.unit, &k.service, &n); err != nil || only != 0 && k.unit != only || s != 0 && k.service != s {
			return err
		}
		a := all[k]
		a.voided += n
		all[k] = a
		return nil
	}, `SELECT unit, service, n FROM void_day WHERE day >= $from AND day < $to AND unit <> 0
UNION ALL SELECT u.id, k.service, v.n FROM void_day v CROSS JOIN desk k CROSS JOIN unit u
WHERE v.day >= $from AND v.day < $to AND v.unit = 0 AND k.id = v.desk AND u.code = k.unit`,
		sql.Named("from", p.From), sql.Named("to", p.To))
}

// readVoided counts the ratings of the last DeskDays days that are void.
func (d *Desk) readVoided(ctx context.Context, tx *sql.Tx, month survey.Period) error {
	return tx.QueryRowContext(ctx, `SELECT coalesce(sum(n), 0) FROM void_day WHERE day >= ? AND day < ? AND desk = ?`,
		month.From, month.To, d.id).Scan(&d.Voided)
}
