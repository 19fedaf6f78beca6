package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/bus"
	"hailong/internal/datadir"
	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/survey"
	"hailong/internal/uplink"
	"hailong/server/access"
	"hailong/server/account"
	"hailong/server/audit"
	"hailong/server/broker"
	"hailong/server/certify"
	"hailong/server/closing"
	"hailong/server/export"
	"hailong/server/follow"
	"hailong/server/keyring"
	"hailong/server/natsauth"
	"hailong/server/page"
	"hailong/server/periodic"
	"hailong/server/projection"
	"hailong/server/prooflog"
	"hailong/server/words"
)

// serveCmd is `hailong-server serve`.
type serveCmd struct {
	Data         string         `help:"Folder of this server's data." default:"data/server" env:"HAILONG_DATA"`
	Keys         string         `help:"The servers' shared key file, kept apart from backups; made at the very first start. Default: DATA.keys beside the folder." env:"HAILONG_KEYS"`
	Name         string         `help:"Id of this server." default:"s1" env:"HAILONG_NAME"`
	Servers      []string       `help:"Ids of all servers that must hold every fact. Default: this one." env:"HAILONG_SERVERS"`
	Listen       string         `help:"Address of the pages." default:"127.0.0.1:8080" env:"HAILONG_LISTEN"`
	PublicURL    string         `help:"What citizens' phones reach: the address in the QR. Default: http:// and the address of the pages." env:"HAILONG_PUBLIC_URL"`
	Nats         string         `help:"External NATS (nats://…); default: a NATS server inside this one." env:"HAILONG_NATS"`
	NatsCA       string         `name:"nats-ca" help:"PEM file of the authority that signed the external NATS servers' certificates. Default: the system's authorities." env:"HAILONG_NATS_CA" type:"path"`
	NatsAddr     string         `help:"Address of the NATS server inside, for kiosks." default:"127.0.0.1:4222" env:"HAILONG_NATS_LISTEN"`
	StreamDir    string         `help:"Folder of the stream, on another disk than DATA where there is one. Default: DATA/stream." env:"HAILONG_STREAM_DIR"`
	Replicas     int            `help:"Copies of the stream in an external NATS cluster." default:"1" env:"HAILONG_REPLICAS"`
	Retention    time.Duration  `help:"How long facts stay in this server's outbox and in the stream at least." default:"2160h" env:"HAILONG_RETENTION"`
	Map          string         `help:"GeoJSON file of the areas of units, joined by properties.code: adds the page /map." env:"HAILONG_MAP" type:"path"`
	NatsURL      string         `name:"nats-url" help:"Where kiosks find NATS (tls://…), several with commas. Default: the address of the NATS server inside." env:"HAILONG_NATS_URL"`
	TrustedProxy []netip.Prefix `help:"Networks (10.0.0.5/32) of proxies before this server: only they are believed who it is that they speak for (X-Forwarded-For). Default: none." env:"HAILONG_TRUSTED_PROXY"`
	tlsFlags
	oidcFlags
	Confirm    time.Duration `help:"How long an answer waits for the stream's copy, where that is a second one." default:"10s" hidden:""`
	Quiet      time.Duration `help:"How long no ballot of past months may have come or gone before one is closed." default:"1m" hidden:""`
	Checkpoint time.Duration `help:"How long between two checkpoints of the log of the facts." default:"1h" hidden:""`
	Refill     time.Duration `help:"How long another server may stay behind before this one gives it what it lacks." default:"15s" hidden:""`
}

// Run serves until the context ends.
func (c *serveCmd) Run(ctx context.Context) error {
	s, err := c.open(ctx, slog.Default())
	if err != nil {
		return err
	}
	slog.Info("hailong-server is ready", "pages", s.URL(), "nats", s.NATS())
	err = s.Run(ctx)
	if ctx.Err() != nil {
		err = nil // asked to stop; what could not be closed is still told
	}
	return errors.Join(err, s.Close())
}

