package projection

import (
	"fmt"

	"pgregory.net/rapid"

	"hailong/internal/fact"
)

// What the worlds and the recount say of acts, accounts, checkpoints, voids and
// erasures.

// words gives the digest of words that nobody wrote before.
func (w *world) words() []byte {
	d := w.seeded(32)
	w.digests = append(w.digests, d)
	return d
}

// watch records what is watched over: who did what, what is void, what is erased.
func (w *world) watch(c *chain) {
	switch rapid.IntRange(0, 9).Draw(w.t, "watch") {
	case 0:
		w.add(c, fact.KindAct, &fact.Act{By: w.seeded(pick(w, []int{0, 16, 16, 3})), Via: uint8(rapid.IntRange(1, 4).Draw(w.t, "via")), Action: "unit.change",
			Subject: pick(w, units), Facts: uint16(rapid.IntRange(0, 2).Draw(w.t, "facts")), Digest: w.words(), Size: 9})
	case 1, 2:
		account := fact.Account{ID: make([]byte, 16), Role: uint8(rapid.IntRange(0, 7).Draw(w.t, "role")), Unit: pick(w, units),
			Off: rapid.Bool().Draw(w.t, "off"), Digest: w.words(), Size: 9}
		account.ID[0] = byte(rapid.IntRange(0, 2).Draw(w.t, "account"))
		if rapid.Bool().Draw(w.t, "person") {
			account.Login = w.seeded(32)
		}
		w.add(c, fact.KindAccount, &account)
	case 3:
		w.add(c, fact.KindCheckpoint, &fact.Checkpoint{Log: w.seeded(16), Size: c.number, Root: w.seeded(32), Note: w.seededText(),
			Holds: []fact.Hold{{Origin: c.id, Number: c.number, Hash: c.prev}}})
	case 4, 9:
		if rapid.IntRange(0, 3).Draw(w.t, "not there yet") == 0 {
			w.words()
		}
		if len(w.digests) > 0 {
			w.add(c, fact.KindErasure, &fact.Erasure{Digest: pick(w, w.digests), Reason: uint8(rapid.IntRange(1, 3).Draw(w.t, "erased"))})
		}
	case 5:
		if len(w.void) > 0 { // of the same run, once more
			v := pick(w, w.void)
			v.Lift, v.Reason = rapid.Bool().Draw(w.t, "lift"), string(w.seededText())
			w.add(c, fact.KindVoid, &v)
		}
	default:
		var ratings []fact.Fact
		for _, c := range append(append([]*chain(nil), w.kiosks...), w.servers...) {
			ratings = append(ratings, c.made[0]) // of any chain, also before its first rating
			for _, f := range c.made {
				if f.Kind == fact.KindRating {
					ratings = append(ratings, f)
				}
			}
		}
		f := pick(w, ratings)
		v := fact.Void{Origin: f.Origin, First: f.Number, Last: f.Number + uint64(rapid.IntRange(0, 12).Draw(w.t, "run")), Reason: string(w.seededText())}
		w.void = append(w.void, v)
		w.add(c, fact.KindVoid, &v)
	}
}

// isVoid says whether a run that no later fact lifted has the fact in it.
func (n *naive) isVoid(e effective) bool {
	for run, x := range n.voids() {
		if run.Origin == e.f.Origin && run.First <= e.f.Number && e.f.Number <= run.Last && !x.body.(*fact.Void).Lift {
			return true
		}
	}
	return false
}

// voids gives the fact that holds of each run.
func (n *naive) voids() map[fact.Void]effective {
	latest := map[fact.Void]effective{}
	for _, e := range n.inEffect {
		if v, ok := e.body.(*fact.Void); ok {
			run := fact.Void{Origin: v.Origin, First: v.First, Last: v.Last}
			if was, ok := latest[run]; !ok || serverOrder(e, was) > 0 {
				latest[run] = e
			}
		}
	}
	return latest
}

// trust gives the lines of acts, accounts, checkpoints, voids and erasures.
func (n *naive) trust() (lines []string) {
	line := func(name string, values ...any) {
		for _, v := range values {
			name += fmt.Sprintf(" %q", fmt.Sprint(v))
		}
		lines = append(lines, name)
	}
	hex := func(b []byte) string { return fmt.Sprintf("%X", b) }
	accounts := map[string]effective{}
	for _, e := range n.inEffect {
		switch b := e.body.(type) {
		case *fact.Act:
			line("act", hex(e.f.Origin[:]), e.f.Number, e.f.Wall, hex(b.By), b.Via, b.Action, b.Subject, b.Facts, hex(b.Digest), b.Size)
		case *fact.Checkpoint:
			line("checkpoint", hex(e.f.Origin[:]), e.f.Number, hex(b.Log), b.Size, hex(b.Root), hex(b.Note), e.f.Wall)
		case *fact.Erasure:
			line("erased", hex(b.Digest), hex(e.f.Origin[:]), e.f.Number, b.Reason)
		case *fact.Account:
			if was, ok := accounts[string(b.ID)]; !ok || serverOrder(e, was) > 0 {
				accounts[string(b.ID)] = e
			}
		}
	}
	for _, e := range accounts {
		b := e.body.(*fact.Account)
		line("account", hex(b.ID), hex(b.Login), b.Role, b.Unit, b.Desk, bit(b.Off), hex(b.Digest), b.Size, hex(e.f.Origin[:]), e.f.Number, e.f.Wall)
	}
	for _, e := range n.voids() {
		b := e.body.(*fact.Void)
		line("void", hex(b.Origin[:]), b.First, b.Last, bit(b.Lift), b.Reason, hex(e.f.Origin[:]), e.f.Number, e.f.Wall)
	}
	return lines
}
