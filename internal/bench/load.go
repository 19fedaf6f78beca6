package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"hailong/internal/capture"
	"hailong/internal/receipt"
)

// target is where taps go; body makes the i-th.
type target struct {
	process *process
	url     string
	body    func(i int64) ([]byte, error)
}

// kioskTap is the body that the screen sends.
func kioskTap(id receipt.ID, score int64) ([]byte, error) {
	return json.Marshal(struct {
		Scan     string `json:"scan"`
		Score    int64  `json:"score"`
		Session  string `json:"session"`
		Language string `json:"language"`
		TookMS   int64  `json:"took_ms"`
	}{receipt.URL("https://hailong.nghean.gov.vn", id), score, capture.NewSession().String(), "vi", 2345})
}

// kioskTarget are taps on receipts drawn at random.
func kioskTarget(p *process) target {
	return target{p, p.said[1] + "/api/v1/ratings", func(i int64) ([]byte, error) {
		id, err := receipt.NewID(nil)
		if err != nil {
			return nil, err
		}
		return kioskTap(id, i%5+1)
	}}
}

// bareTarget are records of some 280 bytes.
func bareTarget(p *process) target {
	return target{p, "http://" + p.said[1] + "/rating", func(i int64) ([]byte, error) {
		id := capture.NewSession()
		return json.Marshal(struct {
			ID      string `json:"id"`
			Kiosk   string `json:"kiosk"`
			Unit    int64  `json:"unit"`
			Service string `json:"service"`
			Score   int64  `json:"score"`
			At      int64  `json:"at"`
			Zone    int    `json:"zone"`
			Lang    string `json:"lang"`
			Reasons string `json:"reasons"`
			Comment string `json:"comment"`
		}{fmt.Sprintf("%016x%x", time.Now().UnixNano(), id[:8]), "kiosk-0042", i%500 + 1, "hành chính công", i%5 + 1, time.Now().UnixMilli(), 420, "vi-VN",
			"nhanh,rõ ràng,thái độ", "Cán bộ hướng dẫn rõ ràng, trả kết quả sớm hơn hẹn."})
	}}
}

// speed is what a load gave.
type speed struct {
	perSecond float64
	p99       float64 // nanoseconds
	cpu       float64 // nanoseconds that the program computed for each
}

var tapNumber atomic.Int64

// drive lets so many connections tap one after another, and measures the time
// span after the warm-up, or longer where no answer came within it. Any answer
// but 201 is an error.
func drive(ctx context.Context, t target, conns int, warm, span time.Duration) (speed, error) {
	before, err := t.process.cpu()
	if err != nil {
		return speed{}, err
	}
	first := tapNumber.Load()
	begin := time.Now().Add(warm)
	end := begin.Add(span)
	took, err := tap(ctx, t, conns, func() bool { return time.Now().Before(end) }, begin, end)
	if err != nil {
		return speed{}, err
	}
	if len(took) == 0 { // a machine that is busy with something else
		return drive(ctx, t, conns, warm, 2*span)
	}
	slices.Sort(took)
	after, err := t.process.cpu()
	return speed{
		perSecond: float64(len(took)) / span.Seconds(),
		p99:       float64(took[(len(took)-1)*99/100]),
		cpu:       float64(after-before) / float64(tapNumber.Load()-first),
	}, err
}

// driveN sends n taps.
func driveN(ctx context.Context, t target, conns int, n int64) error {
	var sent atomic.Int64
	_, err := tap(ctx, t, conns, func() bool { return sent.Add(1) <= n }, time.Time{}, time.Time{})
	return err
}

// tap sends while more gives true, and gives the times of those answers that
// came between begin and end.
func tap(ctx context.Context, t target, conns int, more func() bool, begin, end time.Time) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := &fasthttp.Client{MaxConnsPerHost: conns, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	took := make([][]time.Duration, conns)
	var wg sync.WaitGroup
	for c := range conns {
		wg.Go(func() {
			q, a := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(q)
			defer fasthttp.ReleaseResponse(a)
			for ctx.Err() == nil && more() {
				body, err := t.body(tapNumber.Add(1))
				if err != nil {
					cancel(err)
					return
				}
				q.Reset()
				q.SetRequestURI(t.url)
				q.Header.SetMethod(fasthttp.MethodPost)
				q.Header.SetContentType("application/json")
				q.SetBody(body)
				before := time.Now()
				if err := client.Do(q, a); err != nil {
					cancel(err)
					return
				}
				after := time.Now()
				if a.StatusCode() != fasthttp.StatusCreated {
					cancel(fmt.Errorf("%s: %d %s", t.url, a.StatusCode(), a.Body()))
					return
				}
				if after.After(begin) && after.Before(end) {
					took[c] = append(took[c], after.Sub(before))
				}
			}
		})
	}
	wg.Wait()
	return slices.Concat(took...), context.Cause(ctx)
}
