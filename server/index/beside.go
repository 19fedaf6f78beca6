package index

import (
	"context"
	"database/sql"
	"errors"

	"hailong/internal/survey"
)

// Participation by unit and walk-ins by desk, in numbers.
const (
	dossierSums = `
SELECT u.id * 4 + SERVICE, sum(d.dossiers), sum(d.rated)
FROM unit u CROSS JOIN dossier_day d
WHERE ($unit = 0 OR u.id = $unit) AND d.unit = u.id AND d.service = SERVICE AND d.day >= $from AND d.day < $to
GROUP BY u.id`
	walkInSums = `
SELECT u.id * 4 + k.service, sum(d.w1 + d.w2 + d.w3 + d.w4 + d.w5)
FROM desk k CROSS JOIN unit u CROSS JOIN desk_day d
WHERE u.code = k.unit AND ($unit = 0 OR u.id = $unit) AND d.desk = k.id AND d.day >= $from AND d.day < $to
GROUP BY k.code`
)

// beside is what stands beside the index: numbers, not rates.
type beside struct{ dossiers, rated, walkIns int64 }

func readBeside(ctx context.Context, tx *sql.Tx, p survey.Period, only int64, s survey.Service) (map[cell]beside, error) {
	all := map[cell]beside{}
	err := each(ctx, tx, func(scan scanner) error {
		var at int64
		var b beside
		err := scan(&at, &b.dossiers, &b.rated)
		all[cellOf(at)] = b
		return err
	}, perService(dossierSums, s), periodArgs(p, only)...)
	if err != nil {
		return nil, err
	}
	err = each(ctx, tx, func(scan scanner) error {
		var at, v int64
		if err := scan(&at, &v); err != nil {
			return err
		}
		if v > 0 {
			b := all[cellOf(at)]
			b.walkIns += v
			all[cellOf(at)] = b
		}
		return nil
	}, walkInSums, periodArgs(p, only)...)
	return all, err
}

// besides is what readBeside gave.
type besides struct {
	all  map[cell]beside
	same bool // read at the moment that was asked for
	err  error
}

// startBeside reads what stands beside the index while the caller reads the
// index itself, which takes as long again. The function that it gives must be
// called: it waits, and gives the answer. At most one answer at a time has a
// second connection, so that none waits for one that waits for it; and only one
// of the same moment is used. Else the caller's own is, afterwards.
func (x *Index) startBeside(ctx context.Context, tx *sql.Tx, q Query, only int64) func() (map[cell]beside, error) {
	after := func() (map[cell]beside, error) { return readBeside(ctx, tx, q.Period, only, q.Service) }
	if only != 0 {
		return after // too little to be shared
	}
	select {
	case x.second <- struct{}{}:
	default:
		return after
	}
	here, err := readMoment(ctx, tx)
	if err != nil {
		<-x.second
		return func() (map[cell]beside, error) { return nil, err }
	}
	found := make(chan besides, 1)
	go func() {
		defer func() { <-x.second }()
		b := besides{}
		b.err = x.read(ctx, func(tx *sql.Tx) error {
			there, err := readMoment(ctx, tx)
			if b.same = there == here; err != nil || !b.same {
				return err
			}
			b.all, err = readBeside(ctx, tx, q.Period, only, q.Service)
			return err
		})
		found <- b
	}()
	return func() (map[cell]beside, error) {
		if b := <-found; b.err != nil || b.same {
			return b.all, b.err
		}
		return after()
	}
}

// moment is where the projection's reader of the stream stood: it moves with
// every transaction of a running server.
type moment struct{ stream, sequence int64 }

func readMoment(ctx context.Context, tx *sql.Tx) (m moment, err error) {
	err = tx.QueryRowContext(ctx, `SELECT stream, sequence FROM cursor`).Scan(&m.stream, &m.sequence)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil // a new database
	}
	return m, err
}
