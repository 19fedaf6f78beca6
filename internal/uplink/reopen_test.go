package uplink_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

func deleteStream(t testing.TB, w *world) {
	t.Helper()
	nc, err := nats.Connect(w.b.URL(), w.nats.Option())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteStream(context.Background(), bus.StreamName); err != nil {
		t.Fatal(err)
	}
}

// opened reads the first fact of the current origin.
func (k *kiosk) opened() fact.Opened {
	k.w.t.Helper()
	data, _, err := k.box.Batch(context.Background(), k.box.Head().Origin, 0, 1, 1)
	if err != nil {
		k.w.t.Fatal(err)
	}
	b, err := fact.Open(data)
	if err != nil {
		k.w.t.Fatal(err)
	}
	var o fact.Opened
	if err := fact.Unmarshal(b.Records[0].Fact.Body, &o); err != nil {
		k.w.t.Fatal(err)
	}
	return o
}

// every rating below n is held, and the origin never forked.
func (h *holder) heldBelow(n uint64) {
	h.t.Helper()
	got := h.ratings()
	for i := range n {
		if got[i] == 0 {
			h.t.Fatalf("%s lacks rating %d", h.id, i)
		}
	}
	if h.forked() != 0 {
		h.t.Fatalf("%s saw a number used twice", h.id)
	}
}

// The outbox is put back to a copy with 101 facts, after which 100 more had been
// sent; it records others before it is connected. Whoever of servers and stream
// is there to say so, no number is used twice, and nothing is missing that
// anybody still has.
func TestOlderCopy(t *testing.T) {
	for _, c := range []struct {
		name string
		// what happens while the kiosk is away
		before func(w *world, a, b *holder)
		after  func(w *world, a, b *holder)
		fresh  uint64 // recorded in the copy before it is connected
		least  uint64 // the agreed number is at least this
	}{
		{"all there", nil, nil, 30, 101},
		{"all there, as many here", nil, nil, 100, 101},
		{"all there, more here", nil, nil, 300, 101},
		{"servers only", func(w *world, _, _ *holder) { deleteStream(w.t, w) }, nil, 30, 0},
		{"servers only, as many here", func(w *world, _, _ *holder) { deleteStream(w.t, w) }, nil, 100, 0},
		{"servers only, more here", func(w *world, _, _ *holder) { deleteStream(w.t, w) }, nil, 300, 0},
		{"one server only", func(w *world, _, b *holder) { b.stop(); deleteStream(w.t, w) }, func(w *world, _, b *holder) { b.start(w) }, 30, 0},
		{"stream only", func(_ *world, a, b *holder) { a.silence(true); b.stop() },
			func(w *world, a, b *holder) { a.silence(false); b.start(w) }, 30, 101},
		{"stream only, more here", func(_ *world, a, b *holder) { a.silence(true); b.stop() },
			func(w *world, a, b *holder) { a.silence(false); b.start(w) }, 300, 101},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			k := w.kiosk("s1", "s2")
			a, b := w.holder("s1"), w.holder("s2")
			k.start()
			k.add(0, 100, 10)
			a.holdsAll(k)
			b.holdsAll(k)
			k.shut()
			dir := t.TempDir() + "/copy"
			k.copyTo(dir)
			k.start()
			origin := k.box.Head().Origin
			k.add(100, 200, 10)
			a.holdsAll(k)
			b.holdsAll(k)
			k.shut()
			if c.before != nil {
				c.before(w, a, b)
			}
			k.restore(dir)
			k.open()
			ref := k.add(200, 200+c.fresh, 1)
			k.start()
			eventually(t, "a new origin", func() bool { return k.box.Head().Origin != origin })
			if err := k.up.WaitPublished(context.Background(), ref); err != nil {
				t.Fatal(err)
			}
			if c.after != nil {
				c.after(w, a, b)
			}
			for _, h := range []*holder{a, b} {
				h.holdsAll(k)
				h.heldBelow(200 + c.fresh)
			}
			o := k.opened()
			if o.Agreed < c.least || o.Agreed > 101 || fact.OriginID(o.Previous) != origin || o.Reason == "" {
				t.Fatalf("%+v", o)
			}
			if st := k.status(); st.Reopens != 1 || st.Origin == origin {
				t.Fatalf("%+v", st)
			}
			// It goes on in the new origin, also after another start.
			now := k.box.Head().Origin
			k.shut()
			k.start()
			k.add(200+c.fresh, 210+c.fresh, 1)
			a.holdsAll(k)
			a.heldBelow(210 + c.fresh)
			if k.box.Head().Origin != now {
				t.Fatal("another origin again")
			}
		})
	}
}

// Only the stream holds more, and the last message there is one that was sent
// again, or none of this origin's: all of its messages are looked through.
func TestOlderCopyBehindAResend(t *testing.T) {
	for _, c := range []struct {
		name string
		last func(k *kiosk, origin fact.OriginID) ([]byte, fact.Mark)
	}{
		{"resend of the kiosk", func(k *kiosk, origin fact.OriginID) ([]byte, fact.Mark) {
			return k.batch(origin, 0, 20), k.box.Head()
		}},
		{"resend without a head", func(k *kiosk, origin fact.OriginID) ([]byte, fact.Mark) {
			return k.batch(origin, 0, 20), fact.Mark{}
		}},
		{"junk", func(k *kiosk, origin fact.OriginID) ([]byte, fact.Mark) { return []byte("junk"), fact.Mark{} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.tells()
			k := w.kiosk("s1")
			k.open()
			k.add(0, 50, 10)
			k.shut()
			dir := t.TempDir() + "/copy"
			k.copyTo(dir)
			k.start()
			origin := k.box.Head().Origin
			ref := k.add(50, 100, 10)
			if err := k.up.WaitPublished(context.Background(), ref); err != nil {
				t.Fatal(err)
			}
			data, head := c.last(k, origin)
			ack, err := k.bus.Publish(origin, data, head)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ack.Wait(context.Background()); err != nil {
				t.Fatal(err)
			}
			k.shut()
			k.restore(dir)
			k.start()
			eventually(t, "a new origin", func() bool { return k.box.Head().Origin != origin })
			if o := k.opened(); o.Agreed != 51 {
				t.Fatalf("%+v", o)
			}
			k.add(100, 110, 1)
			a := w.holder("s1")
			a.holdsAll(k)
			a.heldBelow(110)
		})
	}
}

