package bus_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/server/natsauth/natsauthtest"
)

func TestPublishWithoutConnectionFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	b, err := bus.Connect(natsauthtest.New(t).Kiosk(bus.Options{URL: "nats://" + addr}, kioskKey))
	if err != nil {
		t.Fatal("a broker that is not there yet must not be an error:", err)
	}
	if _, err := b.Publish(origin, []byte("x"), fact.Mark{}); !errors.Is(err, bus.ErrDisconnected) {
		t.Fatalf("publish: %v", err)
	}
	if err := b.PublishMark(nil, fact.Mark{Origin: origin}); !errors.Is(err, bus.ErrDisconnected) {
		t.Fatalf("mark: %v", err)
	}
	waiting := make(chan error)
	go func() {
		_, err := b.Reader(bus.Position{}, bus.ReaderOptions{}).Next(context.Background())
		waiting <- err
	}()
	b.Close()
	if err := <-waiting; !errors.Is(err, bus.ErrDisconnected) {
		t.Fatalf("reader: %v", err)
	}
}

// An outstanding publish ends with an error when the broker goes away, and the
// connection's context with it.
func TestOutstandingEndsWithConnection(t *testing.T) {
	s := newStation(t)
	b := s.server(bus.Options{})
	link, cancel, err := b.Connected(within(t))
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	s.b.Close()
	<-link.Done()
	if !errors.Is(context.Cause(link), bus.ErrDisconnected) {
		t.Fatal(context.Cause(link))
	}
	if _, err := b.Publish(origin, nil, fact.Mark{}); !errors.Is(err, bus.ErrDisconnected) {
		t.Fatal(err)
	}
	s.start()
	if _, cancel, err = b.Connected(within(t)); err != nil {
		t.Fatal(err)
	}
	cancel()
}

