// Command bare does the work of the product's hot paths with the same parts and
// nothing else: no product code, no rules, no proofs. Package bench compares.
//
//	bare http -db FILE                 POST /rating, durable, until it is ended
//	bare rows -db FILE -callers 16     group commit alone
//	bare pipeline -dir DIR -n 1000000  JetStream, then SQLite rows and rollups
//	bare tap -dir DIR -n 200           the same, one rating at a time
//	bare sums -db FILE -from N -to N   adds up a projection's rollups, once for
//	                                   each line that it reads
//	bare live -url URL -n 1000         opens a page's live stream many times
//
// Each prints its figures as one line of JSON.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"
)

func main() {
	programs := map[string]func(*flag.FlagSet) func() error{
		"http": httpProgram, "rows": rowsProgram, "pipeline": pipelineProgram, "tap": tapProgram, "sums": sumsProgram,
		"live": liveProgram,
	}
	var program func(*flag.FlagSet) func() error
	if len(os.Args) > 1 {
		program = programs[os.Args[1]]
	}
	if program == nil {
		fmt.Fprintln(os.Stderr, "usage: bare http|rows|pipeline|tap|sums|live [flags]")
		os.Exit(2)
	}
	flags := flag.NewFlagSet("bare "+os.Args[1], flag.ExitOnError)
	run := program(flags)
	if err := flags.Parse(os.Args[2:]); err != nil {
		os.Exit(2)
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

// figures is what a program measured; what it did not is 0.
type figures struct {
	Addr      string  `json:"addr,omitempty"`
	PerSecond float64 `json:"per_second,omitempty"`
	P50       int64   `json:"p50_ns,omitempty"`
	P99       int64   `json:"p99_ns,omitempty"`
	Took      int64   `json:"took_ns,omitempty"`
	Rows      int     `json:"rows,omitempty"`
}

func (f figures) print() error { return json.NewEncoder(os.Stdout).Encode(f) }

// spread gives the median and the 99th percentile.
func spread(took []time.Duration) (p50, p99 int64) {
	if len(took) == 0 {
		return 0, 0
	}
	slices.Sort(took)
	last := len(took) - 1
	return int64(took[last/2]), int64(took[last*99/100])
}

var errNoFile = errors.New("name a file or folder: -db or -dir")
