package index

import (
	"context"
	"database/sql"
	"maps"
	"path/filepath"
	"slices"
	"strings"
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
	blocks, days, months := false, false, false
	for _, r := range rows {
		months = months || strings.Contains(r.query, "_day") || strings.Contains(r.query, "block")
		blocks = blocks || strings.Contains(r.query, " block ")
		days = days || strings.Contains(r.query, "cell_day") || strings.Contains(r.query, "held")
	}
	if days && !blocks {
		defer f.settle()
	}
	if months {
		for _, query := range schema.Months {
			rows = append(rows, row(query))
		}
	}
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

// settle makes the blocks that a projection would have made if the ballots had
// come day by day: of the days as they are shown.
func (f *fixture) settle() {
	f.t.Helper()
	shown := map[int64]map[survey.Day]Figures{}
	add := func(cell int64, d survey.Day, n Figures, sign int64) {
		if shown[cell] == nil {
			shown[cell] = map[survey.Day]Figures{}
		}
		shown[cell][d] = shown[cell][d].add(n, sign)
	}
	read := func(query string, fn func(scan scanner) error) {
		tx, err := f.db.Read().Begin()
		if err != nil {
			f.t.Fatal(err)
		}
		defer tx.Rollback()
		if err := each(context.Background(), tx, fn, query); err != nil {
			f.t.Fatal(err)
		}
	}
	read(`SELECT cell, day, s1, s2, s3, s4, s5, kiosk, receipt, changed FROM cell_day`, func(scan scanner) error {
		var cell int64
		var d survey.Day
		var n Figures
		err := scan(&cell, &d, &n.Counts[0], &n.Counts[1], &n.Counts[2], &n.Counts[3], &n.Counts[4], &n.Kiosk, &n.Receipt, &n.Changed)
		add(cell, d, n, 1)
		return err
	})
	for sign, as := range map[int64]string{-1: "now", 1: "was"} {
		read(strings.ReplaceAll(`SELECT cell, x_day, x_score, x_channel, x_binding, x_changed FROM held WHERE x_score > 0`, "x", as), func(scan scanner) error {
			var cell int64
			var b said
			if err := scan(&cell, &b.day, &b.score, &b.channel, &b.binding, &b.changed); err != nil {
				return err
			}
			add(cell, b.day, figuresOf([]said{b})[b.day], sign)
			return nil
		})
	}
	made := []statement{row(`DELETE FROM block`)}
	for cell, days := range shown {
		open, first := Figures{}, survey.Day(0)
		for _, d := range slices.Sorted(maps.Keys(days)) {
			if days[d].Counts.Answers() == 0 {
				continue
			}
			if open.Counts.Answers() == 0 {
				first = d
			}
			if open = open.add(days[d], 1); open.Counts.Answers() >= survey.LeastShown {
				made, open = append(made, blockRow(cell, first, d, open)), Figures{}
			}
		}
	}
	f.write(made...)
}

const (
	insertKind    = `INSERT INTO unit_kind VALUES (?, ?, ?)`
	insertUnit    = `INSERT INTO unit VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	insertDesk    = `INSERT INTO desk VALUES (?, ?, ?, ?, ?, ?)`
	insertKiosk   = `INSERT INTO kiosk VALUES (?, ?, ?)`
	insertTarget  = `INSERT INTO target VALUES (?, ?, ?, ?, ?, ?)`
	insertSetting = `INSERT INTO setting VALUES (?, ?)`
	insertCell    = `INSERT INTO cell VALUES (?, ?, ?, ?)`
	insertCellDay = `INSERT INTO cell_day VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertWalkIn  = `INSERT INTO walkin_day VALUES (?, ?, ?, ?, ?, ?, ?)`
	insertHour    = `INSERT INTO desk_hour VALUES (?, ?, ?, ?)`
	insertDossier = `INSERT INTO dossier_day VALUES (?, ?, ?, ?, ?)`
	insertHeld    = `INSERT INTO held (cell, ballot, now_day, now_score, now_channel, now_binding, now_changed, now_fact,
		was_day, was_score, was_channel, was_binding, was_changed, was_fact) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
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
func cellDay(cell int64, d any, n survey.Counts) statement {
	a := n.Answers()
	return row(insertCellDay, cell, d, n[0], n[1], n[2], n[3], n[4], a, a, 0)
}
