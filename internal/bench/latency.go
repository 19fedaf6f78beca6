package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"hailong/internal/fact"
)

// latency measures single taps over HTTP, from before the request until the
// projection has counted them, while all processes are idle. The bare program
// publishes one rating and commits it.
func (b *bench) latency(ctx context.Context) error {
	var p50, p99 pairs
	for turn := range b.rounds {
		took, err := b.singleTaps(ctx)
		if err != nil {
			return err
		}
		dir, err := b.folder("tap-bare")
		if err != nil {
			return err
		}
		f, err := b.bare(ctx, nil, "tap", "-dir", dir, "-n", strconv.Itoa(b.taps), "-pause", b.pause.String())
		if err != nil {
			return err
		}
		slices.Sort(took)
		last := len(took) - 1
		p50.add(float64(took[last/2]), f.P50)
		p99.add(float64(took[last*99/100]), f.P99)
		b.say("tap → counted, turn %d of %d: p50 %s, p99 %s; bare p50 %s, p99 %s", turn+1, b.rounds,
			millis(float64(took[last/2])), millis(float64(took[last*99/100])), millis(f.P50), millis(f.P99))
	}
	b.table.add(p50.line("one tap, all idle → counted, p50", millis, "–", true))
	b.table.add(p99.line("… p99", millis, "< 50 ms", median(p99.product) < 50e6))
	return nil
}

func (b *bench) singleTaps(ctx context.Context) (took []time.Duration, err error) {
	err = b.desk(ctx, "tap", b.taps, func(w *world, kiosk *process, v *view) (err error) {
		known, err := v.db.PrepareContext(ctx, `SELECT score FROM ballot b JOIN receipt r ON r.ballot = b.id WHERE r.hash = ?`)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, known.Close()) }()
		for i := range b.taps {
			time.Sleep(b.pause)
			d, err := oneTap(ctx, w, kiosk.said[1], known, i)
			if err != nil {
				return err
			}
			took = append(took, d)
		}
		return nil
	})
	return took, err
}

// desk starts a server and a kiosk, and lets them be used once the server knows
// so many dossiers and the kiosk has met it.
func (b *bench) desk(ctx context.Context, name string, dossiers int, use func(w *world, kiosk *process, v *view) error) (err error) {
	dir, err := b.folder(name)
	if err != nil {
		return err
	}
	w, err := b.world(ctx, filepath.Join(dir, "world"), dossiers, 0, 0)
	if err != nil {
		return err
	}
	server, err := b.server(w.serverDir())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.end()) }()
	kiosk, err := b.kiosk(w.kioskDir(), server.said[2])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kiosk.end()) }()
	v, err := w.view(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.close()) }()
	quiet := func(int64) {}
	if err := v.await(ctx, fact.RoleServer, w, w.registered(dossiers), 5*time.Millisecond, quiet); err != nil {
		return err
	}
	// Opened, and a first clock fact: the kiosk has met the server.
	if err := v.await(ctx, fact.RoleKiosk, w, 2, 5*time.Millisecond, quiet); err != nil {
		return err
	}
	return use(w, kiosk, v)
}

// oneTap rates the i-th dossier and waits until that rating counts.
func oneTap(ctx context.Context, w *world, kiosk string, known *sql.Stmt, i int) (time.Duration, error) {
	hash := w.receiptID(i).Hash()
	start := time.Now()
	if _, err := onePost(w, kiosk, i); err != nil {
		return 0, err
	}
	for {
		var score int
		if err := known.QueryRowContext(ctx, hash[:]).Scan(&score); err != nil {
			return 0, err
		}
		if score > 0 {
			return time.Since(start), nil
		}
		if time.Since(start) > 30*time.Second {
			return 0, fmt.Errorf("tap %d does not count after half a minute: %s", i, w.standing(ctx))
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// onePost rates the i-th dossier, and gives the time until the kiosk thanked.
func onePost(w *world, kiosk string, i int) (time.Duration, error) {
	body, err := kioskTap(w.receiptID(i), 5)
	if err != nil {
		return 0, err
	}
	q, a := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(q)
	defer fasthttp.ReleaseResponse(a)
	q.SetRequestURI(kiosk + "/api/v1/ratings")
	q.Header.SetMethod(fasthttp.MethodPost)
	q.Header.SetContentType("application/json")
	q.SetBody(body)
	start := time.Now()
	if err := fasthttp.Do(q, a); err != nil {
		return 0, err
	}
	if a.StatusCode() != fasthttp.StatusCreated {
		return 0, fmt.Errorf("the kiosk answered %d %s", a.StatusCode(), a.Body())
	}
	return time.Since(start), nil
}

// standing says how far the server is with the kiosk's facts.
func (w *world) standing(ctx context.Context) string {
	v, err := w.view(ctx)
	if err != nil {
		return err.Error()
	}
	defer v.close()
	var head, applied, undated, waiting int64
	if err := v.db.QueryRowContext(ctx, `SELECT head, applied, (SELECT count(*) FROM undated), (SELECT count(*) FROM ballot WHERE kind = 0)
		FROM origin WHERE public = ?`, []byte(w.public)).Scan(&head, &applied, &undated, &waiting); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("the server holds %d facts of the kiosk, %d are in effect, %d undated, %d ballots wait", head, applied, undated, waiting)
}
