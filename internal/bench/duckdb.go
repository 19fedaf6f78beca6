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

// duckDB compares the counts by score of a province quarter with DuckDB counting
// the same raw ballots by unit and score; and beside it, what a page asks for,
// which says much more of each unit.
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
	x, lines, alone, whole := index.Open(db, nil), bufio.NewReader(out), pairs{}, pairs{}
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
		counts, err := x.Counts(ctx, quarter)
		took := time.Since(start)
		if err != nil {
			return err
		}
		var n int64
		for _, c := range counts {
			n += c.Answers()
		}
		start = time.Now()
		if _, err := x.Query(ctx, index.Query{Period: quarter}); err != nil {
			return err
		}
		all := time.Since(start)
		if n != int64(f.Rows) || n == 0 {
			return fmt.Errorf("the index has %d ballots, DuckDB %d", n, f.Rows)
		}
		if i >= 2 { // the first fill the caches
			alone.add(float64(took), f.Took)
			whole.add(float64(all), f.Took)
		}
	}
	b.say("province quarter: counts %s, the whole answer %s, DuckDB %s", millis(median(alone.product)), millis(median(whole.product)), millis(median(alone.bare)))
	what := fmt.Sprintf("province quarter of %.1f million ratings, counts by unit and score; bare is DuckDB over raw ballots", float64(ballots)/1e6)
	b.table.add(alone.line(what, millis, "≤ 1.0 ×", alone.ratio() <= 1))
	b.table.add(whole.line("… with intervals, verdicts, bands, participation and timeliness", millis, "–", true))
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
