package outbox

import (
	"path/filepath"
	"testing"
	"time"

	"hailong/internal/fact"
)

const day = int64(24 * time.Hour / time.Millisecond)

// holds tells the outbox that a server holds an origin up to a number.
func holds(t *testing.T, o *Outbox, server string, origin fact.OriginID, number uint64) {
	t.Helper()
	h, _, err := o.HashAt(t.Context(), origin, number)
	if err == nil {
		err = o.Marked(t.Context(), fact.Mark{Server: server, Origin: origin, Number: number, Hash: h})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func prune(t *testing.T, o *Outbox, want int64, servers ...string) {
	t.Helper()
	n, err := o.Prune(t.Context(), servers)
	if err != nil || n != want {
		t.Fatalf("pruned %d, want %d: %v", n, want, err)
	}
}

func TestPruneGoesByServerTimeAndMarks(t *testing.T) {
	d := &device{}
	d.reboot(1) // the wall clock says 1970
	path := filepath.Join(t.TempDir(), "outbox.db")
	opt := Options{Stamp: d.stamp, Retention: 90 * 24 * time.Hour}
	o := mustOpen(t, path, opt)
	origin := o.Head().Origin
	start := 20_000 * day
	mustAppend(t, o, d.contact(start), numbered(3), numbered(4)) // 2, 3, 4
	mustAppend(t, o, d.contact(start+50*day))                    // 5
	mustAppend(t, o, numbered(6))
	mustAppend(t, o, d.contact(start+100*day)) // 7: now
	prune(t, o, 0)
	prune(t, o, 0, "a")
	holds(t, o, "a", origin, 7)
	prune(t, o, 0, "a", "b")
	holds(t, o, "b", origin, 1)
	prune(t, o, 0, "a", "b") // what b holds is not known to be old
	holds(t, o, "b", origin, 6)
	if err := o.Marked(t.Context(), fact.Mark{Server: "a", Origin: origin, Number: 6, Hash: fact.Hash{1}}); err != nil {
		t.Fatal(err)
	}
	prune(t, o, 0, "a", "b") // a holds another branch
	holds(t, o, "a", origin, 7)
	prune(t, o, 2, "a", "b") // up to the contact of the first day
	prune(t, o, 0, "a", "b")
	mustAppend(t, o, d.contact(start+150*day)) // 8
	prune(t, o, 3, "a", "b")                   // the contact at 50 days is old: 3, 4, 5

	before, err := o.Stats(t.Context())
	if err != nil || before.Facts != 3 {
		t.Fatal(before, err)
	}
	mustClose(t, o)
	o = mustOpen(t, path, opt)
	rs := drain(t, o, chainsOf(t, o)[0])
	h, ok, err := o.HashAt(t.Context(), origin, 5)
	if rs[0].Number != 6 || len(rs) != 3 || err != nil || !ok || rs[0].Prev != h {
		t.Fatalf("the chain does not go on: %+v %v %v", rs[0], ok, err)
	}
	if _, ok, _ := o.HashAt(t.Context(), origin, 4); ok {
		t.Fatal("a pruned fact has a hash")
	}
	if data, last, err := o.Batch(t.Context(), origin, 2, 1, 1<<20); data == nil || last != 6 || err != nil {
		t.Fatal("batch above what was pruned", last, err)
	}
	prune(t, o, 0, "a", "b") // marks and clock facts of an earlier run are not believed
	if refs := mustAppend(t, o, numbered(9)); refs[0].Number != 9 {
		t.Fatal(refs)
	}
	// The clock fact that corrects boot 1 is pruned, and still goes along.
	if err := o.Reopen(t.Context(), "restored", 8); err != nil {
		t.Fatal(err)
	}
	again := drain(t, o, chainsOf(t, o)[1])
	var clock fact.Clock
	if len(again) != 3 || again[1].Fact.Kind != fact.KindClock || fact.Unmarshal(again[1].Fact.Body, &clock) != nil ||
		clock.Server != start || numberOf(t, again[2].Fact) != 9 {
		t.Fatalf("%+v", again)
	}
}

func TestPruneToTheHeadAndOn(t *testing.T) {
	now := fact.Stamp{Wall: 20_000 * day}
	path := filepath.Join(t.TempDir(), "outbox.db")
	opt := Options{Role: fact.RoleServer, Stamp: func() fact.Stamp { return now }}
	o := mustOpen(t, path, opt)
	entries := make([]fact.Entry, 2*step)
	for i := range entries {
		entries[i] = numbered(uint64(i))
	}
	mustAppend(t, o, entries...)
	head := o.Head()
	now.Wall += 91 * day
	holds(t, o, "a", head.Origin, head.Number)
	prune(t, o, int64(head.Number), "a")
	mustClose(t, o)
	o = mustOpen(t, path, opt)
	if again := o.Head(); again != head {
		t.Fatalf("head %v, want %v", again, head)
	}
	mustAppend(t, o, numbered(1))
	rs := drain(t, o, chainsOf(t, o)[0])
	if len(rs) != 1 || rs[0].Number != head.Number+1 || rs[0].Prev != head.Hash {
		t.Fatalf("%+v", rs)
	}
}

func TestPruneOfAGivenUpBranch(t *testing.T) {
	now := fact.Stamp{Wall: 20_000 * day}
	o := mustOpen(t, filepath.Join(t.TempDir(), "outbox.db"), Options{Role: fact.RoleServer, Stamp: func() fact.Stamp { return now }})
	mustAppend(t, o, numbered(2), numbered(3))
	if err := o.Reopen(t.Context(), "copied", 2); err != nil {
		t.Fatal(err)
	}
	now.Wall += 91 * day
	cs := chainsOf(t, o)
	// The server holds another branch of the first origin.
	if err := o.Marked(t.Context(), fact.Mark{Server: "a", Origin: cs[0].Origin, Number: 8, Hash: fact.Hash{8}}); err != nil {
		t.Fatal(err)
	}
	prune(t, o, 2, "a")
	holds(t, o, "a", cs[1].Origin, 2)
	prune(t, o, 2, "a")
	prune(t, o, 1, "a") // the fact given up, after it left the new origin as well
	s, err := o.Stats(t.Context())
	if err != nil || s.Facts != 0 || s.Origins != 2 {
		t.Fatal(s, err)
	}
}
