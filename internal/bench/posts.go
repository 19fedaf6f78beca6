package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// posts measures POSTs at the kiosk, of which no server is reachable, against
// the bare program behind the same HTTP library.
func (b *bench) posts(ctx context.Context) (err error) {
	dir, err := b.folder("taps")
	if err != nil {
		return err
	}
	product, err := b.kiosk(filepath.Join(dir, "kiosk"), "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, product.end()) }()
	plain, err := b.start(bareReady, nil, "bare", "http", "-db", filepath.Join(dir, "bare.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plain.end()) }()
	for _, conns := range []int{1, 16, 64} {
		var rate, tail, cpu pairs
		for turn := range b.turns {
			p, err := drive(ctx, kioskTarget(product), conns, b.warm, b.span)
			if err != nil {
				return err
			}
			q, err := drive(ctx, bareTarget(plain), conns, b.warm, b.span)
			if err != nil {
				return err
			}
			rate.add(p.perSecond, q.perSecond)
			tail.add(p.p99, q.p99)
			cpu.add(p.cpu, q.cpu)
			if b.yardstick != "" {
				if y, err := b.yardstickHTTP(ctx, dir, conns); err != nil {
					b.say("yardstick: %v", err)
				} else {
					rate.yardstick, tail.yardstick = append(rate.yardstick, y.perSecond), append(tail.yardstick, y.p99)
				}
			}
			b.say("taps, %d connections, turn %d of %d: kiosk %s, p99 %s, CPU %s each; bare %s, p99 %s, CPU %s each", conns, turn+1, b.turns,
				perSecond(p.perSecond), millis(p.p99), micros(p.cpu), perSecond(q.perSecond), millis(q.p99), micros(q.cpu))
		}
		what := fmt.Sprintf("kiosk `POST`, durable, %d connection", conns)
		if conns > 1 {
			what += "s"
		}
		b.table.add(rate.line(what, perSecond, "≥ 0.8 ×", rate.ratio() >= 0.8))
		b.table.add(tail.line("… p99", millis, "≤ 1.5 ×", tail.ratio() <= 1.5))
		b.table.add(cpu.line("… CPU of the process for each", micros, "–", true))
	}
	return nil
}
