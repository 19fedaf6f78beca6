// Package follow keeps a server's projection level with the stream, tells
// origins and other servers how far it holds each chain, and gives other
// servers what they lack.
package follow

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/organisation"
	"hailong/server/projection"
)

// Bus is what following needs of NATS (*bus.Bus has it).
type Bus interface {
	Reader(from bus.Position, o bus.ReaderOptions) *bus.Reader
	Connected(ctx context.Context) (context.Context, context.CancelFunc, error)
	PublishMark(public []byte, m fact.Mark) error
	OnEveryMark(fn func(fact.Mark)) (stop func(), err error)
	Ask(origin fact.OriginID) error
	OnAsk(fn func(public []byte, origin fact.OriginID)) (stop func(), err error)
	ServeDevices() (stop func(), err error)
	ServeTime(server string, now func() time.Time) (stop func(), err error)
	ServeConfig(fn func(public []byte) (bus.KioskConfig, error)) (stop func(), err error)
	HashAt(ctx context.Context, server string, origin fact.OriginID, number uint64) (h fact.Hash, held bool, err error)
	ServeHash(server string, fn func(asker []byte, origin fact.OriginID, number uint64) (h fact.Hash, held bool, err error)) (stop func(), err error)
	Publish(origin fact.OriginID, data []byte, head fact.Mark) (*bus.Ack, error)
}

// Options of New; Server, Servers, Bus and Projection must be set.
type Options struct {
	Server     string          // id of this server
	Servers    []string        // ids of all servers that must hold every fact, this one among them
	Seal       func() [32]byte // X25519 public key that kiosks are told
	PublicURL  func() string   // what citizens' phones reach; nil: kiosks are not told
	Bus        Bus
	Projection *projection.Projection
	Now        func() time.Time
	Log        *slog.Logger

	// Lag is how long another server's mark may stay behind before this one
	// gives it what it lacks; its origin, which can do so itself, comes first.
	// 0: 15 s. Round is how often the others are asked for all marks; 0: 60 s.
	Lag, Round time.Duration
}

// Follower runs until its context ends.
type Follower struct {
	o Options

	mu     sync.Mutex
	behind map[lagKey]*lag
	since  time.Time            // it listens; zero: not yet
	kiosks map[string]time.Time // by public key of a kiosk that is admitted
}

// New makes a follower; nothing happens before Run.
func New(o Options) *Follower {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Lag == 0 {
		o.Lag = 15 * time.Second
	}
	if o.Round == 0 {
		o.Round = time.Minute
	}
	return &Follower{o: o, behind: map[lagKey]*lag{}, kiosks: map[string]time.Time{}}
}

// Changed publishes the watermarks that a commit moved. To be called by
// projection.Options.OnChange.
func (f *Follower) Changed(c projection.Change) { f.publish(c.Marks) }

func (f *Follower) publish(marks []fact.Mark) {
	for _, m := range marks {
		public, ok := f.o.Projection.Public(m.Origin)
		if ok && !f.tell(public, m) {
			return // all are told again after the reconnection
		}
	}
}

func (f *Follower) tell(public []byte, m fact.Mark) (ok bool) {
	err := f.o.Bus.PublishMark(public, m)
	if err != nil && !errors.Is(err, bus.ErrDisconnected) {
		f.o.Log.Warn("publish a watermark", "error", err)
	}
	return err == nil
}

// asked tells the mark of an origin to whose it is, whoever asks; of one that is
// not known here to the asker, that nothing is held.
func (f *Follower) asked(public []byte, origin fact.OriginID) {
	if owner, ok := f.o.Projection.Public(origin); ok {
		public = owner
	}
	f.tell(public, f.o.Projection.Mark(origin))
}

// hashAt tells servers of all chains, and a device of its own.
func (f *Follower) hashAt(ctx context.Context, asker []byte, origin fact.OriginID, number uint64) (h fact.Hash, held bool, err error) {
	if owner, ok := f.o.Projection.Public(origin); !ok || asker != nil && !bytes.Equal(owner, asker) {
		return h, false, nil
	}
	return f.o.Projection.HashAt(ctx, origin, number)
}

// Run follows the stream and serves origins until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	stops, err := f.serve(ctx)
	defer func() {
		for _, stop := range stops {
			stop()
		}
	}()
	if err != nil {
		return err
	}
	with, stop := context.WithCancel(ctx) // the others end with this
	var others sync.WaitGroup
	defer others.Wait()
	defer stop()
	if len(f.o.Servers) > 1 {
		others.Go(func() { f.refill(with) })
	}
	p := f.o.Projection.Position()
	reader := f.o.Bus.Reader(bus.Position{Stream: p.Stream, Sequence: p.Sequence, Digest: p.Digest}, bus.ReaderOptions{})
	// One group is opened while another is applied.
	groups, ended := make(chan group), make(chan error, 1)
	others.Go(func() {
		defer reader.Close()
		ended <- f.read(with, reader, groups)
	})
	current := false // the last group reached the end
	for {
		var g group
		select {
		case g = <-groups:
		case err := <-ended:
			return err
		}
		if err := f.apply(ctx, g); err != nil {
			return err
		}
		// What a group did not touch is told too once the end is reached, and
		// again after each reconnection, which gives an empty group.
		if g.CaughtUp && (!current || len(g.Messages) == 0) {
			f.publish(f.o.Projection.Marks())
		}
		current = g.CaughtUp
	}
}

