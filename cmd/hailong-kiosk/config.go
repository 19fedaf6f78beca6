package main

import (
	"context"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/kiosk"
)

// config is what a server said of this kiosk's place.
type config struct {
	bus.KioskConfig
	patterns receipt.Patterns      // compiled; nil: the usual ones
	sheet    *survey.Questionnaire // nil: the overall question alone
	hours    survey.Hours
}

// Where the outbox keeps, for offline starts, the last configuration and the last
// time that a server told.
const (
	configKey = "config"
	toldKey   = "told"
)

// configure asks a server for this kiosk's place: often until it is admitted,
// then once a minute.
func (d *device) configure(ctx context.Context, b *bus.Bus) error {
	for {
		wait := 2 * time.Second
		link, done, err := b.Connected(ctx)
		if err != nil {
			return err
		}
		asked, cancel := context.WithTimeout(link, 2*time.Second)
		c, err := b.Config(asked, d.public)
		cancel()
		done()
		switch {
		case err != nil:
			d.log.Debug("configuration", "error", err)
		case c.Admitted:
			wait = time.Minute
			fallthrough
		default:
			if err := d.keep(ctx, c); err != nil {
				d.log.Warn("keep the configuration for offline starts", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// keep takes a configuration over, and stores it where it is another.
func (d *device) keep(ctx context.Context, c bus.KioskConfig) error {
	now, err := fact.Marshal(&c)
	if err != nil {
		return err
	}
	was, err := fact.Marshal(&d.config.Load().KioskConfig)
	if err != nil || string(was) == string(now) {
		return err
	}
	d.take(c)
	return d.outbox.SetValue(ctx, configKey, now)
}

// take makes a configuration the one in force. What is not understood here, as
// something of a newer server might not be, leaves what holds without it.
func (d *device) take(c bus.KioskConfig) {
	in := &config{KioskConfig: c}
	if len(c.Patterns) > 0 {
		var err error
		if in.patterns, err = receipt.CompilePatterns(c.Patterns); err != nil {
			in.patterns = nil
			d.log.Warn("the forms of dossier codes in the settings are not understood; the usual ones hold", "error", err)
		}
	}
	if len(c.Questionnaire) > 0 {
		var err error
		if in.sheet, err = survey.ParseQuestionnaire(c.Questionnaire); err != nil {
			in.sheet = nil
			d.log.Warn("the questionnaire is not understood; the overall question alone is asked", "error", err)
		}
	}
	var err error
	if in.hours, err = survey.ParseHours(c.Hours); err != nil {
		d.log.Warn("the opening hours are not understood; the screen does not sleep", "error", err)
	}
	d.config.Store(in)
}

// screenConfig is what the screen needs of the configuration.
func (d *device) screenConfig() kiosk.Config {
	c := d.config.Load()
	k := kiosk.Config{
		Desk: c.Desk, DeskName: c.DeskName, UnitName: c.UnitName, DeskEN: c.DeskEN, UnitEN: c.UnitEN, Patterns: c.patterns,
		Service: survey.Service(c.Service), Sheet: c.sheet, Languages: c.Languages, Hours: c.hours, PublicURL: c.PublicURL,
	}
	if len(c.Kept) == len(survey.Retentions) {
		k.KeepComments, k.KeepContacts = int(c.Kept[0]), int(c.Kept[1])
	}
	if len(c.Seal) == 32 {
		k.SealKey = (*[32]byte)(c.Seal)
	}
	return k
}

// clock records what time a server said it was.
func (d *device) clock(ctx context.Context, c fact.Clock) error {
	d.told.Store(&c)
	kept, err := fact.Marshal(&c)
	if err != nil {
		return err
	}
	if _, err := d.outbox.Append(ctx, fact.Entry{Kind: fact.KindClock, Body: &c}); err != nil {
		return err
	}
	return d.outbox.SetValue(ctx, toldKey, kept)
}

// serverTime is what time it is at the servers, by this device's time since its
// boot: its wall clock may say anything.
func (d *device) serverTime() (time.Time, bool) {
	told, now := d.told.Load(), stamp()
	if told == nil || told.Boot != now.Boot {
		return time.Time{}, false
	}
	return time.UnixMilli(told.Server + now.Mono - told.Mono), true
}
