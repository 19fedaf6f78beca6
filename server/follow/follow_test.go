package follow_test

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

// TestRefill: facts that neither the stream nor their origin has any more reach
// a new server from the one that still has them.
func TestRefill(t *testing.T) {
	w := newWorld(t)
	registry, kiosk := w.province()
	batches := [][]byte{registry.batch(), kiosk.rate(0, 3).batch(), kiosk.rate(0, 4).batch(), kiosk.rate(0, 600).batch()}
	a, sender := w.server("a"), w.connect(w.b.Addr())
	link, done, err := sender.Connected(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if _, err := sender.EnsureStream(link); err != nil {
		t.Fatal(err)
	}
	a.run(w.b.Addr(), "a", "b")
	for i, b := range batches {
		origin := kiosk.id
		if i == 0 {
			origin = registry.id
		}
		ack, err := sender.Publish(origin, b, fact.Mark{})
		if err == nil {
			_, err = ack.Wait(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "a holds all", func() bool {
		return a.p.Mark(kiosk.id).Number == kiosk.number && a.p.Mark(registry.id).Number == registry.number
	})
	if n := a.count(walkIns); n != 607 {
		t.Fatalf("%d ratings counted", n)
	}
	deleteStream(t, w)

	b := w.server("b")
	b.run(w.b.Addr(), "a", "b")
	eventually(t, "b holds all", func() bool {
		return b.p.Mark(kiosk.id).Hash == kiosk.prev && b.p.Mark(registry.id).Hash == registry.prev
	})
	if one, other := a.digest(), b.digest(); one != other {
		t.Errorf("digests %s, %s", one, other)
	}
	if n := b.count(walkIns); n != 607 {
		t.Errorf("%d ratings counted by b", n)
	}
}

func deleteStream(t *testing.T, w *world) {
	t.Helper()
	nc, err := nats.Connect(w.b.URL(), w.nats.Option())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err == nil {
		err = js.DeleteStream(t.Context(), bus.StreamName)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestRefillFork: each server holds another branch of a kiosk that was copied;
// they end with the same one, and with the same results.
func TestRefillFork(t *testing.T) {
	for name, more := range map[string][2]int{"a longer": {9, 2}, "b longer": {2, 9}, "alike": {4, 4}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			registry, kiosk := w.province()
			admitted, shared := registry.batch(), kiosk.rate(0, 2).batch()
			copied := kiosk.branch()
			a, b := w.server("a"), w.server("b")
			a.knows(admitted, shared, kiosk.rate(1, more[0]).batch())
			b.knows(admitted, shared, copied.rate(2, more[1]).batch())
			if a.digest() == b.digest() {
				t.Fatal("no difference to begin with")
			}
			a.run(w.b.Addr(), "a", "b")
			b.run(w.b.Addr(), "a", "b")
			eventually(t, "one branch counts at both", func() bool { return a.p.Mark(kiosk.id).Hash == b.p.Mark(kiosk.id).Hash })
			if one, other := a.digest(), b.digest(); one != other {
				t.Errorf("digests %s, %s", one, other)
			}
			held := map[fact.Hash]int{kiosk.prev: 2 + more[0], copied.prev: 2 + more[1]}[a.p.Mark(kiosk.id).Hash]
			if n, m := a.count(walkIns), b.count(walkIns); held == 0 || n != held || m != held {
				t.Errorf("counted %d and %d of %d", n, m, held)
			}
		})
	}
}

// TestMarksAfterReconnection: an origin hears how far it is held as soon as the
// server is back, without having asked.
func TestMarksAfterReconnection(t *testing.T) {
	w := newWorld(t)
	registry, kiosk := w.province()
	a := w.server("a")
	a.knows(registry.batch(), kiosk.rate(0, 5).batch())
	marks := make(chan fact.Mark, 64)
	stop, err := w.device(kiosk).OnMarks(kiosk.id, func(m fact.Mark) {
		select {
		case marks <- m:
		default:
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	told := func(when string) {
		t.Helper()
		limit := time.After(20 * time.Second)
		for {
			select {
			case m := <-marks:
				if m.Server == "a" && m.Number == kiosk.number && m.Hash == kiosk.prev && m.CaughtUp {
					return
				}
			case <-limit:
				t.Fatal("no mark ", when)
			}
		}
	}
	way := newWay(t, w.b.Addr())
	a.run(way.addr, "a") // alone: nobody asks for marks
	told("at the start")
	for len(marks) > 0 {
		<-marks
	}
	way.cut()
	told("after the reconnection")
}

// way is a road to the message server that can be cut; whoever comes again is
// let through.
type way struct {
	addr string

	mu    sync.Mutex
	conns []net.Conn
}

func newWay(t *testing.T, to string) *way {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &way{addr: l.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, in, out)
			w.mu.Unlock()
			for _, c := range [][2]net.Conn{{in, out}, {out, in}} {
				all.Go(func() {
					io.Copy(c[0], c[1])
					c[0].Close()
					c[1].Close()
				})
			}
		}
	})
	t.Cleanup(func() { l.Close(); w.cut(); all.Wait() })
	return w
}

func (w *way) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}
