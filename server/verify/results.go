package verify

import (
	"bufio"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"hailong/internal/fact"
	"hailong/server/closing"
	"hailong/server/projection"
)

// results computes everything anew from the facts, in a folder of its own, and
// compares it with what the database has.
func (v *verifier) results() (err error) {
	folder, err := os.MkdirTemp(v.o.Dir, "verify-")
	if err != nil {
		return fmt.Errorf("verify: make a folder for the replay: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	live, err := dump(filepath.Join(folder, "live"), func(to io.Writer) error { return projection.DumpTx(v.ctx, v.tx, to) })
	if err != nil {
		return err
	}
	var holds []fact.Hold
	for _, o := range v.origins {
		if o.head > 0 {
			holds = append(holds, fact.Hold{Origin: o.id, Number: o.head, Hash: o.headHash})
		}
	}
	p, err := projection.Replay(v.ctx, v.db, holds, filepath.Join(folder, "replay.db"), v.replayed(), func(done, total uint64) { v.o.Progress("results", done, total) })
	if err != nil {
		return err
	}
	again, err := dump(filepath.Join(folder, "again"), func(to io.Writer) error { return projection.Dump(v.ctx, p.Reader(), to) })
	if err = errors.Join(err, p.Close()); err != nil {
		return err
	}
	if live.sum != again.sum {
		if err := different(live.path, again.path); err != nil {
			return err
		}
	}
	if err := v.sums(); err != nil {
		return err
	}
	return v.say("results: %d rows are what the facts give", live.lines)
}

func (v *verifier) replayed() projection.Options {
	return projection.Options{Server: "verify", Keys: v.o.Keys, Log: slog.New(slog.DiscardHandler)}
}

type dumped struct {
	path  string
	lines int
	sum   [sha256.Size]byte
}

// dump writes a projection's results, without origins of which nothing is on a
// chain: a replay does not know those.
func dump(path string, write func(io.Writer) error) (d dumped, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return d, err
	}
	hash, out := sha256.New(), bufio.NewWriter(file)
	w := writer(func(line []byte) (int, error) {
		if fields := strings.Fields(string(line)); len(fields) == 7 && fields[0] == "origin" && fields[4] == `"0"` {
			return len(line), nil
		}
		d.lines++
		hash.Write(line)
		return out.Write(line)
	})
	err = errors.Join(write(w), out.Flush(), file.Close())
	d.path, d.sum = path, [sha256.Size]byte(hash.Sum(nil))
	return d, err
}

// writer is a function as an io.Writer; a dump writes a line at a time.
type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// different names the first line in which two dumps differ.
func different(live, again string) (err error) {
	var files [2]*bufio.Scanner
	for i, path := range []string{live, again} {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		files[i] = bufio.NewScanner(f)
		files[i].Buffer(nil, 16<<20)
	}
	for {
		a, b := files[0].Scan(), files[1].Scan()
		if err := errors.Join(files[0].Err(), files[1].Err()); err != nil {
			return err
		}
		switch x, y := files[0].Text(), files[1].Text(); {
		case !a && !b:
			return nil
		case !b:
			return broken("the database has a row that the facts do not give: %s", x)
		case !a:
			return broken("the database lacks a row that the facts give: %s", y)
		case x != y:
			return broken("table %s is not what the facts give: it has %s, they give %s", strings.Fields(x)[0], short(x), short(y))
		}
	}
}

// short cuts a row for a sentence.
func short(line string) string {
	_, rest, _ := strings.Cut(line, " ")
	if r := []rune(rest); len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return rest
}

// monthOf is SQL for the first day of a day's month.
const monthOf = `CAST(julianday(%s * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER)`

// sums verifies what is kept beside the results for speed or for what is shown,
// and is in no digest: months, and blocks.
func (v *verifier) sums() error {
	day, last := fmt.Sprintf(monthOf, "day"), fmt.Sprintf(monthOf, "last")
	eight := []string{"s1", "s2", "s3", "s4", "s5", "kiosk", "receipt", "changed"}
	for _, t := range []struct {
		table, keys string
		figures     []string
		query       string // the same columns
	}{
		{"cell_month", "cell, month", eight, monthly("cell", day, "cell_day", eight)},
		{"dossier_month", "unit, service, month", []string{"dossiers", "rated"}, monthly("unit, service", day, "dossier_day", []string{"dossiers", "rated"})},
		{"walkin_month", "desk, month", []string{"n"}, monthly("desk", day, "walkin_day", []string{"s1 + s2 + s3 + s4 + s5"})},
		{"return_month", "unit, service, month", []string{"early", "ontime", "late", "nodue"}, monthly("unit, service", day, "return_day", []string{"early", "ontime", "late", "nodue"})},
		{"block_month", "cell, month", eight, monthly("cell", last, "block", eight)},
		{"block", "cell, last", eight, blocks},
	} {
		// A row of nothing is as good as none.
		table := `SELECT ` + t.keys + `, ` + strings.Join(t.figures, ", ") + ` FROM ` + t.table + ` WHERE ` + strings.Join(t.figures, " <> 0 OR ") + ` <> 0`
		n := 0
		err := v.each(func(scan func(...any) error) error { return scan(&n) },
			`SELECT (SELECT count(*) FROM (`+table+` EXCEPT SELECT * FROM (`+t.query+`))) + (SELECT count(*) FROM (SELECT * FROM (`+t.query+`) EXCEPT `+table+`))`)
		if err != nil {
			return err
		}
		if n > 0 {
			return broken("table %s is not the sum of what it is made of: %d rows differ", t.table, n)
		}
	}
	return nil
}

// monthly is SQL for the sums by month of some figures of a table of days.
func monthly(keys, month, table string, figures []string) string {
	sums := make([]string, len(figures))
	for i, f := range figures {
		sums[i] = "sum(" + f + ")"
	}
	return `SELECT ` + keys + `, ` + month + ` AS m, ` + strings.Join(sums, ", ") + ` FROM ` + table + ` GROUP BY ` + keys + `, m HAVING ` + strings.Join(sums, " <> 0 OR ") + ` <> 0`
}

// blocks is SQL for what each block shows: the ballots of its days, with those
// that are held back as they were shown last.
const blocks = `WITH span AS MATERIALIZED (SELECT cell, last, coalesce(lag(last) OVER (PARTITION BY cell ORDER BY last), -800000) AS after FROM block),
	shown AS (
		SELECT cell, day, s1, s2, s3, s4, s5, kiosk, receipt, changed FROM cell_day
		UNION ALL SELECT cell, now_day, -(now_score = 1), -(now_score = 2), -(now_score = 3), -(now_score = 4), -(now_score = 5), -(now_channel = 1), -(now_binding = 1), -now_changed FROM held WHERE now_score > 0
		UNION ALL SELECT cell, was_day, was_score = 1, was_score = 2, was_score = 3, was_score = 4, was_score = 5, was_channel = 1, was_binding = 1, was_changed FROM held WHERE was_score > 0)
	SELECT b.cell, b.last, sum(s.s1), sum(s.s2), sum(s.s3), sum(s.s4), sum(s.s5), sum(s.kiosk), sum(s.receipt), sum(s.changed)
	FROM span b JOIN shown s ON s.cell = b.cell AND s.day > b.after AND s.day <= b.last GROUP BY b.cell, b.last`

// closings computes what closed months published again.
func (v *verifier) closings() (err error) {
	if _, err := os.Stat(filepath.Join(v.o.Data, "closed.db")); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	record, err := closing.OpenRecord(v.ctx, v.o.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	months, err := record.Months(v.ctx)
	if err != nil {
		return err
	}
	checked := 0
	for _, m := range months {
		if m.Wall < v.o.Since.UnixMilli() {
			continue
		}
		name := m.Period.From.String()[:7]
		_, diff, err := record.Check(v.ctx, m, v.replayed(), func(done, total uint64) { v.o.Progress("closed month "+name, done, total) })
		if errors.Is(err, projection.ErrGone) || errors.Is(err, sql.ErrNoRows) {
			return broken("the facts that closed %s are not here any more: %v", name, err)
		}
		if err != nil {
			return err
		}
		if diff != nil {
			return broken("what was published of %s is not what the facts give: %v", name, diff)
		}
		checked++
	}
	return v.say("closed months: %d published what the facts give", checked)
}
