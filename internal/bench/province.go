package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/index"
)

// province measures the index of a quarter: one that is past, and the last 90
// days.
func (b *bench) province(ctx context.Context) error {
	path, ballots, err := b.filled(ctx)
	if err != nil {
		return err
	}
	today := survey.DayOf(time.Now())
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