// group is a run of messages whose signatures are checked.
type group struct {
	bus.Group
	opened projection.Opened
}

// read opens groups ahead of the one that is applied.
func (f *Follower) read(ctx context.Context, reader *bus.Reader, groups chan<- group) error {
	for {
		g, err := reader.Next(ctx)
		if err != nil {
			return err
		}
		messages := make([][]byte, len(g.Messages))
		for i, m := range g.Messages {
			messages[i] = m.Data
		}
		select {
		case groups <- group{g, f.o.Projection.Open(messages)}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// apply stores a group, however often it takes: a full disk gets space again,
// and what is in the stream is in no danger meanwhile.
func (f *Follower) apply(ctx context.Context, g group) error {
	at := projection.Position{Stream: g.Position.Stream, Sequence: g.Position.Sequence, Digest: g.Position.Digest}
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := f.o.Projection.Apply(ctx, g.opened, at, g.CaughtUp)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		f.o.Log.Error("the projection could not store what it read; trying again", "error", err, "in", wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// serve answers questions of origins and servers.
func (f *Follower) serve(ctx context.Context) (stops []func(), err error) {
	f.mu.Lock()
	f.since = f.o.Now()
	f.mu.Unlock()
	for _, subscribe := range []func() (func(), error){
		func() (func(), error) {
			return f.o.Bus.OnAsk(f.asked)
		},
		f.o.Bus.ServeDevices,
		func() (func(), error) { return f.o.Bus.ServeTime(f.o.Server, f.o.Now) },
		func() (func(), error) {
			return f.o.Bus.ServeConfig(func(public []byte) (bus.KioskConfig, error) { return f.config(ctx, public) })
		},
		func() (func(), error) {
			return f.o.Bus.ServeHash(f.o.Server, func(asker []byte, o fact.OriginID, n uint64) (fact.Hash, bool, error) {
				return f.hashAt(ctx, asker, o, n)
			})
		},
		func() (func(), error) { return f.o.Bus.OnEveryMark(f.heard) },
	} {
		stop, err := subscribe()
		if err != nil {
			return stops, err
		}
		stops = append(stops, stop)
	}
	return stops, nil
}

// config is what a kiosk is told of its place. A kiosk that is not admitted is
// told so, and records all the same: its facts wait.
func (f *Follower) config(ctx context.Context, public []byte) (bus.KioskConfig, error) {
	k, err := f.o.Projection.LookupKiosk(ctx, public)
	if err != nil {
		return bus.KioskConfig{}, err
	}
	if k.Admitted { // others may be as many as they like
		f.mu.Lock()
		f.kiosks[string(public)] = f.o.Now()
		f.mu.Unlock()
	}
	var failed []error
	setting := func(key string) string {
		value, err := f.o.Projection.Setting(ctx, key)
		failed = append(failed, err)
		return value
	}
	asked, _, err := f.o.Projection.InForce(ctx, survey.DayOf(f.o.Now()))
	failed = append(failed, err)
	var seal [32]byte
	if f.o.Seal != nil {
		seal = f.o.Seal()
	}
	c := bus.KioskConfig{
		Kiosk: k.Code, Desk: k.Desk, DeskName: k.DeskName, UnitName: k.UnitName, DeskEN: k.DeskEN, UnitEN: k.UnitEN,
		Servers: f.o.Servers, Seal: seal[:], Admitted: k.Admitted,
		Service: k.Service, Questionnaire: asked.Document, Languages: organisation.Languages(setting(organisation.SettingLanguages)),
	}
	if patterns := setting(organisation.SettingPatterns); patterns != "" {
		c.Patterns = strings.Split(patterns, "\n")
	}
	if k.Desk != "" {
		c.Hours = setting(organisation.HoursOf(k.Desk))
	}
	if c.Hours == "" {
		c.Hours = setting(organisation.SettingHours)
	}
	for _, r := range survey.Retentions {
		c.Kept = append(c.Kept, uint16(r.Of(setting(r.Setting)))) // at most survey.MostRetention
	}
	if f.o.PublicURL != nil {
		c.PublicURL = f.o.PublicURL()
	}
	return c, errors.Join(failed...)
}

// Heard says when the admitted kiosk of a public key last asked for its
// configuration, which it does once a minute; and since when this server
// listens. Zero: not yet.
func (f *Follower) Heard(public []byte) (last, since time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kiosks[string(public)], f.since
}
