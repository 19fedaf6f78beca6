package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"hailong/internal/fact"
)

// backlogs measures from the start of a kiosk that holds a backlog until the
// server has counted all of it, against the bare pipeline.
func (b *bench) backlogs(ctx context.Context) error {
	n := b.backlog
	dir, err := b.folder("backlog")
	if err != nil {
		return err
	}
	ready, err := b.world(ctx, filepath.Join(dir, "ready"), n, n, yearMS)
	if err != nil {
		return err
	}
	if err := b.register(ctx, ready, n); err != nil {
		return err
	}
	var rate pairs
	for turn := range b.rounds {
		took, err := b.drain(ctx, ready, dir, n)
		if err != nil {
			return err
		}
		plain, err := b.folder("backlog/bare")
		if err != nil {
			return err
		}
		syscall.Sync()
		f, err := b.bare(ctx, nil, "pipeline", "-dir", plain, "-n", strconv.Itoa(n))
		if err != nil {
			return err
		}
		if err := os.RemoveAll(plain); err != nil {
			return err
		}
		rate.add(float64(n)/took.Seconds(), f.PerSecond)
		syscall.Sync()
		// Where a fetch of it gave up before the messages came, it waits for ever.
		b.compare(ctx, &rate, nil, "pipeline", "-n", strconv.Itoa(n), "-enc", "cbor", "-env", "100", "-batch", "20", "-multi", "50",
			"-agg", "-sync", "always", "-cons", "cursor", "-runs", "1", "-dir", plain)
		b.say("backlog, turn %d of %d: product %s, bare %s", turn+1, b.rounds, perSecond(float64(n)/took.Seconds()), perSecond(f.PerSecond))
	}
	what := fmt.Sprintf("backlog of %s ratings → counted", perSecond(float64(n))[:len(perSecond(float64(n)))-2])
	b.table.add(rate.line(what, perSecond, "≥ 0.6 ×", rate.ratio() >= 0.6))
	return os.RemoveAll(dir)
}

// register lets a server apply its own outbox.
func (b *bench) register(ctx context.Context, w *world, dossiers int) (err error) {
	server, err := b.server(w.serverDir())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.end()) }()
	v, err := w.view(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.close()) }()
	last := time.Now()
	return v.await(ctx, fact.RoleServer, w, w.registered(dossiers), 20*time.Millisecond, func(n int64) {
		if time.Since(last) > 5*time.Second {
			last = time.Now()
			b.say("registering dossiers: %d of %d facts", n, w.registered(dossiers))
		}
	})
}

// drain copies the world, starts its server and kiosk, and takes the time until
// the kiosk's backlog is counted.
func (b *bench) drain(ctx context.Context, ready *world, dir string, n int) (took time.Duration, err error) {
	w := ready.in(filepath.Join(dir, "turn"))
	defer func() { err = errors.Join(err, os.RemoveAll(w.dir)) }()
	if err := os.CopyFS(w.dir, os.DirFS(ready.dir)); err != nil {
		return 0, err
	}
	// os.CopyFS lets others read the copies of keys, which the programs refuse.
	if err := filepath.WalkDir(w.dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			err = os.Chmod(path, 0o600)
		}
		return err
	}); err != nil {
		return 0, err
	}
	server, err := b.server(w.serverDir())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, server.end()) }()
	v, err := w.view(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, v.close()) }()
	syscall.Sync() // what copying left to be written is not the product's
	before, err := server.cpu()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	kiosk, err := b.kiosk(w.kioskDir(), server.said[2])
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, kiosk.end()) }()
	last := start
	err = v.await(ctx, fact.RoleKiosk, w, int64(n)+2, 5*time.Millisecond, func(at int64) {
		if time.Since(last) > 5*time.Second {
			last = time.Now()
			b.say("backlog: %d of %d", at, n)
		}
	})
	if err != nil {
		return 0, err
	}
	took = time.Since(start)
	at, err := kiosk.cpu()
	by, err2 := server.cpu()
	if err := errors.Join(err, err2); err != nil {
		return 0, err
	}
	b.say("backlog: CPU for each %s in the kiosk, %s in the server", micros(float64(at)/float64(n)), micros(float64(by-before)/float64(n)))
	counted, err := v.counted(ctx)
	if err == nil && counted != n {
		err = fmt.Errorf("%d of %d ratings are counted", counted, n)
	}
	return took, err
}
