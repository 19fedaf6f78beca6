// Package bus carries facts, watermarks, time and kiosk configurations over
// NATS: it connects, ensures the stream, publishes to it and reads it.
//
// The stream HAILONG_FACTS holds batches of facts on hl.fact.<key>.<origin>, the
// key being the public one of whoever sends them (what an earlier version sent
// is on hl.fact.<origin>). All else is core NATS and may be lost: watermarks on
// hl.mark.<key>.<origin>, the key being the origin's, asked for on
// hl.ask.<key>.<origin>; the time on hl.time; a kiosk's configuration on
// hl.config.<key>. What people wrote has a way of its own: see WordsStream.
//
// A server may do everything. A device reaches the subjects with its key alone;
// what it needs to know of the stream beyond its last message there, servers
// tell: see ServeDevices.
package bus

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/enrolment"
	"hailong/internal/fact"
)

// The names on NATS.
const (
	StreamName    = "HAILONG_FACTS"
	factSubject   = "hl.fact."
	markSubject   = "hl.mark."
	askSubject    = "hl.ask."
	timeSubject   = "hl.time"
	configSubject = "hl.config."
	serverQueue   = "hl-servers"
)

// MaxMessage is the greatest message of the stream, in bytes.
const MaxMessage = 8 << 20

// ErrDisconnected is returned for whatever is tried without a connection:
// nothing is kept to be sent later.
var ErrDisconnected = errors.New("bus: not connected to the message server")

// Options say where NATS is and how the stream is kept.
type Options struct {
	// URL of the NATS servers, comma-separated; not used with InProcess.
	URL string
	// InProcess connects to a broker in the same process, without a socket.
	InProcess nats.InProcessConnProvider
	// Name is shown in the broker's list of connections.
	Name string
	// JWT gives the user's credential, and is asked at each attempt to connect: an
	// error means that there is none yet, and the bus waits for it (see Renew).
	// Key is the user's, which the credential is for.
	JWT func() (string, error)
	Key ed25519.PrivateKey
	// Server is the public key with which the server signs its facts, whose bus
	// this is; nil: it is a device's, which signs them with Key.
	Server ed25519.PublicKey
	// CA holds the authorities (PEM) of which one must have signed the broker's
	// certificate: without TLS there then is no connection. Empty: TLS is up to
	// URL and broker, and the system's authorities hold.
	CA []byte
	// Replicas and MaxAge of the stream. Who leaves them 0 creates the stream
	// with one replica and 90 days where it is missing, and never changes it
	// (kiosks); who sets them keeps it so (servers).
	Replicas int
	MaxAge   time.Duration
	Log      *slog.Logger
}

// Bus is a connection to NATS that is restored for ever. Safe for concurrent use.
type Bus struct {
	nc  *nats.Conn
	js  jetstream.JetStream
	o   Options
	key string // that of the facts sent here, in hexadecimal digits
	log *slog.Logger

	// The streams were there; and the one of words, once it was looked up.
	seen, seenWords atomic.Bool
	words           atomic.Pointer[jetstream.Stream]
	buckets         sync.Map // names of the buckets that were there

	mu     sync.Mutex
	link   context.Context // of the connection that stands; nil without one
	cut    context.CancelCauseFunc
	up     chan struct{} // closed while link stands
	err    error         // why the last connection ended or failed
	closed bool
}

// Connect starts connecting, and returns at once: the broker need not be there
// yet. The error is about the options alone.
func Connect(o Options) (*Bus, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	b := &Bus{o: o, log: o.Log, up: make(chan struct{})}
	if len(o.Key) != ed25519.PrivateKeySize || o.JWT == nil {
		return nil, errors.New("bus: nobody connects without a key and a credential")
	}
	b.key = hexOf(o.Key.Public().(ed25519.PublicKey))
	if o.Server != nil {
		b.key = hexOf(o.Server)
	}
	opts := []nats.Option{
		nats.Name(o.Name),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.CustomReconnectDelay(delay),
		nats.IgnoreAuthErrorAbort(), // rights may be given later
		nats.CustomInboxPrefix("_I." + b.key),
		func(to *nats.Options) error { // nats.UserJWT refuses who has none yet
			to.UserJWT = o.JWT
			to.SignatureCB = func(nonce []byte) ([]byte, error) { return enrolment.SignNATS(o.Key, nonce) }
			return nil
		},
		// What is published without a connection fails: a buffer would say that
		// it was sent, and lose it with the process.
		nats.ReconnectBufSize(-1),
		// A cut that says nothing (mobile networks) is found in 15 s, and a
		// write that is stuck in 10 s.
		nats.PingInterval(5 * time.Second),
		nats.MaxPingsOutstanding(2),
		nats.FlusherTimeout(10 * time.Second),
		nats.Timeout(5 * time.Second),
		nats.ConnectHandler(func(*nats.Conn) { b.connected() }),
		nats.ReconnectHandler(func(*nats.Conn) { b.connected() }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { b.disconnected(err) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { b.failed(err) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if Refused(err) { // at another attempt to connect
				b.failed(err)
				return
			}
			b.log.Warn("bus: reported by NATS", "error", err)
		}),
	}
	if o.InProcess != nil {
		opts = append(opts, nats.InProcessServer(o.InProcess))
	}
	if len(o.CA) > 0 {
		trust, err := enrolment.Trust(o.CA, hosts(o.URL)...)
		if err != nil {
			return nil, fmt.Errorf("bus: authorities for NATS: %w", err)
		}
		opts = append(opts, nats.Secure(trust))
	}
	nc, err := nats.Connect(o.URL, opts...)
	if err != nil {
		return nil, fmt.Errorf("bus: connect to %q: %w: check the address of NATS and the files named with it", o.URL, err)
	}
	b.nc = nc
	b.js, err = jetstream.New(nc, jetstream.WithPublishAsyncTimeout(20*time.Second), jetstream.WithDefaultTimeout(10*time.Second))
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("bus: %w", err)
	}
	return b, nil
}

