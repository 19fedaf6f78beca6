package main

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/bus"
	"hailong/internal/datadir"
	"hailong/internal/enrolment"
	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/sqlite"
	"hailong/kiosk"
)

// place is where a kiosk's files are.
type place struct {
	Data string `help:"Folder of this kiosk's data." default:"data/kiosk" env:"HAILONG_DATA"`
}

func (p place) key() (ed25519.PrivateKey, error) {
	if err := datadir.Prepare(p.Data); err != nil {
		return nil, err
	}
	return outbox.LoadKey(filepath.Join(p.Data, "kiosk.key"))
}

// keyCmd is `hailong-kiosk key`.
type keyCmd struct{ place }

// Run prints the public key, and makes the key at first.
func (c *keyCmd) Run() error {
	key, err := c.key()
	if err == nil {
		fmt.Println(hex.EncodeToString(key.Public().(ed25519.PublicKey)))
	}
	return err
}

// serveCmd is `hailong-kiosk serve`.
type serveCmd struct {
	place
	server
	Name      string        `help:"Name of this device, for people." default:"kiosk" env:"HAILONG_NAME"`
	Listen    string        `help:"Address of the screen." default:"127.0.0.1:8090" env:"HAILONG_LISTEN"`
	Nats      string        `help:"Where the server's NATS is; several with commas. Default: what the server said when it let this device in." env:"HAILONG_NATS"`
	Screen    int           `name:"screen-width" help:"Width of the screen in millimetres, as it is mounted; without it sizes are guessed." env:"HAILONG_SCREEN_WIDTH"`
	Retention time.Duration `help:"How long facts stay on this device at least." default:"2160h" env:"HAILONG_RETENTION"`
}

// Run serves until the context ends.
func (c *serveCmd) Run(ctx context.Context) error {
	d, err := c.open(ctx, slog.Default())
	if err != nil {
		return err
	}
	slog.Info("hailong-kiosk is ready", "screen", "http://"+d.listener.Addr().String())
	err = d.Run(ctx)
	if ctx.Err() != nil {
		err = nil // asked to stop; what could not be closed is still told
	}
	return errors.Join(err, d.Close())
}

// device is one running kiosk. Tests start the same type on port 0.
type device struct {
	c        *serveCmd
	log      *slog.Logger
	key      ed25519.PrivateKey
	public   ed25519.PublicKey
	pin      string
	outbox   *outbox.Outbox
	link     atomic.Pointer[link]
	app      *fiber.App
	listener net.Listener

	enrolled     atomic.Pointer[enrolled]
	enrolling    sync.Mutex // of who reads enrolledText
	enrolledText string     // what the file said last
	moved        chan struct{}

	config atomic.Pointer[config]
	told   atomic.Pointer[fact.Clock] // the last time that a server told; nil: none since this boot
}

// AfterApply refuses a screen's width that is none.
func (c *serveCmd) AfterApply() error {
	if c.Screen < 0 || c.Screen > maxScreen {
		return fmt.Errorf("--screen-width=%d is no screen's width; try millimetres, such as 477 for 22 inches", c.Screen)
	}
	return nil
}

// maxScreen is the widest screen in millimetres.
const maxScreen = 5000