func TestStreamSettings(t *testing.T) {
	s := newStation(t)
	other, server := s.server(bus.Options{}), s.server(bus.Options{Replicas: 1, MaxAge: time.Hour})
	ctx := within(t)
	var ids [8]int64
	var wg sync.WaitGroup
	for i := range ids { // all at once: one creates, the others find
		wg.Go(func() {
			st, err := other.EnsureStream(ctx)
			if err != nil {
				t.Error(err)
			}
			ids[i] = st.Identity
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id == 0 || id != ids[0] {
			t.Fatalf("identities %v", ids)
		}
	}
	age := func() time.Duration {
		st, err := s.jetstream().Stream(ctx, bus.StreamName)
		if err != nil {
			t.Fatal(err)
		}
		return st.CachedInfo().Config.MaxAge
	}
	if got := age(); got != bus.Retention {
		t.Fatalf("kept for %s", got)
	}
	for range 2 {
		for _, b := range []*bus.Bus{server, other} { // who sets nothing does not undo it
			if st, err := b.EnsureStream(ctx); err != nil || st.Identity != ids[0] {
				t.Fatal(st, err)
			}
			if got := age(); got != time.Hour {
				t.Fatalf("kept for %s", got)
			}
		}
	}
}

func TestMarksTimeAndConfiguration(t *testing.T) {
	s := newStation(t)
	server, kiosk := s.server(bus.Options{}), s.kiosk()
	ctx := within(t)
	if _, _, _, err := kiosk.Time(ctx); !errors.Is(err, bus.ErrNoServer) {
		t.Fatalf("time without a server: %v", err)
	}
	now := time.UnixMilli(1_800_000_000_123)
	stopTime, err := server.ServeTime("s1", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	key := public(kioskKey)
	want := bus.KioskConfig{Kiosk: "K01", Desk: "D1", DeskName: "Một cửa", Servers: []string{"s1", "s2"}, Seal: key, Admitted: true}
	stopConfig, err := server.ServeConfig(func(public []byte) (bus.KioskConfig, error) {
		if !bytes.Equal(public, key) {
			return bus.KioskConfig{}, errors.New("other key")
		}
		return want, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mark := fact.Mark{Server: "s1", Incarnation: [16]byte{9}, Origin: origin, Number: 12, Hash: fact.Hash{3}, Stream: 5, Sequence: 6, CaughtUp: true}
	stopAsk, err := server.OnAsk(func(key []byte, o fact.OriginID) {
		m := mark
		m.Origin = o
		if err := server.PublishMark(key, m); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	marks := make(chan fact.Mark, 10)
	stopMarks, err := kiosk.OnMarks(origin, func(m fact.Mark) { marks <- m })
	if err != nil {
		t.Fatal(err)
	}
	ask := func() {
		t.Helper()
		for { // the server's subscription may still be on its way
			if err := kiosk.Ask(origin); err != nil {
				t.Fatal(err)
			}
			select {
			case got := <-marks:
				if diff := cmp.Diff(mark, got, cmpopts.IgnoreUnexported(fact.Mark{})); diff != "" {
					t.Fatal(diff)
				}
				return
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
				t.Fatal("no mark")
			}
		}
	}
	check := func() {
		t.Helper()
		ask()
		for {
			id, milli, _, err := kiosk.Time(ctx)
			if errors.Is(err, bus.ErrNoServer) && ctx.Err() == nil {
				continue
			}
			if err != nil || id != "s1" || milli != now.UnixMilli() {
				t.Fatal(id, milli, err)
			}
			break
		}
		got, err := kiosk.Config(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(bus.KioskConfig{})); diff != "" {
			t.Fatal(diff)
		}
	}
	check()
	var links []context.Context
	for _, b := range []*bus.Bus{server, kiosk} {
		link, cancel, err := b.Connected(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer cancel()
		links = append(links, link)
	}
	s.b.Close()
	s.start()
	for i, b := range []*bus.Bus{server, kiosk} {
		<-links[i].Done() // that of before
		if _, _, err := b.Connected(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for len(marks) > 0 {
		<-marks
	}
	check() // all stay subscribed
	stopTime()
	stopConfig()
	stopAsk()
	stopMarks()
}

func TestLastAndScan(t *testing.T) {
	s := newStation(t)
	server, b := s.server(bus.Options{}), s.kiosk()
	ctx := within(t)
	other := fact.OriginID{9}
	// Nobody tells anything yet.
	if st, err := b.EnsureStream(ctx); err != nil || st != (bus.Stream{}) {
		t.Fatal(st, err)
	}
	if _, ok, err := b.Last(ctx, other); err != nil || ok {
		t.Fatal(ok, err)
	}
	if err := b.Scan(ctx, origin, nil); !errors.Is(err, bus.ErrNoServer) {
		t.Fatal(err)
	}
	stopDevices, err := server.ServeDevices()
	if err != nil {
		t.Fatal(err)
	}
	defer stopDevices()
	made, err := server.EnsureStream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if told, err := b.EnsureStream(ctx); err != nil || told.Identity != made.Identity {
		t.Fatal(told, made, err)
	}
	publish(t, b, "first")
	if _, ok, err := b.Last(ctx, other); err != nil || ok {
		t.Fatal(ok, err)
	}
	head := fact.Mark{Origin: origin, Number: 77, Hash: sha256.Sum256([]byte("h"))}
	var want []string
	for i := range 1000 {
		text := fmt.Sprint("n", i)
		want = append(want, text)
		o := origin
		if i%3 == 0 {
			o = other
		}
		a, err := b.Publish(o, []byte(text), head)
		if err != nil {
			t.Fatal(err)
		}
		if i == 499 {
			// A server gives others what it has, beside what they send.
			if a, err := server.Publish(origin, []byte("a server's"), head); err != nil {
				t.Fatal(err)
			} else if _, err := a.Wait(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if i == 999 {
			if _, err := a.Wait(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	var got []string
	if err := b.Scan(ctx, origin, func(m bus.Message) error {
		got = append(got, string(m.Data))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var mine []string
	for i, text := range want {
		if i%3 != 0 {
			mine = append(mine, text)
		}
	}
	if diff := cmp.Diff(append([]string{"first"}, mine...), got); diff != "" {
		t.Fatal(diff)
	}
	stop := errors.New("enough")
	if err := b.Scan(ctx, origin, func(bus.Message) error { return stop }); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	m, ok, err := b.Last(ctx, origin)
	if err != nil || !ok || string(m.Data) != "n998" || m.Head.Number != 77 || m.Head.Hash != head.Hash {
		t.Fatal(m, ok, err)
	}
	if m, _, err = b.Last(ctx, other); err != nil || m.Head.Number != 0 {
		t.Fatal("a head of another origin is not said:", m.Head, err)
	}
}