// hosts of the addresses of NATS servers.
func hosts(urls string) (names []string) {
	for _, text := range strings.Split(urls, ",") {
		if u, err := url.Parse(strings.TrimSpace(text)); err == nil && u.Host != "" {
			names = append(names, u.Hostname())
		}
	}
	return names
}

// Renew connects anew, at once: there is another credential.
func (b *Bus) Renew() error {
	if err := b.nc.ForceReconnect(); err != nil {
		return fmt.Errorf("bus: connect anew: %w", err)
	}
	return nil
}

// delay before the attempt after n rounds without success: 100 ms doubling to
// 10 s, half of it random, so that a thousand kiosks do not come back at once.
func delay(n int) time.Duration {
	d := min(100*time.Millisecond<<min(max(n-1, 0), 7), 10*time.Second)
	return d/2 + rand.N(d/2) // #nosec G404 -- spreads attempts in time
}

func (b *Bus) connected() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.link != nil {
		return
	}
	b.link, b.cut = context.WithCancelCause(context.Background())
	b.err = nil
	close(b.up)
}

func (b *Bus) disconnected(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.err = err
	}
	if b.link != nil {
		b.cut(ErrDisconnected)
		b.link, b.cut, b.up = nil, nil, make(chan struct{})
	}
}

func (b *Bus) failed(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.link == nil {
		b.err = err
	}
}

// Connected waits for a connection, and returns a context that ends with it
// (cause ErrDisconnected) or with ctx, and the function that releases it. The
// error is ctx's, or ErrDisconnected after Close.
func (b *Bus) Connected(ctx context.Context) (context.Context, context.CancelFunc, error) {
	link, err := b.waitLink(ctx)
	if err != nil {
		return nil, nil, err
	}
	out, cancel := both(ctx, link)
	return out, cancel, nil
}

// waitLink gives the context of the connection that stands.
func (b *Bus) waitLink(ctx context.Context) (context.Context, error) {
	for {
		b.mu.Lock()
		link, up, closed := b.link, b.up, b.closed
		b.mu.Unlock()
		if closed {
			return nil, ErrDisconnected
		}
		if link != nil {
			return link, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-up:
		}
	}
}

// both ends with either context.
func both(ctx, link context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(link, func() { cancel(context.Cause(link)) })
	return out, func() { stop(); cancel(context.Canceled) }
}

// State says whether the connection stands, and why not or why the last one
// failed.
func (b *Bus) State() (connected bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.link != nil, b.err
}

// Close ends the connection. What was published is flushed before, for at most
// a second.
func (b *Bus) Close() {
	b.mu.Lock()
	was, up := b.closed, b.link != nil
	b.closed = true
	b.mu.Unlock()
	if was {
		return
	}
	if up {
		if err := b.nc.FlushTimeout(time.Second); err != nil {
			b.log.Debug("bus: flush at close", "error", err)
		}
	}
	b.nc.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.link != nil {
		b.cut(ErrDisconnected)
		b.link = nil
	} else {
		close(b.up) // whoever waits sees that it is closed
	}
}

// send publishes on core NATS.
func (b *Bus) send(subject string, data []byte) error {
	if err := b.nc.Publish(subject, data); err != nil {
		return sendError(err)
	}
	return nil
}

func sendError(err error) error {
	if errors.Is(err, nats.ErrReconnectBufExceeded) || errors.Is(err, nats.ErrConnectionClosed) ||
		errors.Is(err, nats.ErrDisconnected) || errors.Is(err, nats.ErrConnectionReconnecting) {
		return fmt.Errorf("%w (%v)", ErrDisconnected, err)
	}
	return fmt.Errorf("bus: publish: %w", err)
}

// originOf reads the key and the origin at the end of a subject.
func originOf(subject, prefix string) (key []byte, origin fact.OriginID, ok bool) {
	first, second, _ := strings.Cut(subject[len(prefix):], ".")
	key, err := hex.DecodeString(first)
	if err != nil || len(key) != ed25519.PublicKeySize || len(second) != 2*len(origin) {
		return nil, origin, false
	}
	origin, err = fact.ParseOriginID(second)
	return key, origin, err == nil
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
