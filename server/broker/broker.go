// Package broker runs the NATS server that is embedded in hailong-server, with
// JetStream in a directory of its own and every message synced before its ack.
package broker

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/sys/unix"
)

// MaxPayload is the greatest message that is taken, in bytes.
const MaxPayload = 8 << 20

// Options say where the broker stores and listens.
type Options struct {
	// Dir holds the streams (--stream-dir). It is made where it is missing, and
	// locked: two brokers on one directory would destroy it.
	Dir string
	// Host is the address to listen on; empty: 127.0.0.1.
	Host string
	// Port to listen on; 0 or below: any free one (see Addr).
	Port int
	// MaxStore bounds the streams' bytes on disk; 0: three quarters of what is
	// free at the start. NATS stops JetStream altogether on a full disk, so the
	// bound must lie below that.
	MaxStore int64
	// Operator is the JWT of whom it trusts, Accounts those of the accounts that
	// it serves, by their id; both are needed: nobody connects without a user's
	// credential. System is the id of NATS' own account; Streams of the one whose
	// streams an earlier version kept without accounts.
	Operator, System, Streams string
	Accounts                  map[string]string
	// TLS is for those who connect over the network; nil: none.
	TLS *tls.Config
	// Ready is how long to wait for the start; 0: 30 s.
	Ready time.Duration
	Log   *slog.Logger
}

// Broker is a running NATS server. It also is the nats.InProcessConnProvider
// of its own process.
type Broker struct {
	server   *server.Server
	lock     *os.File
	accounts *server.MemAccResolver
}

// Start runs a broker and waits until it takes connections and its streams are
// open. The error says what to try.
func Start(o Options) (*Broker, error) {
	if o.Dir == "" {
		return nil, errors.New("broker: no directory for the streams: give --stream-dir")
	}
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	if o.Port <= 0 {
		o.Port = server.RANDOM_PORT
	}
	if o.Ready == 0 {
		o.Ready = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	trusted, accounts, err := o.trust()
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := adopt(o.Dir, o.Streams); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "hailong",
		Host:       o.Host,
		Port:       o.Port,
		NoSigs:     true,
		MaxPayload: MaxPayload,
		JetStream:  true,
		StoreDir:   o.Dir,
		// Before its ack each message is synced: without this a simulated power
		// cut took every one of 208,965 acked messages.
		SyncAlways:         true,
		JetStreamMaxMemory: 256 << 20,
		JetStreamMaxStore:  o.MaxStore,
		TrustedOperators:   []*jwt.OperatorClaims{trusted},
		SystemAccount:      o.System,
		AccountResolver:    accounts,
		TLSConfig:          o.TLS,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("broker: %w", err), lock.Close())
	}
	l := &bridge{log: o.Log, fatal: make(chan string, 1)}
	s.SetLogger(l, false, false)
	b := &Broker{server: s, lock: lock, accounts: accounts}
	go s.Start() // returns; but on some faults only after a while
	if err := b.wait(o, l.fatal); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// wait returns when the broker is ready, or has said why it will not be.
func (b *Broker) wait(o Options, fatal <-chan string) error {
	ready := make(chan bool, 1)
	go func() { ready <- b.server.ReadyForConnections(o.Ready) }()
	addr := net.JoinHostPort(o.Host, fmt.Sprint(max(o.Port, 0)))
	select {
	case why := <-fatal:
		return fmt.Errorf("broker: %s: is another program listening on %s, and may this user write in %s?", why, addr, o.Dir)
	case ok := <-ready:
		if !ok {
			return fmt.Errorf("broker: not ready after %s: a large stream may need longer to open; see the log", o.Ready)
		}
	}
	if !b.server.JetStreamEnabled() {
		return fmt.Errorf("broker: streams could not be opened in %s: see the log; may this user write there?", o.Dir)
	}
	return nil
}

// lockDir makes the directory and takes its lock.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("broker: directory for the streams: %w", err)
	}
	name := filepath.Join(dir, "broker.lock")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("broker: directory for the streams: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("broker: %s is in use by another hailong-server: stop it, or give another --stream-dir", dir)
	}
	return f, nil
}

// Addr is the address on which it listens, as host:port.
func (b *Broker) Addr() string {
	if a := b.server.Addr(); a != nil {
		return a.String()
	}
	return ""
}

// URL is the address for clients.
func (b *Broker) URL() string { return b.server.ClientURL() }

// InProcessConn connects its own process without a socket.
func (b *Broker) InProcessConn() (net.Conn, error) { return b.server.InProcessConn() }

// Connections counts the clients connected now.
func (b *Broker) Connections() int { return b.server.NumClients() }

// Close stops it and waits until its files are closed. What it acked is on disk.
func (b *Broker) Close() {
	b.server.Shutdown()
	b.server.WaitForShutdown()
	b.lock.Close() // gives up the flock
}

// bridge hands the server's log to slog, and a fatal line to whoever starts it.
type bridge struct {
	log   *slog.Logger
	fatal chan string
}

func (l *bridge) Noticef(format string, v ...any) {
	l.log.Debug("nats: " + fmt.Sprintf(format, v...))
}
func (l *bridge) Warnf(format string, v ...any)  { l.log.Warn("nats: " + fmt.Sprintf(format, v...)) }
func (l *bridge) Errorf(format string, v ...any) { l.log.Error("nats: " + fmt.Sprintf(format, v...)) }
func (l *bridge) Debugf(string, ...any)          {}
func (l *bridge) Tracef(string, ...any)          {}
func (l *bridge) Fatalf(format string, v ...any) {
	line := strings.TrimSpace(fmt.Sprintf(format, v...))
	l.log.Error("nats: " + line)
	select {
	case l.fatal <- line:
	default:
	}
}
