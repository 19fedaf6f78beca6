package index

import (
	"context"
	"database/sql"
	"errors"
	"strings"

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
SELECT u.id * 4 + k.service, sum(d.s1 + d.s2 + d.s3 + d.s4 + d.s5)
FROM desk k CROSS JOIN unit u CROSS JOIN walkin_day d
WHERE u.code = k.unit AND ($unit = 0 OR u.id = $unit) AND d.desk = k.id AND d.day >= $from AND d.day < $to
GROUP BY k.code`
)

// aside is what stands beside the index: numbers, not rates.
type aside struct{ dossiers, rated, walkIns int64 }

// unitServiceOf reads a unit and kind of service as the statements hand them
// over, in one integer: unit × 4 + service.
func unitServiceOf(v int64) unitService { return unitService{v / 4, survey.Service(v % 4)} }

// perService writes a statement for one kind of service, or for both: a constant
// there lets SQLite group without sorting.
func perService(query string, s survey.Service) string {
	one := strings.ReplaceAll(query, "SERVICE", "1")
	two := strings.ReplaceAll(query, "SERVICE", "2")
	switch s {
	case survey.ServiceAdministrative:
		return one
	case survey.ServicePublic:
		return two
	}
	return one + "\nUNION ALL" + two
}

func besideArgs(p survey.Period, unit int64) []any {
	return []any{sql.Named("from", int64(p.From)), sql.Named("to", int64(p.To)), sql.Named("unit", unit)}
}

func readBeside(ctx context.Context, tx *sql.Tx, p survey.Period, only int64, s survey.Service) (map[unitService]aside, error) {
	all := map[unitService]aside{}
	err := each(ctx, tx, func(scan scanner) error {
		var at int64
		var b aside
		err := scan(&at, &b.dossiers, &b.rated)
		all[unitServiceOf(at)] = b
		return err
	}, perService(dossierSums, s), besideArgs(p, only)...)
	if err != nil {
		return nil, err
	}
	err = each(ctx, tx, func(scan scanner) error {
		var at, v int64
		if err := scan(&at, &v); err != nil {
			return err
		}
		if v > 0 {
			b := all[unitServiceOf(at)]
			b.walkIns += v
			all[unitServiceOf(at)] = b
		}
		return nil
	}, walkInSums, besideArgs(p, only)...)
	return all, err
}

// besides is what readBeside gave.
type besides struct {
	all  map[unitService]aside
	same bool // read at the moment that was asked for
	err  error
}

// startBeside reads what stands beside the index while the caller reads the
// index itself, which takes as long again. The function that it gives must be
// called: it waits, and gives the answer. At most one answer at a time has a
// second connection, so that none waits for one that waits for it; and only one
// of the same moment is used. Else the caller's own is, afterwards.
func (x *Index) startBeside(ctx context.Context, tx *sql.Tx, q Query, only int64) func() (map[unitService]aside, error) {
	after := func() (map[unitService]aside, error) { return readBeside(ctx, tx, q.Period, only, q.Service) }
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
		return func() (map[unitService]aside, error) { return nil, err }
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
	return func() (map[unitService]aside, error) {
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
