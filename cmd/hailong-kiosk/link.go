package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"hailong/internal/bus"
	"hailong/internal/enrolment"
	"hailong/internal/survey"
	"hailong/internal/uplink"
)

// link is the device's way to the servers: another one, where it was told
// another address.
type link struct {
	bus    *bus.Bus
	uplink *uplink.Uplink
}

// errNotEnrolled is why there is no connection yet.
var errNotEnrolled = errors.New("this device has not been let in yet")

// connect makes the way that the device knows now. It returns at once: nobody
// need be there yet.
func (d *device) connect() error {
	e, url := d.enrolled.Load(), d.c.Nats
	if url == "" {
		url = strings.Join(e.NATS, ",")
	}
	b, err := bus.Connect(bus.Options{
		Name: "kiosk " + d.c.Name, URL: url, JWT: d.credential, Key: d.key, CA: []byte(e.CA), Log: d.log,
	})
	if err != nil {
		return err
	}
	d.link.Store(&link{b, uplink.New(uplink.Options{
		Outbox: d.outbox, Bus: b, Log: d.log, Stamp: stamp, Clock: d.clock,
		Servers: func() []string { return d.config.Load().Servers },
	})})
	return nil
}

// credential is asked at each attempt to connect.
func (d *device) credential() (string, error) {
	if jwt := d.enrolled.Load().JWT; jwt != "" {
		return jwt, nil
	}
	return "", errNotEnrolled
}

// talk drains the outbox and asks for the configuration, over the way that holds.
func (d *device) talk(ctx context.Context) error {
	for {
		l := d.link.Load()
		err := d.talkOver(ctx, l)
		if ctx.Err() != nil || err != nil {
			return err
		}
		l.bus.Close()
		if err := d.connect(); err != nil {
			return err
		}
	}
}

// talkOver ends without an error where another way is known.
func (d *device) talkOver(ctx context.Context, l *link) error {
	over, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for name, part := range map[string]func(context.Context) error{
		"uplink": l.uplink.Run,
		"config": func(ctx context.Context) error { return d.configure(ctx, l.bus) },
	} {
		wg.Go(func() {
			if err := part(over); err != nil && over.Err() == nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	select {
	case <-over.Done():
	case <-d.moved:
		cancel(nil)
		wg.Wait()
		return nil
	}
	wg.Wait()
	return context.Cause(over)
}

const (
	// look is how often the device looks for what was told it: by another process,
	// or by a broker that lets it in no more.
	look = time.Second
	// soon and late are the pauses between requests to the office, which grow.
	soon, late = time.Second, 15 * time.Second
)

// stay takes over what `hailong-kiosk enrol` wrote beside it, and gets another
// credential where there is none, or the broker refuses it.
func (d *device) stay(ctx context.Context) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	pause, next := soon, time.Time{}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := d.reread(); err != nil {
			d.log.Warn("enrolment", "error", err)
			continue
		}
		if !d.needsCredential() {
			pause, next = soon, time.Time{}
			continue
		}
		if time.Now().Before(next) {
			continue
		}
		err := d.letIn(ctx, *d.enrolled.Load(), "", "vi")
		if err != nil && ctx.Err() == nil {
			d.log.Info("no credential yet", "error", told(err))
		}
		next, pause = time.Now().Add(pause), min(2*pause, late)
	}
}

// needsCredential says whether to ask the office for one: where an office is
// known, and the broker lets the device in no more, or never did.
func (d *device) needsCredential() bool {
	e := d.enrolled.Load()
	if e.Server == "" {
		return false
	}
	connected, err := d.link.Load().bus.State()
	return e.JWT == "" || !connected && bus.Refused(err)
}

// reread takes over what the file says now.
func (d *device) reread() error {
	d.enrolling.Lock()
	defer d.enrolling.Unlock()
	e, text, err := d.c.enrolled()
	if err != nil || text == d.enrolledText {
		return err
	}
	d.enrolledText = text
	d.takeEnrolment(e.known(d.c.Server, d.c.Pin))
	return nil
}

// letIn asks an office to let the device in, and takes over what it says. Errors
// are survey.Errors, with the server's sentence, or say what to try.
func (d *device) letIn(ctx context.Context, at enrolled, code, language string) error {
	if _, err := d.c.enrol(ctx, d.key, at, code, language); err != nil {
		return err
	}
	return d.reread()
}

// takeEnrolment makes what was told the one in force, and connects anew where that
// changes anything.
func (d *device) takeEnrolment(e enrolled) {
	was := d.enrolled.Swap(&e)
	switch {
	case d.c.Nats == "" && strings.Join(was.NATS, ",") != strings.Join(e.NATS, ","), was.CA != e.CA:
		select {
		case d.moved <- struct{}{}:
		default: // it is known already
		}
	case was.JWT != e.JWT:
		if err := d.link.Load().bus.Renew(); err != nil {
			d.log.Debug("connect with the new credential", "error", err)
		}
	}
}

// Pin and Enrol are for the staff's corner: see kiosk.Enroller.
func (d *device) Pin(ctx context.Context, server string) (enrolment.Pin, error) {
	return pinAt(ctx, server)
}

// Enrol has the device let in by a code.
func (d *device) Enrol(ctx context.Context, server string, pin enrolment.Pin, code, language string) error {
	at := *d.enrolled.Load()
	at.Server, at.Pin = server, pin
	err := d.letIn(ctx, at, code, language)
	if err != nil {
		d.log.Warn("enrolment from the corner", "error", told(err))
	}
	var known *survey.Error
	var lost *unreachable
	if err != nil && !errors.As(err, &known) && errors.As(err, &lost) {
		return survey.Wrap(survey.CodeNoServer, err)
	}
	return err
}
