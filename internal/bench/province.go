package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/index"
	"hailong/server/projection/schema"
)

// province measures the index of a quarter: one that is past, and the last 90
// days.
func (b *bench) province(ctx context.Context) error {
	dir, err := b.folder("province")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "server.db")
	b.say("filling the rollups of %d units and %d days", b.units, b.days)
	today := survey.DayOf(time.Now())
	ballots, err := fill(ctx, path, today, b.units, b.days)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		name   string
		period survey.Period
	}{
		{"a past quarter", survey.Period{From: today - 200, To: today - 109}},
		{"the last 91 days", survey.Period{From: today - 90, To: today + 1}},
	} {
		p, err := b.quarter(ctx, path, c.period)
		if err != nil {
			return err
		}
		b.say("province, %s: product %s, bare %s, ratio %.2f", c.name, millis(median(p.product)), millis(median(p.bare)), p.ratio())
		what := fmt.Sprintf("province index, %d units, %.1f million ratings, %s", b.units, float64(ballots)/1e6, c.name)
		b.table.add(p.line(what, millis, "≤ 25 ms, ≤ 1.3 ×", median(p.product) <= 25e6 && p.ratio() <= 1.3))
	}
	return nil
}

// fill makes a projection's database with rollups alone, some 27 ballots a unit
// and day.
func fill(ctx context.Context, path string, today survey.Day, units, days int) (ballots int64, err error) {
	db, err := sqlite.Open(ctx, path, schema.Files, sqlite.Options{CacheKiB: 64 << 10})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	r := rand.New(rand.NewPCG(1, 2))
	err = db.Write(ctx, func(tx *sqlite.Tx) error {
		statements := map[string]*sql.Stmt{}
		put := func(query string, values ...any) {
			st := statements[query]
			if st == nil && err == nil {
				st, err = tx.Conn.PrepareContext(ctx, query)
				statements[query] = st
			}
			if err == nil {
				_, err = st.ExecContext(ctx, values...)
			}
		}
		put(`INSERT INTO unit_kind VALUES ('xa', 'Xã', 'Commune')`)
		put(`INSERT INTO target VALUES ('xa', '', 1, 0, 1, 9000)`)
		for u := 1; u <= units; u++ {
			code := fmt.Sprintf("U%04d", u)
			put(`INSERT INTO unit VALUES (?, ?, ?, ?, 'xa', '', 0, 0)`, code, u, "Ủy ban nhân dân xã "+code, "Commune "+code)
			put(`INSERT INTO desk VALUES (?, ?, ?, ?, 'Desk', 1)`, "D"+code, 10000+u, code, "Một cửa "+code)
			put(`INSERT INTO cell VALUES (?, ?, 1, ?)`, u, u, 10000+u)
			for d := today - survey.Day(days) + 1; d <= today; d++ {
				var n survey.Counts
				for range 18 + r.IntN(19) {
					n[[]int{4, 4, 4, 4, 3, 3, 3, 2, 1, 0}[r.IntN(10)]]++
				}
				a := n.Answers()
				ballots += a
				put(`INSERT INTO cell_day VALUES (?,?,?,?,?,?,?,?,?,?)`, u, d, n[0], n[1], n[2], n[3], n[4], a-a/3, a-a/9, a/20)
				put(`INSERT INTO block VALUES (?,?,?,?,?,?,?,?,?,?,?)`, u, d, d, n[0], n[1], n[2], n[3], n[4], a-a/3, a-a/9, a/20)
				put(`INSERT INTO walkin_day VALUES (?,?,0,0,1,1,2)`, 10000+u, d)
				put(`INSERT INTO dossier_day VALUES (?,1,?,?,?)`, u, d, a*2, a)
			}
		}
		for _, st := range statements {
			if st != nil {
				err = errors.Join(err, st.Close())
			}
		}
		return err
	})
	return ballots, err
}

// quarter lets the index and the bare query take turns on one file.
func (b *bench) quarter(ctx context.Context, path string, period survey.Period) (p pairs, err error) {
	plain := exec.CommandContext(ctx, b.program("bare"), "sums", "-db", path, "-from", strconv.Itoa(int(period.From)), "-to", strconv.Itoa(int(period.To)))
	plain.Stderr = os.Stderr
	in, err := plain.StdinPipe()
	if err != nil {
		return p, err
	}
	out, err := plain.StdoutPipe()
	if err != nil {
		return p, err
	}
	if err := startChild(plain); err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, in.Close(), plain.Wait()) }()
	db, err := sqlite.OpenReader(ctx, path, 4, 64<<10) // as the server's
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	x, lines := index.Open(db, nil), bufio.NewReader(out)
	for i := range b.queries + 2 {
		start := time.Now()
		a, err := x.Query(ctx, index.Query{Period: period})
		took := time.Since(start)
		if err != nil {
			return p, err
		}
		if _, err := in.Write([]byte("again\n")); err != nil {
			return p, err
		}
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return p, err
		}
		var f figures
		if err := json.Unmarshal(line, &f); err != nil {
			return p, err
		}
		if len(a.Rows) != b.units || f.Rows != 3*b.units {
			return p, fmt.Errorf("%d rows of the index and %d of the bare query, of %d units", len(a.Rows), f.Rows, b.units)
		}
		if i >= 2 { // the first fill the caches
			p.add(float64(took), f.Took)
		}
	}
	return p, nil
}
