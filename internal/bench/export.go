package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/api"
	"hailong/server/audit"
	"hailong/server/export"
	"hailong/web"
)

// export measures single ballots of two years: made at the closings, then
// streamed over HTTP in each format.
func (b *bench) export(ctx context.Context) (err error) {
	dir, err := b.folder("export")
	if err != nil {
		return err
	}
	store, err := export.OpenStore(dir)
	if err != nil {
		return err
	}
	last := (survey.DayOf(time.Now()).Month().From - 1).Month()
	months := []survey.Period{last}
	for len(months) < 24 {
		months = append([]survey.Period{(months[0].From - 1).Month()}, months...)
	}
	r, rows, making := rand.New(rand.NewPCG(1, 2)), int64(0), time.Duration(0)
	for _, m := range months {
		took, n, err := b.month(store, m, r)
		if err != nil {
			return err
		}
		rows, making = rows+n, making+took
	}
	b.say("%d rows made and merged in %s", rows, making)
	b.table.add(line{what: fmt.Sprintf("single ballots merged and kept, %.1f million", float64(rows)/1e6), product: perSecond(float64(rows) / making.Seconds()), asked: "–", met: true})

	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		return err
	}
	assets, err := httpx.NewAssets(web.Assets(), web.Dist())
	if err != nil {
		return err
	}
	views, err := httpx.NewViews(web.Templates(), assets)
	if err != nil {
		return err
	}
	const token = "0123456789abcdef0123456789abcdef"
	app := httpx.New(httpx.Options{Log: slog.New(slog.NewTextHandler(b.progress, nil)), Catalogue: catalogue, Views: views, Assets: assets})
	api.RegisterExport(app, store, func(context.Context, string, string, audit.Detail) error { return nil })
	if err := access.New(access.Options{Operator: api.NewToken(token).Is}).Install(app); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- app.Listener(listener) }()
	defer func() { err = errors.Join(err, app.ShutdownWithTimeout(10*time.Second), <-served) }()
	for _, format := range []string{"csv", "parquet"} {
		path := fmt.Sprintf("http://%s/api/v1/export?from=%v&to=%v&format=%s", listener.Addr(), months[0].From, last.To, format)
		took, size, heap, err := fetched(ctx, path, token)
		if err != nil {
			return err
		}
		rate := float64(rows) / took.Seconds()
		b.say("%s: %d rows, %d bytes in %s, heap up to %s", format, rows, size, took, mebibytes(heap))
		asked, met := "> 200,000/s", rate > 200_000
		if format != "csv" {
			asked, met = "–", true
		}
		b.table.add(line{what: fmt.Sprintf("raw export over HTTP, %s, %.1f million rows", format, float64(rows)/1e6), product: perSecond(rate), asked: asked, met: met})
		b.table.add(line{what: "… heap of the process, at most", product: mebibytes(heap), asked: "flat", met: heap < 256})
	}
	return nil
}

// month makes a month's file of its share of the rows.
func (b *bench) month(store *export.Store, m survey.Period, r *rand.Rand) (took time.Duration, rows int64, err error) {
	each := max(5, b.rows/24/b.units)
	groups := func(yield func(*export.Group) bool) {
		for u := range b.units {
			g := &export.Group{Unit: fmt.Sprintf("U%04d", u), Service: 1, Ballots: make([]export.Ballot, each)}
			g.Names[export.Desk] = []string{fmt.Sprintf("DU%04d", u)}
			for _, c := range []export.Column{export.Field, export.Procedure} {
				for i := range 40 {
					g.Names[c] = append(g.Names[c], fmt.Sprintf("%d.%03d.00.00.H41", c, i))
				}
			}
			for i := range g.Ballots {
				x := &g.Ballots[i]
				x.Score = survey.Score(1 + r.IntN(5))
				x.Known = [export.Columns]int32{export.Day: int32(m.From) + int32(r.IntN(m.Days())), export.Field: int32(r.IntN(6)), export.Channel: int32(1 + r.IntN(4)/3),
					export.Step: int32(1 + r.IntN(4)/3*3), export.Procedure: int32(r.IntN(40)), export.Binding: int32(1 + r.IntN(9)/8), export.Changed: int32(r.IntN(20) / 19)}
				if i%5 == 0 {
					var answers []export.Answer
					for q := range 6 {
						answers = append(answers, export.Answer{Question: questionCode((i + q) % questions), Score: survey.Score(1 + r.IntN(5))})
					}
					x.Said = export.Say(answers, []string{"+wait"}, func(string) bool { return true })
				}
			}
			if !yield(g) {
				return
			}
		}
	}
	var codes []string
	for i := range questions {
		codes = append(codes, questionCode(i))
	}
	start := time.Now()
	err = store.Put(m, func(w io.Writer) error {
		rows, err = export.WriteMonth(w, export.Head{Period: m, Closing: "bench", Questions: codes}, groups)
		return err
	})
	return time.Since(start), rows, err
}

// fetched reads an answer to its end, and gives the greatest heap that was in use
// meanwhile, in mebibytes.
func fetched(ctx context.Context, path, token string) (took time.Duration, size int64, heap float64, err error) {
	runtime.GC()
	var most atomic.Uint64
	watching, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(sample)
			most.Store(max(most.Load(), sample[0].Value.Uint64()))
			select {
			case <-watching.Done():
				return
			case <-tick.C:
			}
		}
	}()
	start := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err != nil {
		stop()
		return 0, 0, 0, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err == nil && answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		err = fmt.Errorf("%s: status %d %s", path, answer.StatusCode, bytes.TrimSpace(text))
	}
	if err == nil {
		size, err = io.Copy(io.Discard, answer.Body)
		err = errors.Join(err, answer.Body.Close())
	}
	took = time.Since(start)
	stop()
	<-done
	http.DefaultClient.CloseIdleConnections()
	return took, size, float64(most.Load()) / (1 << 20), err
}
