package bus_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

func TestReaderFromAnEmptyStream(t *testing.T) {
	s := newStation(t)
	b := s.server(bus.Options{})
	r := follow(t, b, bus.Position{})
	g := r.until(t, func(_ []string, g bus.Group) bool { return g.CaughtUp })
	if g.Position.Stream == 0 || g.Position.Sequence != 0 || len(g.Messages) != 0 {
		t.Fatalf("%+v", g)
	}
	publish(t, b, "a")
	g = r.until(t, ends("a"))
	if g.Position.Sequence != 1 || g.Messages[0].Sequence != 1 || g.Messages[0].Stream != g.Position.Stream {
		t.Fatalf("%+v", g)
	}
	// From the position on nothing comes again, but that it is caught up.
	r = follow(t, b, g.Position)
	again := r.until(t, func(_ []string, g bus.Group) bool { return g.CaughtUp })
	if again.Position != g.Position {
		t.Fatalf("%+v", again)
	}
	publish(t, b, "b")
	r.until(t, func(texts []string, _ bus.Group) bool { return slices.Equal(texts, []string{"b"}) })
}

// A backlog comes in groups as large as allowed, in order, and the last one
// says that it is the last.
func TestReaderGroups(t *testing.T) {
	s := newStation(t)
	b := s.server(bus.Options{})
	ctx := within(t)
	publish(t, b, "0")
	const n = 6000
	var ack *bus.Ack
	for i := 1; i < n; i++ {
		var err error
		for {
			if ack, err = b.Publish(origin, fmt.Append(nil, i), fact.Mark{}); err == nil {
				break
			}
			if ctx.Err() != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := ack.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	rd := b.Reader(bus.Position{}, bus.ReaderOptions{})
	defer rd.Close()
	next, groups := 0, 0
	for next < n {
		g, err := rd.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		groups++
		for _, m := range g.Messages {
			if string(m.Data) != fmt.Sprint(next) {
				t.Fatalf("%q instead of %d", m.Data, next)
			}
			next++
		}
		if g.CaughtUp != (next == n) {
			t.Fatalf("caught up at %d: %v", next, g.CaughtUp)
		}
	}
	if groups > 20 {
		t.Fatalf("%d groups", groups)
	}
	// A call that gives up loses nothing.
	short, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := rd.Next(short); err == nil {
		t.Fatal("no error of its context")
	}
	publish(t, b, "x")
	if g, err := rd.Next(ctx); err != nil || len(g.Messages) != 1 || string(g.Messages[0].Data) != "x" {
		t.Fatal(g, err)
	}
}

func TestReaderStreamDeletedUnderIt(t *testing.T) {
	s := newStation(t)
	b, ctx := s.server(bus.Options{}), within(t)
	publish(t, b, "a", "b", "c")
	r := follow(t, b, bus.Position{})
	r.until(t, ends("a", "b", "c"))
	if err := s.jetstream().DeleteStream(ctx, bus.StreamName); err != nil {
		t.Fatal(err)
	}
	publish(t, b, "d", "e") // now sequences 1 and 2, below the position
	r.until(t, ends("d", "e"))
}

func TestReaderMessagesGone(t *testing.T) {
	s := newStation(t)
	b, ctx := s.server(bus.Options{}), within(t)
	publish(t, b, "a")
	at := follow(t, b, bus.Position{}).until(t, ends("a")).Position
	publish(t, b, "b", "c", "d")
	st, err := s.jetstream().Stream(ctx, bus.StreamName)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.DeleteMsg(ctx, 3); err != nil { // a hole is no loss of ours
		t.Fatal(err)
	}
	follow(t, b, at).until(t, ends("b", "d"))
	if err := st.Purge(ctx); err != nil { // all aged out, the position too
		t.Fatal(err)
	}
	g := follow(t, b, at).until(t, func(_ []string, g bus.Group) bool { return g.CaughtUp })
	if g.Position.Sequence != 4 || g.Position.Digest != [32]byte{} {
		t.Fatalf("position %+v", g.Position)
	}
	publish(t, b, "e")
	r := follow(t, b, g.Position)
	r.until(t, func(texts []string, _ bus.Group) bool { return slices.Equal(texts, []string{"e"}) })
}

// The broker's store is put back to an older copy: the same stream, shorter;
// or grown past the position since, with other messages.
func TestReaderStoreRestored(t *testing.T) {
	for _, c := range []struct {
		name  string
		since []string // published before the reader is back
		want  []string
	}{
		{"shorter", nil, []string{"a", "b"}},
		{"as long", []string{"X", "Y"}, []string{"a", "b", "X", "Y"}},
		{"longer", []string{"X", "Y", "Z"}, []string{"a", "b", "X", "Y", "Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStation(t)
			b := s.server(bus.Options{})
			publish(t, b, "a", "b")
			s.b.Close()
			old := t.TempDir() + "/old"
			copyDir(t, s.dir, old)
			s.start()
			publish(t, b, "c", "d")
			at := follow(t, b, bus.Position{}).until(t, ends("c", "d")).Position
			s.b.Close()
			copyDir(t, old, s.dir)
			s.start()
			publish(t, b, c.since...)
			r := follow(t, b, at)
			r.until(t, func(texts []string, g bus.Group) bool { return g.CaughtUp && slices.Equal(texts, c.want) })
			publish(t, b, "last")
			r.until(t, ends("last"))
		})
	}
}

// A reader that is connected all the time sees the same: broker stopped, store
// deleted or restarted as it is, at random, while others publish.
func TestReaderThroughBrokerRestarts(t *testing.T) {
	s := newStation(t)
	writer, reader := s.server(bus.Options{}), s.server(bus.Options{})
	r := follow(t, reader, bus.Position{})
	rng := rand.New(rand.NewPCG(1, 2))
	n := 0
	for round := range 12 {
		var since []string
		burst := func() {
			for range 1 + rng.IntN(20) {
				since = append(since, fmt.Sprint(n))
				publish(t, writer, fmt.Sprint(n))
				n++
			}
		}
		burst()
		lost := round%4 == 3
		if lost { // all that was read must not be waited for again
			r.until(t, ends(since...))
		}
		s.b.Close()
		if lost {
			if err := os.RemoveAll(s.dir); err != nil {
				t.Fatal(err)
			}
			since = nil
		}
		s.start()
		burst()
		r.until(t, func(texts []string, g bus.Group) bool {
			// each of this round after its start, in order; those before may come again
			i := 0
			for _, text := range texts {
				if i < len(since) && text == since[i] {
					i++
				}
			}
			return i == len(since) && texts[len(texts)-1] == since[len(since)-1]
		})
	}
	// From zero on, the stream as it is: nothing twice, nothing left out.
	whole := follow(t, reader, bus.Position{}).until(t, func(texts []string, g bus.Group) bool {
		return g.CaughtUp && len(texts) > 0 && texts[len(texts)-1] == fmt.Sprint(n-1)
	})
	if whole.Position.Sequence == 0 {
		t.Fatal("no position")
	}
}

// Messages up to the greatest allowed pass.
func TestReaderGreatMessages(t *testing.T) {
	s := newStation(t)
	b := s.server(bus.Options{})
	great := string(make([]byte, bus.MaxMessage-1024))
	publish(t, b, "a", great, great, "b")
	follow(t, b, bus.Position{}).until(t, ends("a", great, great, "b"))
}

func TestReaderWaitsForBroker(t *testing.T) {
	s := newStation(t)
	b := s.server(bus.Options{})
	publish(t, b, "a")
	s.b.Close()
	r := follow(t, b, bus.Position{})
	s.start()
	r.until(t, ends("a"))
}
