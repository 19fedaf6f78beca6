package projection

import (
	"context"
	"testing"

	"hailong/internal/fact"
)

// A withdrawal takes back the ratings of its own sitting, given just before it on
// the same device, and nothing else.
func TestWhatAWithdrawalTakesBack(t *testing.T) {
	bytes := func(b byte) []byte { x := make([]byte, 16); x[0] = b; return x }
	receipt := func(b byte) []byte { return append(bytes(b), make([]byte, 16)...) }
	for _, test := range []struct {
		name string
		at   int64 // of the withdrawal, in ms after the rating
		body fact.Withdrawal
		late bool  // the withdrawal was recorded before the rating
		boot bool  // the device was started anew in between
		on   bool  // on another device
		want int64 // what counts; the rating is a 2
	}{
		{name: "at once", at: 0, body: fact.Withdrawal{Receipt: receipt(1), Session: bytes(1)}},
		{name: "at the last moment", at: fact.WithdrawTime, body: fact.Withdrawal{Receipt: receipt(1), Session: bytes(1)}},
		{name: "too late", at: fact.WithdrawTime + 1, body: fact.Withdrawal{Receipt: receipt(1), Session: bytes(1)}, want: 2},
		{name: "of another sitting", at: 1, body: fact.Withdrawal{Receipt: receipt(1), Session: bytes(9)}, want: 2},
		{name: "of another receipt", at: 1, body: fact.Withdrawal{Receipt: receipt(9), Session: bytes(1)}, want: 2},
		{name: "of a walk-in", at: 1, body: fact.Withdrawal{Session: bytes(1)}, want: 2},
		{name: "before the rating", at: 1, late: true, body: fact.Withdrawal{Receipt: receipt(1), Session: bytes(1)}, want: 2},
		{name: "after a restart", at: 1, boot: true, body: fact.Withdrawal{Receipt: receipt(1), Session: bytes(1)}, want: 2},
		{name: "from another device", at: 1, on: true, body: fact.Withdrawal{Receipt: receipt(1), Session: bytes(1)}, want: 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			ring := newRing(t)
			p := openTest(t, t.TempDir(), ring)
			defer p.Close()
			registrar, here, there := newMaker(t, fact.RoleServer, ring.Member), newMaker(t, fact.RoleServer, ring.Member), newMaker(t, fact.RoleServer, ring.Member)
			for b := range byte(10) {
				registrar.add(t, fact.KindSlip, &fact.Slip{Hash: receipt(b), Unit: "U", Service: 2, Issued: 1_790_000_000_000}, 0)
			}
			rate := func() {
				here.add(t, fact.KindRating, &fact.Rating{Receipt: receipt(1), Session: bytes(1), Nonce: bytes(3), Score: 2, Channel: 1}, 1000)
			}
			back := func() {
				m := here
				if test.on {
					m = there
				}
				if test.boot {
					m.boot = [16]byte{2}
				}
				m.add(t, fact.KindWithdrawal, &test.body, 1000+test.at)
			}
			if test.late {
				back()
				rate()
			} else {
				rate()
				back()
			}
			sequence := uint64(0)
			for _, m := range []*maker{there, here, registrar} { // whichever comes first
				sequence++
				if err := p.Apply(context.Background(), p.Open(m.batches(t, 20)), Position{Stream: 1, Sequence: sequence}, true); err != nil {
					t.Fatal(err)
				}
			}
			var score, cells int64
			if err := p.Reader().QueryRow(`SELECT score FROM ballot WHERE key = ?`, receipt(1)).Scan(&score); err != nil {
				t.Fatal(err)
			}
			if err := p.Reader().QueryRow(`SELECT coalesce(sum(s2), 0) FROM cell_day`).Scan(&cells); err != nil {
				t.Fatal(err)
			}
			if score != test.want || cells != test.want/2 {
				t.Errorf("score %d, counted %d; want %d", score, cells, test.want)
			}
		})
	}
}
