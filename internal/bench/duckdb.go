package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/index"
)

// duckDB compares the index of a quarter with DuckDB counting the same raw
// ballots by unit and score: the product reads rollups and says much more.
func (b *bench) duckDB(ctx context.Context) (err error) {
	if !b.duck {
		b.say("DuckDB is left out: -duckdb compares with it")
		return nil
	}
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	if err := command(ctx, filepath.Join(filepath.Dir(string(mod)), "internal", "bench", "duck"), "go", "build", "-o", b.program("duck"), "."); err != nil {
		return err
	}
	path, ballots, err := b.filled(ctx)
	if err != nil {
		return err
	}
	db, err := sqlite.OpenReader(ctx, path, 4, 64<<10) // as the server's
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	raw := filepath.Join(b.dir, "ballots.csv")
	if err := dump(ctx, db, raw); err != nil {
		return err
	}
	quarter := survey.DayOf(time.Now()).Quarter()
	quarter = (quarter.From - 1).Quarter()
	duck := exec.CommandContext(ctx, b.program("duck"), "-rows", raw, "-from", strconv.Itoa(int(quarter.From)), "-to", strconv.Itoa(int(quarter.To)))
	duck.Stderr = os.Stderr
	in, err := duck.StdinPipe()
	if err != nil {
		return err
	}
	out, err := duck.StdoutPipe()
	if err != nil {
		return err
	}
	if err := startChild(duck); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close(), duck.Wait()) }()
	x, lines, p := index.Open(db, nil), bufio.NewReader(out), pairs{}
	for i := range b.queries + 2 {
		if _, err := in.Write([]byte("again\n")); err != nil {
			return err
		}
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("DuckDB: %w", err)
		}
		var f figures
		if err := json.Unmarshal(line, &f); err != nil {
			return err
		}
		start := time.Now()
		a, err := x.Query(ctx, index.Query{Period: quarter})
		took := time.Since(start)
		if err != nil {
			return err
		}
		var n int64
		for i := range a.Rows {
			n += a.Rows[i].Counts.Answers()
		}
		if n != int64(f.Rows) || n == 0 {
			return fmt.Errorf("the index has %d ballots, DuckDB %d", n, f.Rows)
		}
		if i >= 2 { // the first fill the caches
			p.add(float64(took), f.Took)
		}
	}
	b.say("province quarter: product %s, DuckDB %s, ratio %.2f", millis(median(p.product)), millis(median(p.bare)), p.ratio())
	what := fmt.Sprintf("province quarter of %.1f million ratings: index with intervals, verdicts and bands ÷ DuckDB's counts by score of raw ballots", float64(ballots)/1e6)
	b.table.add(p.line(what, millis, "≤ 1.0 ×", p.ratio() <= 1))
	return nil
}

// dump writes what DuckDB makes raw ballots of.
func dump(ctx context.Context, db *sql.DB, path string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := bufio.NewWriter(file)
	rows, err := db.QueryContext(ctx, `SELECT c.unit, d.day, s1, s2, s3, s4, s5 FROM cell c JOIN cell_day d ON d.cell = c.id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var v [7]int64
		if err := rows.Scan(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6]); err != nil {
			return err
		}
		fmt.Fprintf(w, "%d,%d,%d,%d,%d,%d,%d\n", v[0], v[1], v[2], v[3], v[4], v[5], v[6])
	}
	return errors.Join(rows.Err(), w.Flush())
}
