package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/valyala/fasthttp"
)

// device measures the kiosk's memory after many taps, and its start on the
// outbox that these left.
func (b *bench) device(ctx context.Context) error {
	dir, err := b.folder("device")
	if err != nil {
		return err
	}
	var memory, ready pairs
	kiosk := func() (*process, error) { return b.kiosk(filepath.Join(dir, "kiosk"), "") }
	m, err := b.memoryOf(ctx, kiosk, kioskTarget)
	if err != nil {
		return err
	}
	turn := 0
	plain := func() (*process, error) {
		turn++
		return b.start(bareReady, nil, "bare", "http", "-db", filepath.Join(dir, fmt.Sprintf("bare-%d.db", turn)))
	}
	n, err := b.memoryOf(ctx, plain, bareTarget)
	if err != nil {
		return err
	}
	memory.add(m, n)
	b.say("after %d taps: kiosk %s, bare %s", b.memory, mebibytes(m), mebibytes(n))
	b.table.add(memory.line(fmt.Sprintf("kiosk process, resident after %d ratings", b.memory), mebibytes, "< 40 MiB", m < 40))
	for range b.starts {
		p, err := readyAfter(kiosk, func(p *process) string { return p.said[1] })
		if err != nil {
			return err
		}
		q, err := readyAfter(plain, func(p *process) string { return "http://" + p.said[1] })
		if err != nil {
			return err
		}
		ready.add(p, q)
	}
	b.say("ready after: kiosk %s, bare %s", millis(median(ready.product)), millis(median(ready.bare)))
	b.table.add(ready.line("… start → ready", millis, "≤ 300 ms", median(ready.product) <= 300e6))
	return nil
}

func (b *bench) memoryOf(ctx context.Context, start func() (*process, error), to func(*process) target) (mib float64, err error) {
	p, err := start()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	if err := driveN(ctx, to(p), 16, int64(b.memory)); err != nil {
		return 0, err
	}
	return p.resident()
}

// readyAfter is the time from the start to the first 200 of /readyz.
func readyAfter(start func() (*process, error), url func(*process) string) (ns float64, err error) {
	begin := time.Now()
	p, err := start()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	for time.Since(begin) < time.Minute {
		status, _, err := fasthttp.GetTimeout(nil, url(p)+"/readyz", time.Second)
		if err == nil && status == fasthttp.StatusOK {
			return float64(time.Since(begin)), nil
		}
		time.Sleep(time.Millisecond)
	}
	return 0, fmt.Errorf("not ready after a minute: %s", p.tail())
}
