package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"time"

	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/projection/schema"
)

// live measures open pages of one desk: how long a tap, once it is counted,
// takes to all of them, and what each costs this process in memory. The pages are
// held open by another process.
func (b *bench) live(ctx context.Context) (err error) {
	path, _, err := b.filled(ctx)
	if err != nil {
		return err
	}
	closed, err := b.published(ctx, survey.Period{})
	if err != nil {
		return err
	}
	db, err := sqlite.Open(ctx, path, schema.Files, sqlite.Options{}) // the one who counts taps
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := b.site(ctx, path, closed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	const desk = "DU0001"
	if _, err := s.ask(ctx, "/desk/"+desk, 5); err != nil {
		return err
	}
	before := memory()
	readers := exec.CommandContext(ctx, b.program("bare"), "live", "-url", s.base+"/desk/"+desk+"/live", "-cookie", staffCookie, "-n", strconv.Itoa(b.open))
	readers.Stderr = os.Stderr
	in, err := readers.StdinPipe()
	if err != nil {
		return err
	}
	out, err := readers.StdoutPipe()
	if err != nil {
		return err
	}
	if err := startChild(readers); err != nil {
		return err
	}
	lines := bufio.NewReader(out)
	defer func() { err = errors.Join(err, in.Close(), readers.Wait()) }()
	read := func() (f figures, err error) {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return f, fmt.Errorf("open pages: %w", err)
		}
		return f, json.Unmarshal(line, &f)
	}
	if f, err := read(); err != nil || f.Rows != b.open {
		return errors.Join(err, fmt.Errorf("%d pages are open of %d", f.Rows, b.open))
	}
	each := (memory() - before) / float64(b.open)
	var took []float64
	for range max(3, b.queries/4) {
		err := db.Write(ctx, func(tx *sqlite.Tx) error {
			_, err := tx.Conn.ExecContext(ctx, `UPDATE cell_day SET s5 = s5 + 1 WHERE cell = 1 AND day = (SELECT max(day) FROM cell_day WHERE cell = 1)`)
			return err
		})
		if err != nil {
			return err
		}
		if _, err := in.Write([]byte("again\n")); err != nil {
			return err
		}
		if _, err := read(); err != nil { // they wait
			return err
		}
		s.hub.Changed(desk)
		f, err := read()
		if err != nil {
			return err
		}
		took = append(took, f.Took)
	}
	worst := slices.Max(took)
	b.say("%d live pages: a tap reaches all in %s at most, %s in the median; %.1f KiB a page", b.open, millis(worst), millis(median(took)), each/1024)
	b.table.add(line{what: fmt.Sprintf("%d open live pages: one counted tap reaches all, the slowest of %d", b.open, len(took)), product: millis(worst), asked: "< 1 s", met: worst < 1e9})
	b.table.add(line{what: "… memory a page", product: fmt.Sprintf("%.1f KiB", each/1024), asked: "< 60 KiB", met: each < 60<<10})
	return nil
}

// memory is what objects and stacks of this process take, in bytes.
func memory() float64 {
	runtime.GC()
	runtime.GC() // what pools hold goes with the second
	time.Sleep(10 * time.Millisecond)
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(sample)
	return float64(sample[0].Value.Uint64() + sample[1].Value.Uint64())
}
