package uplink_test

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

var (
	chaosSeed   = flag.Uint64("chaos.seed", 0, "seed of TestChaos; 0: by the clock")
	chaosRounds = flag.Int("chaos.rounds", 25, "rounds of TestChaos")
)

// Whatever is cut, stopped, deleted or put back to an older copy, in any order:
// both servers come to hold all that the outbox has, and no number is ever used
// twice.
func TestChaos(t *testing.T) {
	seed := *chaosSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d: go test -run TestChaos -chaos.seed=%[1]d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	w := newWorld(t)
	k := w.kiosk("s1", "s2")
	hs := []*holder{w.holder("s1"), w.holder("s2")}
	k.start()
	next := uint64(0)
	add := func() {
		n := next + 1 + rng.Uint64N(300)
		k.add(next, n, 1+rng.Uint64N(40))
		next = n
	}
	type copied struct {
		chains map[fact.OriginID]*held
		pos    bus.Position
	}
	olds := make([]copied, len(hs))
	keep := func() {
		for i, h := range hs {
			olds[i].chains, olds[i].pos = h.copy()
		}
	}
	settle := func() {
		w.proxy.up()
		for _, h := range hs {
			h.holdsAll(k)
		}
	}
	add()
	keep()
	outboxCopy := t.TempDir() + "/copy"
	var steps []string
	for range *chaosRounds {
		add()
		step := []string{"cut", "cut for a while", "broker restart", "store lost", "stream deleted",
			"server away", "server restored", "servers restored, store lost", "kiosk restart", "outbox restored", "settle"}[rng.IntN(11)]
		steps = append(steps, step)
		i := rng.IntN(2)
		h, old := hs[i], olds[i]
		switch step {
		case "cut":
			w.proxy.cut(false)
		case "cut for a while":
			w.proxy.cut(true)
			add()
			w.proxy.up()
		case "broker restart":
			w.restartBroker(nil)
		case "store lost":
			w.restartBroker(w.loseStore)
		case "stream deleted":
			streamOf(t, hs[0].bus) // it may be away just now
			deleteStream(t, w)
		case "server away":
			h.stop()
			add()
			h.start(w)
		case "server restored":
			h.stop()
			pos := old.pos
			if rng.IntN(2) == 0 { // its cursor alone is new
				_, pos = h.copy()
			}
			h.restore(old.chains, pos)
			add()
			h.start(w)
		case "servers restored, store lost":
			for i, h := range hs {
				h.stop()
				h.restore(olds[i].chains, olds[i].pos)
			}
			w.restartBroker(w.loseStore)
			for _, h := range hs {
				h.start(w)
			}
		case "kiosk restart":
			k.shut()
			k.start()
		case "outbox restored":
			// Somebody must still know more than the copy, or nobody could tell
			// that it is one: all is settled before.
			settle()
			k.shut()
			k.copyTo(outboxCopy)
			k.start()
			add()
			settle()
			k.shut()
			k.restore(outboxCopy)
			keep() // what came before would know less than the copy
			k.start()
		case "settle":
			settle()
			keep()
		}
	}
	settle()
	for _, h := range hs {
		if n := h.forked(); n != 0 {
			t.Fatalf("%s saw %d numbers used twice: %v", h.id, n, steps)
		}
		got := h.ratings()
		for n := range next {
			if got[n] == 0 {
				t.Fatalf("%s lacks rating %d: %v", h.id, n, steps)
			}
		}
	}
}
