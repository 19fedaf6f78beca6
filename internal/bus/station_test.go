package bus_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/server/broker"
	"hailong/server/natsauth/natsauthtest"
)

// station is a broker that can be stopped and started on its port.
type station struct {
	t    *testing.T
	dir  string
	port int
	b    *broker.Broker
	*natsauthtest.Realm
}

func newStation(t *testing.T) *station {
	s := &station{t: t, dir: t.TempDir() + "/stream", Realm: natsauthtest.New(t)}
	s.start()
	t.Cleanup(func() { s.b.Close() })
	return s
}

func (s *station) start() {
	s.t.Helper()
	b, err := broker.Start(s.Broker(broker.Options{Dir: s.dir, Port: s.port}))
	if err != nil {
		s.t.Fatal(err)
	}
	s.b = b
	_, port, _ := net.SplitHostPort(b.Addr())
	s.port, _ = strconv.Atoi(port)
}

// server connects with what a server may; all of a station are one, as the key
// in the subjects goes.
func (s *station) server(o bus.Options) *bus.Bus {
	s.t.Helper()
	return s.connect(s.Server(o, serverKey))
}

// kiosk connects with what a device may.
func (s *station) kiosk() *bus.Bus {
	s.t.Helper()
	return s.connect(s.Kiosk(bus.Options{}, kioskKey))
}

var serverKey, kioskKey = ed25519.NewKeyFromSeed(make([]byte, 32)), ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

func (s *station) connect(o bus.Options) *bus.Bus {
	s.t.Helper()
	o.URL = "nats://127.0.0.1:" + strconv.Itoa(s.port)
	b, err := bus.Connect(o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(b.Close)
	_, cancel, err := b.Connected(within(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	cancel()
	return b
}

// jetstream gives a plain connection, to do what an operator might.
func (s *station) jetstream() jetstream.JetStream {
	s.t.Helper()
	nc, err := nats.Connect("nats://127.0.0.1:"+strconv.Itoa(s.port), s.Option())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		s.t.Fatal(err)
	}
	return js
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

var origin = fact.OriginID{1, 2, 3}

// publish sends texts one after the other and waits for their acks, trying
// again where the connection is away.
func publish(t *testing.T, b *bus.Bus, texts ...string) {
	t.Helper()
	ctx := within(t)
	for _, text := range texts {
		for {
			link, cancel, err := b.Connected(ctx)
			if err != nil {
				t.Fatal(err)
			}
			_, err = b.EnsureStream(link)
			if err == nil {
				var a *bus.Ack
				if a, err = b.Publish(origin, []byte(text), fact.Mark{}); err == nil {
					_, err = a.Wait(link)
				}
			}
			cancel()
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				t.Fatal(err)
			}
		}
	}
}

// reading collects what a reader gives.
type reading struct {
	mu    sync.Mutex
	texts []string
	last  bus.Group
	again chan struct{}
}

func follow(t *testing.T, b *bus.Bus, from bus.Position) *reading {
	r := &reading{again: make(chan struct{}, 1)}
	rd := b.Reader(from, bus.ReaderOptions{Check: 50 * time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer rd.Close()
		for {
			g, err := rd.Next(ctx)
			if err != nil {
				return
			}
			r.mu.Lock()
			for _, m := range g.Messages {
				r.texts = append(r.texts, string(m.Data))
			}
			r.last = g
			r.mu.Unlock()
			select {
			case r.again <- struct{}{}:
			default:
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return r
}

// until waits until ok holds of all texts and the last group.
func (r *reading) until(t *testing.T, ok func(texts []string, last bus.Group) bool) bus.Group {
	t.Helper()
	ctx := within(t)
	for {
		r.mu.Lock()
		texts, last := slices.Clone(r.texts), r.last
		r.mu.Unlock()
		if ok(texts, last) {
			return last
		}
		select {
		case <-r.again:
		case <-ctx.Done():
			t.Fatalf("never came; read %q", texts)
		}
	}
}

// ends says that the texts end so, caught up.
func ends(want ...string) func([]string, bus.Group) bool {
	return func(texts []string, last bus.Group) bool {
		return last.CaughtUp && len(texts) >= len(want) && slices.Equal(texts[len(texts)-len(want):], want)
	}
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
