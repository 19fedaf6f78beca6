package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

var (
	yardRate = regexp.MustCompile(`(?:rows|req)/s=([0-9.]+)`)
	yardP99  = regexp.MustCompile(`p99=(\S+)`)
)

// yardFigures reads what a program of the yardstick printed.
func yardFigures(out []byte) (s speed, err error) {
	rate := yardRate.FindSubmatch(out)
	if rate == nil {
		return s, fmt.Errorf("the yardstick printed %q", out)
	}
	s.perSecond, err = strconv.ParseFloat(string(rate[1]), 64)
	if m := yardP99.FindSubmatch(out); m != nil && err == nil {
		var d time.Duration
		d, err = time.ParseDuration(string(m[1]))
		s.p99 = float64(d)
	}
	return s, err
}

// compare adds what a program of the yardstick measures. One that fails or does
// not end in time leaves the turn without a figure, and the line uncompared.
func (b *bench) compare(ctx context.Context, to *pairs, env []string, name string, args ...string) {
	if b.yardstick == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	s, err := b.yard(ctx, env, name, args...)
	if err != nil {
		b.say("yardstick: %v", err)
		return
	}
	to.yardstick = append(to.yardstick, s.perSecond)
}

func (b *bench) yard(ctx context.Context, env []string, name string, args ...string) (speed, error) {
	out, err := b.output(ctx, env, filepath.Join("yardstick", name), args...)
	if err != nil {
		return speed{}, err
	}
	return yardFigures(out)
}

// yardstickHTTP runs its server and its load.
func (b *bench) yardstickHTTP(ctx context.Context, dir string, conns int) (s speed, err error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return s, err
	}
	addr := free.Addr().String()
	if err := free.Close(); err != nil {
		return s, err
	}
	// It does not say when it is ready.
	server, err := b.start(nil, nil, "yardstick/http", "-mode", "group", "-db", filepath.Join(dir, "yardstick.db"), "-addr", addr)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, server.end()) }()
	if err := reachable(ctx, addr); err != nil {
		return s, err
	}
	return b.yard(ctx, nil, "loadgen", "-url", "http://"+addr+"/rating", "-c", strconv.Itoa(conns), "-secs", fmt.Sprint(b.span.Seconds()))
}

// reachable waits until somebody listens.
func reachable(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(5 * time.Millisecond):
		}
	}
}
