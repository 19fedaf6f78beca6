package main

import (
	"context"
	"errors"
	"path/filepath"
)

// slowCard measures taps of 16 connections where each sync takes 10 ms longer,
// against the bare group commit without HTTP.
func (b *bench) slowCard(ctx context.Context) (err error) {
	dir, err := b.folder("slow")
	if err != nil {
		return err
	}
	env := []string{"LD_PRELOAD=" + b.program("slowsync.so"), "SLOW_SYNC_US=10000"}
	kiosk, err := b.kiosk(filepath.Join(dir, "kiosk"), "", env...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kiosk.end()) }()
	var rate pairs
	for turn := range b.turns {
		p, err := drive(ctx, kioskTarget(kiosk), 16, b.warm, b.span)
		if err != nil {
			return err
		}
		plain, err := b.folder("slow-bare")
		if err != nil {
			return err
		}
		f, err := b.bare(ctx, env, "rows", "-db", filepath.Join(plain, "rows.db"), "-callers", "16", "-for", b.span.String())
		if err != nil {
			return err
		}
		rate.add(p.perSecond, f.PerSecond)
		b.compare(ctx, &rate, env, "sqlite", "-mode", "group", "-n", "16", "-runs", "1", "-dir", plain)
		b.say("slow card, turn %d of %d: kiosk %s, bare %s", turn+1, b.turns, perSecond(p.perSecond), perSecond(f.PerSecond))
	}
	b.table.add(rate.line("taps on a slow card (10 ms a sync), 16 connections", perSecond, "≥ 0.8 ×", rate.ratio() >= 0.8))
	return nil
}
