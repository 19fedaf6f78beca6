package bus_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/server/broker"
	"hailong/server/certify"
	"hailong/server/keyring"
	"hailong/server/natsauth/natsauthtest"
)

// Who has no credential yet waits, and is let in as soon as there is one.
func TestWaitsForCredential(t *testing.T) {
	s := newStation(t)
	o := s.Kiosk(bus.Options{URL: "nats://127.0.0.1:" + strconv.Itoa(s.port)}, kioskKey)
	none, given := errors.New("not let in yet"), o.JWT
	var there atomic.Bool
	asked := make(chan struct{}, 100)
	o.JWT = func() (string, error) {
		select {
		case asked <- struct{}{}:
		default:
		}
		if !there.Load() {
			return "", none
		}
		return given()
	}
	b, err := bus.Connect(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	for range 3 {
		<-asked
	}
	if up, err := b.State(); up || err == nil {
		t.Fatal(up, err)
	}
	there.Store(true)
	if err := b.Renew(); err != nil {
		t.Fatal(err)
	}
	_, done, err := b.Connected(within(t))
	if err != nil {
		t.Fatal(err)
	}
	done()
	for _, wrong := range []bus.Options{{}, {JWT: given}, {Key: kioskKey}, {JWT: given, Key: kioskKey, CA: []byte("no PEM")}} {
		if b, err := bus.Connect(wrong); err == nil {
			b.Close()
			t.Errorf("%+v", wrong)
		}
	}
}

// Who knows an authority speaks to no broker that it has not signed, and to none
// without TLS.
func TestAuthorityIsPinned(t *testing.T) {
	realm := natsauthtest.New(t)
	signed := func() *certify.Source {
		ring, err := keyring.New()
		if err != nil {
			t.Fatal(err)
		}
		c, err := certify.Local(t.TempDir(), ring, []string{"127.0.0.1"}, certify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	good, other := signed(), signed()
	start := func(o broker.Options) *broker.Broker {
		o.Dir = t.TempDir()
		b, err := broker.Start(realm.Broker(o))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		return b
	}
	over, plain := start(broker.Options{TLS: good.Config()}), start(broker.Options{})
	inside := realm.Server(bus.Options{InProcess: over}, serverKey)
	for _, c := range []struct {
		name string
		o    bus.Options
		in   bool
	}{
		{"its own", bus.Options{URL: over.URL(), CA: []byte(good.CA())}, true},
		{"another's", bus.Options{URL: over.URL(), CA: []byte(other.CA())}, false},
		{"the system's", bus.Options{URL: over.URL()}, false},
		{"no TLS", bus.Options{URL: plain.URL(), CA: []byte(good.CA())}, false},
		{"inside", inside, true},
	} {
		o := c.o
		if o.Key == nil {
			o = realm.Kiosk(o, kioskKey)
		}
		b, err := bus.Connect(o)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if c.in {
			if _, done, err := b.Connected(within(t)); err != nil {
				t.Error(c.name, err)
			} else {
				done()
			}
		} else {
			ctx := within(t)
			for err := error(nil); err == nil; {
				select {
				case <-ctx.Done():
					t.Fatal(c.name, ": nothing is said")
				case <-time.After(time.Millisecond):
				}
				var up bool
				if up, err = b.State(); up {
					t.Fatal(c.name, ": connected")
				}
			}
		}
		b.Close()
	}
}

// What an earlier version left under subjects without keys is read, and its
// streams get what they lack.
func TestSubjectsOfBefore(t *testing.T) {
	s := newStation(t)
	js, ctx := s.jetstream(), within(t)
	for name, subject := range map[string]string{bus.StreamName: "hl.fact.>", bus.WordsStream: "hl.words.*"} {
		if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: name, Subjects: []string{subject}}); err != nil {
			t.Fatal(err)
		}
	}
	words := []byte("written before")
	digest := sha256.Sum256(words)
	for subject, data := range map[string][]byte{"hl.fact." + origin.String(): []byte("before"), "hl.words." + hex.EncodeToString(digest[:]): words} {
		if _, err := js.Publish(ctx, subject, data); err != nil {
			t.Fatal(err)
		}
	}
	server, kiosk := s.server(bus.Options{}), s.kiosk()
	if _, err := server.EnsureStream(ctx); err != nil {
		t.Fatal(err)
	}
	if err := server.EnsureWords(ctx); err != nil {
		t.Fatal(err)
	}
	fetches(t, server, words, words)
	a, err := kiosk.Publish(origin, []byte("now"), fact.Mark{})
	if err == nil {
		_, err = a.Wait(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	send(t, kiosk, []byte("written now"))
	fetches(t, server, []byte("written now"), []byte("written now"))
	if m, ok, err := kiosk.Last(ctx, origin); err != nil || !ok || string(m.Data) != "now" {
		t.Fatal(m, ok, err)
	}
	follow(t, server, bus.Position{}).until(t, ends("before", "now"))
}
