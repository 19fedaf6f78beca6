package uplink_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/internal/uplink"
)

func (k *kiosk) status() uplink.Status {
	k.w.t.Helper()
	st, err := k.up.Status(context.Background())
	if err != nil {
		k.w.t.Fatal(err)
	}
	return st
}

// streamOf says what the stream is now; it may just be deleted or away.
func streamOf(t testing.TB, b *bus.Bus) (s bus.Stream) {
	t.Helper()
	eventually(t, "the stream", func() (ok bool) {
		link, cancel, err := b.Connected(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer cancel()
		s, err = b.EnsureStream(link)
		return err == nil
	})
	return s
}

// A backlog goes in large messages, a single tap alone and at once; every
// listed server holds all, and the status says so.
func TestDrains(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1", "s2")
	k.open()
	k.add(0, 3000, 500)
	if st := uplink.New(uplink.Options{Outbox: k.box, Bus: w.direct(), Servers: func() []string { return k.servers }}); st != nil {
		s, err := st.Status(context.Background())
		if err != nil || s.Unsent != 3001 || s.Unconfirmed != 3001 || s.OldestUnsent.Wall == 0 {
			t.Fatalf("%+v %v", s, err)
		}
	}
	a, b := w.holder("s1"), w.holder("s2")
	k.start()
	a.holdsAll(k)
	b.holdsAll(k)
	if n := streamOf(t, a.bus).Last; n > 20 {
		t.Fatalf("a backlog of 3,001 facts went in %d messages", n)
	}
	for n := uint64(3000); n < 3005; n++ {
		before := streamOf(t, a.bus).Last
		ref := k.add(n, n+1, 1)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		if err := k.up.WaitPublished(ctx, ref); err != nil {
			t.Fatal(err)
		}
		cancel()
		if got := streamOf(t, a.bus).Last; got != before+1 {
			t.Fatalf("a tap went in %d messages", got-before)
		}
		a.holdsAll(k)
	}
	b.holdsAll(k)
	eventually(t, "status", func() bool {
		st := k.status()
		return st.Connected && st.Err == nil && st.Unsent == 0 && st.Unconfirmed == 0 && st.Head == 3006 && st.Acked == 3006 &&
			len(st.Servers) == 2 && st.Servers[0].ID == "s1" && !st.Servers[0].Heard.IsZero() && st.OldestUnsent.Wall == 0 && st.Facts == 3006
	})
	// A start with nothing new sends nothing.
	before := streamOf(t, a.bus).Last
	k.shut()
	k.start()
	eventually(t, "marks", func() bool { st := k.status(); return st.Acked == 3006 && st.Unconfirmed == 0 })
	if got := streamOf(t, a.bus).Last; got != before {
		t.Fatalf("%d messages without anything new", got-before)
	}
}

// A listed server that never answers holds up nobody; its absence is shown.
func TestSilentServerBlocksNobody(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1", "down", "mute")
	a, mute := w.holder("s1"), w.holder("mute")
	mute.mu.Lock()
	mute.silent = true
	mute.mu.Unlock()
	k.start()
	k.add(0, 50, 7)
	a.holdsAll(k)
	eventually(t, "s1 confirmed, the others not", func() bool {
		st := k.status()
		return st.Unsent == 0 && st.Unconfirmed == st.Head && st.Servers[0].ID == "down" && !st.Servers[0].Known &&
			st.Servers[2].ID == "s1" && st.Servers[2].Mark.Number == st.Head
	})
	// It keeps being asked.
	mute.mu.Lock()
	asked := mute.asked
	mute.silent = false
	mute.mu.Unlock()
	eventually(t, "asked again", func() bool { mute.mu.Lock(); defer mute.mu.Unlock(); return mute.asked > asked })
	eventually(t, "mute has spoken", func() bool { return k.status().Servers[1].Mark.Number == 51 })
}

// Strangers' marks are shown and bind nothing, be they ahead, other, or behind.
func TestStrangersBindNothing(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1")
	a := w.holder("s1")
	k.start()
	k.add(0, 20, 5)
	a.holdsAll(k)
	head := k.box.Head()
	eventually(t, "confirmed", func() bool { return k.status().Unconfirmed == 0 })
	before := streamOf(t, a.bus)
	for _, m := range []fact.Mark{
		{Number: 9999, Hash: fact.Hash{1}}, {Number: head.Number, Hash: fact.Hash{2}}, {Number: 0},
	} {
		m.Server, m.Origin, m.Stream, m.Sequence, m.CaughtUp = "stranger", head.Origin, before.Identity, before.Last+100, true
		if err := a.bus.PublishMark(k.public(), m); err != nil {
			t.Fatal(err)
		}
		eventually(t, "shown", func() bool {
			st := k.status()
			return len(st.Servers) == 2 && st.Servers[1].ID == "stranger" && !st.Servers[1].Listed && st.Servers[1].Mark == m
		})
	}
	k.add(20, 21, 1)
	a.holdsAll(k)
	if st := k.status(); st.Reopens != 0 || st.Origin != head.Origin || streamOf(t, a.bus).Last != before.Last+1 {
		t.Fatalf("%+v", st)
	}
}

// A server put back to an older copy tells a lower mark, and is filled again
// from there, though its cursor is at the stream's end.
func TestMarkFalls(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1", "s2")
	k.stall = time.Hour // its word is enough, nobody has to ask
	a, b := w.holder("s1"), w.holder("s2")
	k.start()
	k.add(0, 100, 10)
	a.holdsAll(k)
	old, _ := a.copy()
	k.add(100, 200, 10)
	a.holdsAll(k)
	b.holdsAll(k)
	a.stop()
	_, pos := a.copy()
	a.restore(old, pos)
	a.start(w)
	a.holdsAll(k)
	if k.status().Reopens != 0 {
		t.Fatal("a fallen mark is no reason for a new origin")
	}
	// Also when the kiosk was away, and starts.
	k.shut()
	a.stop()
	a.restore(map[fact.OriginID]*held{}, pos)
	a.start(w)
	k.start()
	a.holdsAll(k)
	if a.forked()+b.forked() != 0 {
		t.Fatal("forks")
	}
}

// What only a deleted stream held is sent again to the server that lacks it,
// with the connection standing all the time.
func TestStreamDeleted(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1", "s2")
	a, b := w.holder("s1"), w.holder("s2")
	k.start()
	k.add(0, 100, 10)
	a.holdsAll(k)
	b.holdsAll(k)
	b.stop()
	k.add(100, 200, 10)
	a.holdsAll(k)
	deleteStream(t, w)
	b.start(w) // makes the stream anew, and is at its end at once
	b.holdsAll(k)
	k.add(200, 210, 1)
	a.holdsAll(k)
	b.holdsAll(k)
	if k.status().Reopens != 0 {
		t.Fatal("new origin")
	}
}

// All servers and the stream lost: everything comes from the outbox.
func TestEverythingLost(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1")
	a := w.holder("s1")
	k.start()
	k.add(0, 1200, 100)
	a.holdsAll(k)
	a.stop()
	w.restartBroker(w.loseStore)
	a.restore(nil, bus.Position{})
	a.start(w)
	a.holdsAll(k)
	if got := len(a.ratings()); got != 1200 {
		t.Fatal(got)
	}
}

// A server that can never take a fact is not sent it for ever at full speed.
func TestStuckServerIsSpared(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1", "s2")
	a, b := w.holder("s1"), w.holder("s2")
	b.mu.Lock()
	b.refuses = 30
	b.mu.Unlock()
	k.start()
	k.add(0, 50, 50)
	a.holdsAll(k)
	eventually(t, "b holds its part", func() bool { return b.number(k.box.Head().Origin) == 29 })
	for range 500 { // each of its words asks for the rest
		b.tell(k.box.Head().Origin)
	}
	for range 5 {
		w.proxy.cut(false)
		k.add(50, 51, 1)
		a.holdsAll(k)
	}
	if n := streamOf(t, a.bus).Last; n > 40 {
		t.Fatalf("%d messages", n)
	}
	b.mu.Lock()
	b.refuses = 0
	b.mu.Unlock()
	b.holdsAll(k)
}

// The connection is cut again and again while facts are recorded and sent.
func TestConnectionCut(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1", "s2")
	a, b := w.holder("s1"), w.holder("s2")
	k.start()
	for round := range uint64(15) {
		k.add(round*400, round*400+200, 20)
		w.proxy.cut(round%3 == 0)
		k.add(round*400+200, round*400+400, 20)
		w.proxy.up()
		if round%4 == 0 {
			a.holdsAll(k)
		}
	}
	a.holdsAll(k)
	b.holdsAll(k)
	if a.forked()+b.forked() != 0 || len(a.ratings()) != 6000 || k.status().Reopens != 0 {
		t.Fatal(a.forked(), b.forked(), len(a.ratings()), k.status())
	}
}

// The broker is stopped and started in mid-publish; now and then its store is
// gone.
func TestBrokerRestarts(t *testing.T) {
	w := newWorld(t)
	k := w.kiosk("s1", "s2")
	a, b := w.holder("s1"), w.holder("s2")
	k.start()
	stop := make(chan struct{})
	done := make(chan uint64)
	go func() {
		n := uint64(0)
		for {
			select {
			case <-stop:
				done <- n
				return
			default:
			}
			if _, err := k.box.Append(context.Background(), rating(n)); err != nil {
				t.Error(err)
				done <- n
				return
			}
			n++
		}
	}()
	for round := range 6 {
		eventually(t, "something is sent", func() bool { return k.status().Acked > 0 && k.status().Connected })
		if round%3 == 2 {
			w.restartBroker(w.loseStore)
		} else {
			w.restartBroker(nil)
		}
		head := k.box.Head().Number
		eventually(t, "a goes on", func() bool { return a.number(k.box.Head().Origin) > head })
	}
	close(stop)
	n := <-done
	a.holdsAll(k)
	b.holdsAll(k)
	if got := len(b.ratings()); uint64(got) != n || a.forked()+b.forked() != 0 {
		t.Fatalf("%d of %d", got, n)
	}
}

// A wait for the stream's ack ends with it, or with its context.
func TestWaitPublished(t *testing.T) {
	w := newWorld(t)
	w.tells()
	k := w.kiosk()
	k.start()
	ref := k.add(0, 1, 1)
	if err := k.up.WaitPublished(context.Background(), ref); err != nil {
		t.Fatal(err)
	}
	w.proxy.cut(true)
	ref = k.add(1, 2, 1)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- k.up.WaitPublished(ctx, ref) }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	w.proxy.up()
	if err := k.up.WaitPublished(context.Background(), ref); err != nil {
		t.Fatal(err)
	}
}
