package closing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hailong/internal/fact"
	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/closing/schema"
	"hailong/server/projection"
)

// Store is the database of what was published. It may be deleted: the Keeper
// fills it again from the facts.
type Store struct{ db *sqlite.DB }

// Open opens or creates the file.
func Open(ctx context.Context, path string) (*Store, error) {
	db, err := sqlite.Open(ctx, path, schema.Files, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	return &Store{db}, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Reader gives the pool of readers of the file.
func (s *Store) Reader() *sql.DB { return s.db.Read() }

// Put keeps what a closing published, in place of what another closing of the
// same period did.
func (s *Store) Put(ctx context.Context, c projection.Closing, by string, p *Published) error {
	err := s.db.Write(ctx, func(tx *sqlite.Tx) error {
		exec := func(query string, args ...any) error {
			_, err := tx.Conn.ExecContext(ctx, query, args...)
			return err
		}
		const of = `(SELECT id FROM month WHERE since = ? AND until = ?)`
		err := errors.Join(exec(`DELETE FROM figure WHERE month = `+of, c.Period.From, c.Period.To),
			exec(`DELETE FROM merged WHERE month = `+of, c.Period.From, c.Period.To),
			exec(`DELETE FROM month WHERE since = ? AND until = ?`, c.Period.From, c.Period.To))
		if err != nil {
			return err
		}
		r, err := tx.Conn.ExecContext(ctx, `INSERT INTO month(since, until, origin, number, wall, name) VALUES (?,?,?,?,?,?)`,
			c.Period.From, c.Period.To, c.Origin[:], int64(c.Number), c.Wall, by)
		if err != nil {
			return err
		}
		id, err := r.LastInsertId()
		if err != nil {
			return err
		}
		figure, err := tx.Conn.PrepareContext(ctx, `INSERT INTO figure(unit, service, dim, month, desk, value, n0, n1, n2, n3, n4, n5) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)`)
		if err != nil {
			return err
		}
		defer figure.Close()
		for _, f := range p.Figures {
			if _, err := figure.ExecContext(ctx, f.Unit, f.Service, f.By, id, f.Desk, f.Value, f.N[0], f.N[1], f.N[2], f.N[3], f.N[4], f.N[5]); err != nil {
				return err
			}
		}
		for _, m := range p.Merged {
			if err := exec(`INSERT INTO merged(unit, service, dim, month, value) VALUES (?,?,?,?,?)`, m.Unit, m.Service, m.By, id, m.Value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("closing: keep figures: %w", err)
	}
	return nil
}

// Kept is a closing of which the figures are here.
type Kept struct {
	projection.Closing
	By string
}

// Months lists the closings of which the figures are here, by period.
func (s *Store) Months(ctx context.Context) (all []Kept, err error) { return Months(ctx, s.db.Read()) }

// Months is the method of that name, on the database alone.
func Months(ctx context.Context, db *sql.DB) (all []Kept, err error) {
	rows, err := db.QueryContext(ctx, `SELECT since, until, origin, number, wall, name FROM month ORDER BY since, until`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var k Kept
		var origin []byte
		if err := rows.Scan(&k.Period.From, &k.Period.To, &origin, &k.Number, &k.Wall, &k.By); err != nil {
			return nil, err
		}
		k.Origin = fact.OriginID(origin)
		all = append(all, k)
	}
	return all, rows.Err()
}

// Get gives what the closing of a period published.
func (s *Store) Get(ctx context.Context, period survey.Period) (*Published, error) {
	return Get(ctx, s.db.Read(), period)
}

// Get is the method of that name, on the database alone.
func Get(ctx context.Context, db *sql.DB, period survey.Period) (*Published, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	p := &Published{}
	err = each(ctx, tx, func(scan func(...any) error) error {
		var f Figure
		err := scan(&f.Unit, &f.Service, &f.Desk, &f.By, &f.Value, &f.N[0], &f.N[1], &f.N[2], &f.N[3], &f.N[4], &f.N[5])
		p.Figures = append(p.Figures, f)
		return err
	}, `SELECT f.unit, f.service, f.desk, f.dim, f.value, n0, n1, n2, n3, n4, n5 FROM month m JOIN figure f ON f.month = m.id WHERE m.since = ? AND m.until = ?`,
		period.From, period.To)
	if err != nil {
		return nil, err
	}
	err = each(ctx, tx, func(scan func(...any) error) error {
		var m Merged
		err := scan(&m.Unit, &m.Service, &m.By, &m.Value)
		p.Merged = append(p.Merged, m)
		return err
	}, `SELECT f.unit, f.service, f.dim, f.value FROM month m JOIN merged f ON f.month = m.id WHERE m.since = ? AND m.until = ?`, period.From, period.To)
	p.sort()
	return p, err
}
