package main

import (
	"errors"
	"flag"
	"sync"
	"sync/atomic"
	"time"
)

func rowsProgram(flags *flag.FlagSet) func() error {
	path := flags.String("db", "", "file to make")
	callers := flags.Int("callers", 16, "how many at once")
	span := flags.Duration("for", 5*time.Second, "how long")
	return func() error {
		if *path == "" {
			return errNoFile
		}
		return rows(*path, *callers, *span)
	}
}

// rows lets callers put one rating after another.
func rows(path string, callers int, span time.Duration) (err error) {
	conn, end, err := openDB(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	s, err := newStore(conn)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	took := make([][]time.Duration, callers)
	start := time.Now()
	for c := range callers {
		wg.Go(func() {
			w := &waiting{done: make(chan error, 1)}
			for i := c; time.Since(start) < span; i += callers {
				w.rating = makeRating(i)
				before := time.Now()
				if err := s.put(w); err != nil {
					failed.Store(&err)
					return
				}
				took[c] = append(took[c], time.Since(before))
			}
		})
	}
	wg.Wait()
	whole := time.Since(start)
	if p := failed.Load(); p != nil {
		return *p
	}
	var all []time.Duration
	for _, t := range took {
		all = append(all, t...)
	}
	f := figures{PerSecond: float64(len(all)) / whole.Seconds(), Rows: len(all)}
	f.P50, f.P99 = spread(all)
	return errors.Join(f.print(), s.close())
}
