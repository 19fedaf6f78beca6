package follow_test

import (
	"testing"

	"hailong/internal/fact"
)

// A device is told of its own chains alone: hashes and marks of another's are
// not for it, whatever it asks.
func TestDeviceIsToldOfItsOwnChains(t *testing.T) {
	w := newWorld(t)
	s := w.server("s1")
	registry, kiosk := w.province()
	s.knows(registry.batch(), kiosk.rate(0, 3).batch())
	s.run(w.b.Addr(), "s1")
	own, other := w.device(kiosk), w.device(w.chain(77, fact.RoleKiosk))
	eventually(t, "the server listens", func() bool {
		h, held, err := own.HashAt(t.Context(), "s1", kiosk.id, kiosk.number)
		return err == nil && held && h == kiosk.prev
	})
	for _, origin := range []fact.OriginID{kiosk.id, registry.id} {
		if h, held, err := other.HashAt(t.Context(), "s1", origin, 1); err != nil || held || h != (fact.Hash{}) {
			t.Error(h, held, err)
		}
	}
	if _, held, err := own.HashAt(t.Context(), "s1", registry.id, 1); err != nil || held {
		t.Error(held, err)
	}
	told, leaked := make(chan fact.Mark, 10), make(chan fact.Mark, 10)
	stop, err := own.OnMarks(kiosk.id, func(m fact.Mark) { told <- m })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if _, _, err := own.HashAt(t.Context(), "s1", kiosk.id, 1); err != nil { // NATS knows that it listens
		t.Fatal(err)
	}
	stopOther, err := other.OnMarks(kiosk.id, func(m fact.Mark) { leaked <- m })
	if err != nil {
		t.Fatal(err)
	}
	defer stopOther()
	unknown := fact.OriginID{99}
	heard := make(chan fact.Mark, 10)
	stopUnknown, err := other.OnMarks(unknown, func(m fact.Mark) { heard <- m })
	if err != nil {
		t.Fatal(err)
	}
	defer stopUnknown()
	for range 2 {
		if err := other.Ask(kiosk.id); err != nil {
			t.Fatal(err)
		}
		// Its owner is told; who asks is not.
		if m := <-told; m.Number != kiosk.number || m.Hash != kiosk.prev {
			t.Errorf("%+v", m)
		}
		if err := other.Ask(unknown); err != nil {
			t.Fatal(err)
		}
		if m := <-heard; m.Number != 0 || m.Server != "s1" {
			t.Errorf("%+v", m)
		}
	}
	if len(leaked) > 0 {
		t.Error("another's mark was told")
	}
}