func (c *serveCmd) open(ctx context.Context, log *slog.Logger) (_ *device, err error) {
	d := &device{c: c, log: log, moved: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if d.key, err = c.key(); err != nil {
		return nil, err
	}
	d.public = d.key.Public().(ed25519.PublicKey)
	if d.pin, err = c.pin(); err != nil {
		return nil, err
	}
	d.outbox, err = outbox.Open(ctx, filepath.Join(c.Data, "outbox.db"), outbox.Options{
		Key: d.key, Role: fact.RoleKiosk, Name: c.Name, Stamp: stamp, Retention: c.Retention,
	})
	if err != nil {
		return nil, err
	}
	d.config.Store(&config{})
	raw, err := d.outbox.Value(ctx, configKey)
	if err != nil {
		return nil, err
	}
	var kept bus.KioskConfig
	if len(raw) > 0 && fact.Unmarshal(raw, &kept) == nil {
		d.take(kept)
	}
	if raw, err = d.outbox.Value(ctx, toldKey); err != nil {
		return nil, err
	}
	var told fact.Clock
	if len(raw) > 0 && fact.Unmarshal(raw, &told) == nil && told.Boot == stamp().Boot {
		d.told.Store(&told)
	}
	e, text, err := c.enrolled()
	if err != nil {
		return nil, err
	}
	e = e.known(c.server.Server, c.server.Pin)
	d.enrolledText = text
	d.enrolled.Store(&e)
	if err = d.connect(); err != nil {
		return nil, err
	}
	if d.app, err = kiosk.New(kiosk.Options{
		Recorder: d.outbox, IsFull: sqlite.IsFull, Config: d.screenConfig, Status: d.status, Log: log, Version: version(),
		ServerTime: d.serverTime, ScreenMM: c.Screen, PIN: d.pin, Enroller: d,
	}); err != nil {
		return nil, err
	}
	if d.listener, err = net.Listen("tcp", c.Listen); err != nil {
		return nil, fmt.Errorf("listen on %s: %w; try another --listen", c.Listen, err)
	}
	return d, nil
}

// Run works until the context ends, or a part fails for good.
func (d *device) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for name, part := range map[string]func(context.Context) error{
		"servers":   d.talk,
		"enrolment": d.stay,
		"prune":     d.prune,
		"screen":    d.listen,
	} {
		wg.Go(func() {
			if err := part(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

func (d *device) listen(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		if err := d.app.ShutdownWithTimeout(2 * time.Second); err != nil {
			d.log.Debug("the screen did not end in time", "error", err)
		}
		// Shutdown knows nothing of a listener that is not served yet.
		if err := d.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			d.log.Debug("close the listener", "error", err)
		}
	})
	defer stop()
	return d.app.Listener(d.listener)
}

// status is what staff see.
func (d *device) status(ctx context.Context) (kiosk.Status, error) {
	stats, err := d.outbox.Stats(ctx)
	if err != nil {
		return kiosk.Status{}, err
	}
	u, err := d.link.Load().uplink.Status(ctx)
	if err != nil {
		return kiosk.Status{}, err
	}
	c, e := d.config.Load(), d.enrolled.Load()
	s := kiosk.Status{
		Kiosk: d.c.Name, Origin: stats.Origin.String(), Admitted: c.Admitted,
		Backlog: int64(u.Unconfirmed), WordsUnsent: u.WordsUnsent, LastContact: u.LastContact, Facts: int64(stats.Facts), Bytes: stats.Bytes,
		Fingerprint: enrolment.Fingerprint(d.public), Server: e.Server, Enrolled: e.JWT != "",
	}
	if c.Kiosk != "" {
		s.Kiosk = c.Kiosk
	}
	if u.OldestUnsent.Wall != 0 {
		s.OldestUnsent = time.UnixMilli(u.OldestUnsent.Wall)
	}
	if now, ok := d.serverTime(); ok {
		s.ClockOffset, s.ClockKnown = time.Duration(stamp().Wall-now.UnixMilli())*time.Millisecond, true
	}
	if stats.Failing && stats.LastError != nil {
		s.StorageError, s.StorageFailed = stats.LastError.Error(), stats.LastErrorAt
	}
	return s, nil
}

// prune gives old facts up once all servers hold them; it needs the marks and a
// clock fact of this start, so the first attempt is not at once.
func (d *device) prune(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if _, err := d.outbox.Prune(ctx, d.config.Load().Servers); err != nil && ctx.Err() == nil {
			d.log.Warn("prune the outbox", "error", err)
		}
		if _, err := d.link.Load().uplink.PruneWords(ctx); err != nil && ctx.Err() == nil {
			d.log.Warn("prune the outbox's words", "error", err)
		}
		if _, err := d.link.Load().uplink.EraseGone(ctx); err != nil && ctx.Err() == nil {
			d.log.Warn("erase the outbox's words", "error", err)
		}
	}
}

// Close gives everything back, the last opened first.
func (d *device) Close() error {
	var errs []error
	if d.listener != nil {
		if err := d.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if l := d.link.Load(); l != nil {
		l.bus.Close()
	}
	if d.outbox != nil {
		errs = append(errs, d.outbox.Close())
	}
	return errors.Join(errs...)
}

// version is the module's version or commit, as the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "dev"
	}
	return info.Main.Version
}