// The stream's last message is of another branch, and no server is there to tell
// what else the stream has: nothing more is sent before one is.
func TestOlderCopyWithoutServers(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1")
	stop := w.tells()
	k.start()
	k.add(0, 50, 10)
	k.shut()
	dir := t.TempDir() + "/copy"
	k.copyTo(dir)
	k.start()
	origin := k.box.Head().Origin
	if err := k.up.WaitPublished(context.Background(), k.add(50, 100, 10)); err != nil {
		t.Fatal(err)
	}
	k.shut()
	stop()
	k.restore(dir)
	k.start()
	ref := k.add(100, 110, 1)
	eventually(t, "it tries", func() bool {
		st := k.status()
		return errors.Is(st.Err, bus.ErrNoServer)
	})
	if k.box.Head().Origin != origin {
		t.Fatal("a new origin, with half of what is known")
	}
	a := w.holder("s1")
	eventually(t, "a new origin", func() bool { return k.box.Head().Origin != origin })
	if err := k.up.WaitPublished(context.Background(), ref); err != nil {
		t.Fatal(err)
	}
	a.holdsAll(k)
	a.heldBelow(110)
}

// A head that somebody names without a signed fact to show is no reason.
func TestForgedHead(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1")
	a := w.holder("s1")
	k.start()
	k.add(0, 20, 5)
	a.holdsAll(k)
	origin := k.box.Head().Origin
	ack, err := k.bus.Publish(origin, k.batch(origin, 0, 5), fact.Mark{Origin: origin, Number: 1 << 30, Hash: fact.Hash{1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ack.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	k.shut()
	k.start()
	k.add(20, 30, 1)
	a.holdsAll(k)
	a.heldBelow(30)
	if k.box.Head().Origin != origin {
		t.Fatal("new origin")
	}
}

// Two devices run the same copy at once: one of them, or both, go on under
// another origin, and every rating of both arrives.
func TestCopyRunsBeside(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1")
	a := w.holder("s1")
	k.start()
	k.add(0, 20, 5)
	a.holdsAll(k)
	k.shut()
	twin := w.kiosk("s1")
	twin.key = k.key
	k.copyTo(twin.path + ".d")
	twin.path = twin.path + ".d/outbox.db"
	k.start()
	twin.start()
	origin := k.box.Head().Origin
	k.add(20, 40, 1)
	twin.add(40, 60, 1)
	eventually(t, "two origins", func() bool { return k.box.Head().Origin != twin.box.Head().Origin })
	eventually(t, "all held", func() bool {
		got := a.ratings()
		for i := range uint64(60) {
			if got[i] == 0 {
				return false
			}
		}
		return true
	})
	if k.box.Head().Origin != origin && twin.box.Head().Origin != origin {
		t.Log("both went on under new origins")
	}
}

func (k *kiosk) batch(origin fact.OriginID, after uint64, facts int) []byte {
	k.w.t.Helper()
	data, _, err := k.box.Batch(context.Background(), origin, after, facts, 1<<20)
	if err != nil || len(data) == 0 {
		k.w.t.Fatal(len(data), err)
	}
	return data
}

// A kiosk writes the time of a server for each boot, and for each origin; not
// at each connection.
func TestClock(t *testing.T) {
	w := newWorld(t)
	w.tells()
	s := w.direct()
	now := time.UnixMilli(1_900_000_000_000)
	stop, err := s.ServeTime("s1", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if _, cancel, err := s.Connected(context.Background()); err != nil {
		t.Fatal(err)
	} else {
		cancel()
	}
	eventually(t, "time is served", func() bool { _, _, _, err := s.Time(context.Background()); return err == nil })
	k := w.kiosk()
	clocks := make(chan fact.Clock, 10)
	k.clock = func(c fact.Clock) { clocks <- c }
	k.boot = [16]byte{1}
	k.start()
	c := <-clocks
	if c.Boot != k.boot || c.Server < now.UnixMilli() || c.Server > now.UnixMilli()+1000 || c.Mono == 0 {
		t.Fatalf("%+v", c)
	}
	value := func() bool {
		v, err := k.box.Value(context.Background(), "uplink.clock")
		return err == nil && len(v) > 0
	}
	eventually(t, "it is remembered", value)
	// Reconnection and restart in the same boot: none. Another boot: one.
	for range 3 {
		w.proxy.cut(false)
		ref := k.add(0, 1, 1)
		if err := k.up.WaitPublished(context.Background(), ref); err != nil {
			t.Fatal(err)
		}
	}
	k.shut()
	k.start()
	if err := k.up.WaitPublished(context.Background(), k.add(0, 1, 1)); err != nil {
		t.Fatal(err)
	}
	k.shut()
	k.boot = [16]byte{2}
	k.start()
	if c := <-clocks; c.Boot != k.boot {
		t.Fatalf("%+v", c)
	}
	if len(clocks) != 0 {
		t.Fatal("more clock facts than boots")
	}
}
