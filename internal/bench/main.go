// Command bench compares the product with bare programs (package bare, which
// hold no product code) in the same run, and prints ratios.
//
// Absolute figures of a shared machine drift, so product and bare program take
// turns, and a ratio is the median of the rounds' ratios.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// sizes are how much is measured.
type sizes struct {
	rounds      int           // turns of what takes long
	turns       int           // turns of a load
	warm, span  time.Duration // of one load
	backlog     int           // ratings
	taps        int
	touched     int // sittings in a browser
	units, days int // of the province
	queries     int
	memory      int // ratings before memory is read
	starts      int
	asked       int           // times that a page is asked for
	open        int           // live pages
	rows        int           // of the raw export
	pause       time.Duration // before a tap
}

var (
	full = sizes{rounds: 3, turns: 7, warm: 500 * time.Millisecond, span: 2 * time.Second, backlog: 1_000_000, taps: 200, touched: 200,
		units: 500, days: 730, queries: 40, memory: 100_000, starts: 7, asked: 300, open: 1000, rows: 10_000_000, pause: 60 * time.Millisecond}
	quick = sizes{rounds: 1, turns: 1, warm: 20 * time.Millisecond, span: 150 * time.Millisecond, backlog: 2000, taps: 5, touched: 5,
		units: 20, days: 120, queries: 3, memory: 500, starts: 1, asked: 5, open: 20, rows: 20_000, pause: 5 * time.Millisecond}
)

// bench is one run.
type bench struct {
	sizes
	dir       string // temporary; all data is in it
	bin       string // the programs
	yardstick string // folder of other bare programs; empty: none
	duck      bool   // compare with DuckDB too
	progress  io.Writer
	table     table

	projection string // filled; empty: not yet
	ballots    int64  // in it
}

// measures by number, as -only names them.
var measures = []struct {
	name string
	run  func(*bench, context.Context) error
}{
	{"taps over HTTP", (*bench).posts},
	{"backlog", (*bench).backlogs},
	{"one tap to the projection", (*bench).latency},
	{"province index", (*bench).province},
	{"kiosk process", (*bench).device},
	{"slow card", (*bench).slowCard},
	{"tap to thanks", (*bench).touches},
	{"pages and reports", (*bench).reads},
	{"raw export", (*bench).export},
	{"live pages", (*bench).live},
	{"DuckDB", (*bench).duckDB},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) (err error) {
	b := &bench{sizes: full, progress: progress}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(progress)
	small := flags.Bool("quick", false, "small sizes: shows that it runs, its figures say nothing")
	only := flags.String("only", "", "measures by number, such as 1,2; empty: all")
	ratings := flags.Int("ratings", 0, "ratings of the backlog; 0: a million")
	rounds := flags.Int("rounds", 0, "turns of product and bare program; 0: 3, of short loads 7")
	flags.StringVar(&b.yardstick, "yardstick", "", "folder of other bare programs of the same work, to check ours against")
	flags.BoolVar(&b.duck, "duckdb", false, "compare with DuckDB too: its library is some hundred megabytes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *small {
		b.sizes = quick
	}
	if *ratings > 0 {
		b.backlog = *ratings
	}
	if *rounds > 0 {
		b.rounds, b.turns = *rounds, *rounds
	}
	chosen, err := numbers(*only)
	if err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "hailong-bench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if err := b.build(ctx); err != nil {
		return err
	}
	b.table.begin()
	for _, n := range chosen {
		if err := measures[n-1].run(b, ctx); err != nil {
			return fmt.Errorf("%d, %s: %w", n, measures[n-1].name, err)
		}
	}
	return b.table.print(out, b.yardstick != "")
}

func numbers(only string) (chosen []int, err error) {
	for n := range measures {
		if only == "" || slices.Contains(strings.Split(only, ","), fmt.Sprint(n+1)) {
			chosen = append(chosen, n+1)
		}
	}
	if only != "" && len(chosen) != len(strings.Split(only, ",")) {
		return nil, fmt.Errorf("-only=%s: name numbers from 1 to %d, such as 1,2", only, len(measures))
	}
	return chosen, nil
}

// say prints a line of progress.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "bench: %s\n", fmt.Sprintf(format, args...))
}

// build makes the programs, as they are in the tree now.
func (b *bench) build(ctx context.Context) error {
	b.say("building")
	b.bin = filepath.Join(b.dir, "bin")
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(mod)))
	if err := command(ctx, root, "go", "build", "-buildvcs=false", "-o", b.bin+string(filepath.Separator),
		"./cmd/hailong-server", "./cmd/hailong-kiosk", "./internal/bench/bare"); err != nil {
		return err
	}
	if err := command(ctx, filepath.Join(root, "internal", "bench", "slowsync"), "cc", "-O2", "-Wall", "-shared", "-fPIC",
		"-o", b.program("slowsync.so"), "slowsync.c", "-ldl"); err != nil {
		return err
	}
	if b.yardstick == "" {
		return nil
	}
	return command(ctx, b.yardstick, "go", "build", "-o", filepath.Join(b.bin, "yardstick")+string(filepath.Separator),
		"./http", "./loadgen", "./pipeline", "./sqlite")
}

func (b *bench) program(name string) string { return filepath.Join(b.bin, name) }

// folder makes an empty folder for one round.
func (b *bench) folder(name string) (string, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o700)
}

func command(ctx context.Context, dir, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
