package uplink_test

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

// holder stands for a server: it holds chains, as the stream gives them, and
// tells its marks.
type holder struct {
	t    testing.TB
	id   string
	bus  *bus.Bus
	stop func()

	mu       sync.Mutex
	silent   bool
	refuses  uint64 // holds nothing of this number or above; 0: all
	asked    int
	inc      byte
	pos      bus.Position
	caughtUp bool
	chains   map[fact.OriginID]*held
	publics  map[fact.OriginID][]byte
	forks    int // another fact under a number that is held
}

type held struct {
	facts   []fact.Record // 1, 2, 3 …
	waiting map[uint64]fact.Record
}

func (c *held) clone() *held {
	d := &held{facts: slices.Clone(c.facts), waiting: map[uint64]fact.Record{}}
	for n, r := range c.waiting {
		d.waiting[n] = r
	}
	return d
}

func (w *world) holder(id string) *holder {
	h := &holder{t: w.t, id: id, chains: map[fact.OriginID]*held{}, publics: map[fact.OriginID][]byte{}}
	h.start(w)
	return h
}

func (h *holder) start(w *world) {
	h.bus = w.direct()
	h.mu.Lock()
	h.inc++
	h.caughtUp = false
	reader := h.bus.Reader(h.pos, bus.ReaderOptions{Check: 50 * time.Millisecond})
	h.mu.Unlock()
	stopAsk, err := h.bus.OnAsk(func(public []byte, o fact.OriginID) {
		h.mu.Lock()
		h.asked++
		h.publics[o] = public
		h.mu.Unlock()
		h.tell(o)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	stopHash, err := h.bus.ServeHash(h.id, func(_ []byte, o fact.OriginID, n uint64) (fact.Hash, bool, error) {
		hash, held := h.hashAt(o, n)
		return hash, held, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	stopDevices, err := h.bus.ServeDevices()
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			g, err := reader.Next(ctx)
			if err != nil {
				return
			}
			for _, o := range h.take(g) {
				h.tell(o)
			}
		}
	}()
	var once sync.Once
	h.stop = func() {
		once.Do(func() {
			cancel()
			<-done
			stopAsk()
			stopHash()
			stopDevices()
			h.bus.Close()
		})
	}
	w.t.Cleanup(func() { h.stop() })
}

// take applies a group, and gives the origins to tell.
func (h *holder) take(g bus.Group) (tell []fact.OriginID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	touched := map[fact.OriginID]bool{}
	for _, m := range g.Messages {
		b, err := fact.Open(m.Data)
		if err != nil {
			continue
		}
		c := h.chains[b.Origin]
		if c == nil {
			c = &held{waiting: map[uint64]fact.Record{}}
			h.chains[b.Origin] = c
		}
		touched[b.Origin], h.publics[b.Origin] = true, slices.Clone(b.Public)
		for _, r := range b.Records {
			r.Bytes = slices.Clone(r.Bytes)
			h.put(c, r)
		}
	}
	if h.pos, h.caughtUp = g.Position, g.CaughtUp; g.CaughtUp && len(g.Messages) == 0 {
		for o := range h.chains {
			touched[o] = true
		}
	}
	for o := range touched {
		tell = append(tell, o)
	}
	return tell
}

func (h *holder) put(c *held, r fact.Record) {
	if r.Number <= uint64(len(c.facts)) {
		if c.facts[r.Number-1].Hash != r.Hash {
			h.forks++
		}
		return
	}
	if w, ok := c.waiting[r.Number]; ok && w.Hash != r.Hash {
		h.forks++
	}
	if h.refuses > 0 && r.Number >= h.refuses {
		return
	}
	c.waiting[r.Number] = r
	for {
		next, ok := c.waiting[uint64(len(c.facts))+1]
		if !ok {
			return
		}
		delete(c.waiting, next.Number)
		c.facts = append(c.facts, next)
	}
}

// silence keeps it from telling marks.
func (h *holder) silence(silent bool) {
	h.mu.Lock()
	h.silent = silent
	h.mu.Unlock()
}

func (h *holder) tell(o fact.OriginID) {
	h.mu.Lock()
	m := fact.Mark{Server: h.id, Incarnation: [16]byte{h.inc}, Origin: o, Stream: h.pos.Stream, Sequence: h.pos.Sequence, CaughtUp: h.caughtUp}
	if c := h.chains[o]; c != nil && len(c.facts) > 0 {
		last := c.facts[len(c.facts)-1]
		m.Number, m.Hash = last.Number, last.Hash
	}
	silent, public := h.silent, h.publics[o]
	h.mu.Unlock()
	if !silent {
		_ = h.bus.PublishMark(public, m) // told again at the next connection
	}
}

// copy keeps what it holds; restore puts it back under a new incarnation, while
// the holder is stopped. With keepPosition the cursor stays at the stream's end.
func (h *holder) copy() (map[fact.OriginID]*held, bus.Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	chains := map[fact.OriginID]*held{}
	for o, c := range h.chains {
		chains[o] = c.clone()
	}
	return chains, h.pos
}

func (h *holder) restore(chains map[fact.OriginID]*held, pos bus.Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.chains, h.pos = map[fact.OriginID]*held{}, pos
	for o, c := range chains {
		h.chains[o] = c.clone()
	}
}

func (h *holder) number(o fact.OriginID) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.chains[o]; c != nil {
		return uint64(len(c.facts))
	}
	return 0
}

func (h *holder) hashAt(o fact.OriginID, number uint64) (fact.Hash, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.chains[o]
	if c == nil || number == 0 || number > uint64(len(c.facts)) {
		return fact.Hash{}, false
	}
	return c.facts[number-1].Hash, true
}

func (h *holder) forked() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.forks
}

// ratings counts each rating that it holds, by its number, over all origins.
func (h *holder) ratings() map[uint64]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := map[uint64]int{}
	for _, c := range h.chains {
		for _, r := range c.facts {
			var body fact.Rating
			if r.Fact.Kind == fact.KindRating && fact.Unmarshal(r.Fact.Body, &body) == nil {
				seen[binary.BigEndian.Uint64(body.Nonce)]++
			}
		}
	}
	return seen
}

// holdsAll waits until the holder has all that may leave the outbox.
func (h *holder) holdsAll(k *kiosk) {
	h.t.Helper()
	eventually(h.t, h.id+" holds all", func() bool { return h.has(k) })
}

func (h *holder) has(k *kiosk) bool {
	chains, err := k.box.Chains(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range chains {
		if c.Last < c.First {
			continue
		}
		// Equal at the end, hence at all before; more is not the same.
		want, _, err := k.box.HashAt(context.Background(), c.Origin, c.Last)
		if err != nil {
			h.t.Fatal(err)
		}
		if got, ok := h.hashAt(c.Origin, c.Last); !ok || got != want {
			return false
		}
	}
	return true
}
