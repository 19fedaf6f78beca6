package index

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/projection/schema"
)

// fixture is a database as the projection would leave it: made by the
// migration, filled by hand.
type fixture struct {
	t  testing.TB
	db *sqlite.DB
	x  *Index
}

var today = survey.NewDay(2026, time.November, 23)

func noon() time.Time { return today.Start().Add(12 * time.Hour) }

func newFixture(t testing.TB) *fixture {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "server.db"), schema.Files, sqlite.Options{CacheKiB: 65536})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return &fixture{t, db, Open(db.Read(), noon)}
}

type statement struct {
	query string
	args  []any
}

func row(query string, args ...any) statement { return statement{query, args} }

func (f *fixture) write(rows ...statement) {
	f.t.Helper()
	err := f.db.Write(context.Background(), func(tx *sqlite.Tx) error {
		prepared := map[string]*sql.Stmt{}
		for _, r := range rows {
			st := prepared[r.query]
			if st == nil {
				var err error
				if st, err = tx.Conn.PrepareContext(context.Background(), r.query); err != nil {
					return err
				}
				defer st.Close()
				prepared[r.query] = st
			}
			if _, err := st.Exec(r.args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

const (
	insertKind    = `INSERT INTO unit_kind VALUES (?, ?, ?)`
	insertUnit    = `INSERT INTO unit VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	insertDesk    = `INSERT INTO desk VALUES (?, ?, ?, ?, ?, ?)`
	insertKiosk   = `INSERT INTO kiosk VALUES (?, ?, ?)`
	insertTarget  = `INSERT INTO target VALUES (?, ?, ?, ?, ?, ?)`
	insertSetting = `INSERT INTO setting VALUES (?, ?)`
	insertCell    = `INSERT INTO cell VALUES (?, ?, ?, ?)`
	insertCellDay = `INSERT INTO cell_day VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertWalkIn  = `INSERT INTO walkin_day VALUES (?, ?, ?, ?, ?, ?, ?)`
	insertHour    = `INSERT INTO desk_hour VALUES (?, ?, ?, ?)`
	insertDossier = `INSERT INTO dossier_day VALUES (?, ?, ?, ?, ?)`
	insertHeld    = `INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

func (f *fixture) query(q Query) Answer {
	f.t.Helper()
	a, err := f.x.Query(context.Background(), q)
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

// one gives the only row of the answer.
func (f *fixture) one(q Query) Row {
	f.t.Helper()
	a := f.query(q)
	if len(a.Rows) != 1 {
		f.t.Fatalf("%d rows, want 1: %+v", len(a.Rows), a.Rows)
	}
	return a.Rows[0]
}

// cellDay is a row of a cell whose ballots were all given at a kiosk, by receipt.
func cellDay(cell int64, d any, n survey.Counts, carry int64) statement {
	a := n.Answers()
	return row(insertCellDay, cell, d, n[0], n[1], n[2], n[3], n[4], a, a, 0, carry)
}