// server is one running server. Tests start the same type on port 0.
type server struct {
	c    *serveCmd
	log  *slog.Logger
	keys *keyring.Ring

	realm     *natsauth.Realm
	broker    *broker.Broker // nil with an external NATS
	natsAdmin *bus.Bus       // nil with the one inside
	natsCA    []byte         // PEM of --nats-ca
	devices   *natsauth.Keeper
	bus       *bus.Bus
	outbox    *outbox.Outbox
	proj      *projection.Projection
	proofs    *prooflog.Log
	words     *words.Store
	keeper    *words.Keeper
	closed    *closing.Store
	closings  *closing.Keeper
	follower  *follow.Follower
	uplink    *uplink.Uplink
	reports   *periodic.Store
	ballots   *export.Store // of closed months

	recorder          *audit.Recorder // through which whatever changes something is recorded
	accounts          *account.Gate
	auth              access.Authenticator // nil: nobody but the operator comes in
	cert              *certify.Source      // nil: neither pages nor NATS speak TLS
	tlsPages, tlsNATS bool

	app      *fiber.App
	listener net.Listener
	pages    pages
	areas    *page.Map // nil: no map
}

// open opens everything; a fault gives back what was open.
func (c *serveCmd) open(ctx context.Context, log *slog.Logger) (_ *server, err error) {
	if c.Keys == "" {
		c.Keys = c.Data + ".keys"
	}
	if len(c.Servers) == 0 {
		c.Servers = []string{c.Name}
	}
	if !slices.Contains(c.Servers, c.Name) {
		return nil, fmt.Errorf("--servers=%v does not name this server; try: --servers=%s,…", c.Servers, c.Name)
	}
	s := &server{c: c, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if c.Map != "" {
		if s.areas, err = page.LoadMap(c.Map); err != nil {
			return nil, err
		}
	}
	if err = datadir.Prepare(c.Data); err != nil {
		return nil, err
	}
	_, statErr := os.Stat(filepath.Join(c.Data, "server.db"))
	if s.keys, err = keyring.Open(c.Keys, os.IsNotExist(statErr)); err != nil {
		return nil, err
	}
	if err = s.certificates(); err != nil {
		return nil, err
	}
	key, err := outbox.LoadKey(filepath.Join(c.Data, "server.key"))
	if err != nil {
		return nil, err
	}
	s.outbox, err = outbox.Open(ctx, filepath.Join(c.Data, "outbox.db"), outbox.Options{
		Key: key, Role: fact.RoleServer, Name: c.Name, Retention: c.Retention,
		Member: s.keys.Member(key.Public().(ed25519.PublicKey)),
	})
	if err != nil {
		return nil, err
	}
	s.proj, err = projection.Open(ctx, filepath.Join(c.Data, "server.db"), projection.Options{
		Server: c.Name, Keys: s.keys, Log: log, OnChange: func(ch projection.Change) {
			s.follower.Changed(ch)
			s.keeper.Changed(ch.Texts)
			s.keeper.Gone(ch.Erased)
			s.pages.changed(ch)
			s.proofs.Wake()
			if ch.Revoked {
				s.devices.Changed()
			}
		},
	})
	if err != nil {
		return nil, err
	}
	if err = s.connect(ctx, key.Public().(ed25519.PublicKey)); err != nil {
		return nil, err
	}
	s.devices = s.doors()
	s.proofs, err = prooflog.Open(ctx, filepath.Join(c.Data, "log.db"), prooflog.Options{
		Server: c.Name, Key: key, Projection: s.proj, Append: s.Append, Log: log, Every: c.Checkpoint,
	})
	if err != nil {
		return nil, err
	}
	if err = s.openClosings(ctx); err != nil {
		return nil, err
	}
	if s.words, err = words.Open(ctx, filepath.Join(c.Data, "words.db"), s.keys); err != nil {
		return nil, err
	}
	s.keeper = words.New(words.Options{Server: c.Name, Bus: s.bus, Store: s.words, Texts: s.proj, Log: log})
	s.follower = follow.New(follow.Options{
		Server: c.Name, Servers: c.Servers, Seal: s.keys.Public, PublicURL: func() string { return c.PublicURL }, Bus: s.bus, Projection: s.proj, Log: log, Lag: c.Refill, Round: 4 * c.Refill,
	})
	s.uplink = uplink.New(uplink.Options{
		Outbox: s.outbox, Bus: s.bus, Servers: func() []string { return c.Servers }, Log: log,
	})
	if s.listener, err = net.Listen("tcp", c.Listen); err != nil {
		return nil, fmt.Errorf("listen on %s: %w; try another --listen", c.Listen, err)
	}
	if c.PublicURL == "" {
		c.PublicURL = s.reachable()
	}
	if err = s.openAccounts(); err != nil {
		return nil, err
	}
	if err = s.wire(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// streamApart says whether the stream is a second copy of what this server
// records: replicated, or on another disk.
func (s *server) streamApart() bool { return s.c.StreamDir != "" || s.c.Replicas > 1 }

// Append records what this server takes in itself. Where the stream is a second
// copy it is answered only once that has it too, with the words: there is no
// kiosk behind it. That wait is bounded, and ends with the server: then the
// references come with survey.CodeUnconfirmed. The facts are on this disk all
// the same, count, and go out when the link is back; who sends the same again
// does no harm.
func (s *server) Append(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error) {
	refs, err := s.outbox.Append(ctx, entries...)
	if err != nil || !s.streamApart() {
		return refs, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.c.Confirm)
	defer cancel()
	defer context.AfterFunc(s.pages.live, cancel)()
	err = s.uplink.WaitPublished(ctx, refs[len(refs)-1])
	for _, e := range entries {
		if err == nil && len(e.Words) > 0 {
			err = s.uplink.WaitWords(ctx, sha256.Sum256(e.Words))
		}
	}
	if err != nil {
		return refs, survey.Wrap(survey.CodeUnconfirmed, err)
	}
	return refs, nil
}

// Addr is where the pages are.
func (s *server) Addr() string { return s.listener.Addr().String() }

// NATS is where kiosks connect.
func (s *server) NATS() string {
	if s.broker != nil {
		return s.broker.URL()
	}
	return s.c.Nats
}

// Run works until the context ends, or a part fails for good.
func (s *server) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for name, part := range map[string]func(context.Context) error{
		"follow":   s.follower.Run,
		"devices":  s.devices.Run,
		"uplink":   s.uplink.Run,
		"words":    s.keeper.Run,
		"sessions": s.accounts.Run,
		"first":    s.firstLink,
		"rewrap":   s.rewrap,
		"closings": s.closings.Run,
		"proofs":   s.proofs.Run,
		"prune":    s.prune,
		"reports":  s.keepReports,
		"pages":    s.listen,
		"tls":      s.renewCertificates,
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

func (s *server) listen(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		s.pages.close()
		if err := s.app.ShutdownWithTimeout(2 * time.Second); err != nil {
			s.log.Debug("pages did not end in time", "error", err)
		}
		// Shutdown knows nothing of a listener that is not served yet.
		if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			s.log.Debug("close the listener", "error", err)
		}
	})
	defer stop()
	return s.app.Listener(s.over(s.listener))
}

// prune gives old facts up once all servers hold them.
func (s *server) prune(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if _, err := s.outbox.Prune(ctx, s.c.Servers); err != nil && ctx.Err() == nil {
			s.log.Warn("prune the outbox", "error", err)
		}
		if _, err := s.uplink.PruneWords(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("prune the outbox's words", "error", err)
		}
		if _, err := s.uplink.EraseGone(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("erase the outbox's words", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Close gives everything back, the last opened first.
func (s *server) Close() error {
	var errs []error
	if s.listener != nil {
		if err := s.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.proofs != nil {
		errs = append(errs, s.proofs.Close())
	}
	if s.proj != nil {
		errs = append(errs, s.proj.Close())
	}
	if s.closed != nil {
		errs = append(errs, s.closed.Close())
	}
	if s.words != nil {
		errs = append(errs, s.words.Close())
	}
	if s.outbox != nil {
		errs = append(errs, s.outbox.Close())
	}
	for _, b := range []*bus.Bus{s.bus, s.natsAdmin} {
		if b != nil {
			b.Close()
		}
	}
	if s.broker != nil {
		s.broker.Close()
	}
	return errors.Join(errs...)
}
