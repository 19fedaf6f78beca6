package outbox

import (
	"os"
	"path/filepath"
	"testing"

	"hailong/internal/fact"
)

// device is a clock that tests move; boots are told apart by a byte.
type device struct{ now fact.Stamp }

func (d *device) stamp() fact.Stamp { d.now.Mono += 10; d.now.Wall += 10; return d.now }
func (d *device) reboot(boot byte)  { d.now = fact.Stamp{Wall: 1000, Boot: [16]byte{boot}, Mono: 5} }

// contact is the clock fact of a contact with a server at the given time.
func (d *device) contact(server int64) fact.Entry {
	return fact.Entry{Kind: fact.KindClock, Body: fact.Clock{Boot: d.now.Boot, Mono: d.now.Mono, Server: server}}
}

func openedOf(t *testing.T, r fact.Record) (opened fact.Opened) {
	t.Helper()
	if r.Number != 1 || r.Fact.Kind != fact.KindOpened {
		t.Fatalf("number %d of kind %d", r.Number, r.Fact.Kind)
	}
	if err := fact.Unmarshal(r.Fact.Body, &opened); err != nil {
		t.Fatal(err)
	}
	return opened
}

// same says whether two facts tell the same, whatever their place.
func same(a, b *fact.Fact) bool {
	return a.Kind == b.Kind && a.Stamp() == b.Stamp() && string(a.Body) == string(b.Body)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestReopenKeepsTimesAndOrder(t *testing.T) {
	d := &device{}
	d.reboot(1)
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := mustOpen(t, path, Options{Stamp: d.stamp, Name: "K1"})
	mustAppend(t, o, numbered(2))      // boot 1, corrected by 3
	mustAppend(t, o, d.contact(9_000)) // 3: the first of boot 1
	mustAppend(t, o, d.contact(9_500)) // 4: corrects nothing
	d.reboot(2)
	mustAppend(t, o, d.contact(10_000)) // 5: the first of boot 2
	mustAppend(t, o, numbered(6))
	d.reboot(3)
	mustAppend(t, o, numbered(7)) // boot 3: corrected by 9, which is recorded again
	d.now.Boot = [16]byte{1}
	mustAppend(t, o, numbered(8))
	d.now.Boot = [16]byte{3}
	mustAppend(t, o, d.contact(11_000)) // 9
	mustAppend(t, o, d.contact(12_000)) // 10
	old := drain(t, o, chainsOf(t, o)[0])
	d.reboot(4)

	if err := o.Reopen(t.Context(), "restored", 6); err != nil {
		t.Fatal(err)
	}
	for range 2 { // also after another Open
		cs := chainsOf(t, o)
		if len(cs) != 2 || cs[0].Current || !cs[1].Current || cs[0].Last != 6 {
			t.Fatalf("%+v", cs)
		}
		if kept := drain(t, o, cs[0]); len(kept) != 6 {
			t.Fatalf("%d facts may leave of the branch given up", len(kept))
		}
		if data, _, err := o.Batch(t.Context(), cs[0].Origin, 6, 10, 1<<20); data != nil || err != nil {
			t.Fatal("what was given up may leave", err)
		}
		rs := drain(t, o, cs[1])
		opened := openedOf(t, rs[0])
		if fact.OriginID(opened.Previous) != cs[0].Origin || opened.Agreed != 6 || opened.Withdrawn != 7 ||
			fact.Hash(opened.WithdrawnHash) != old[6].Hash || opened.Reason != "restored" || opened.Name != "K1" {
			t.Fatalf("%+v", opened)
		}
		// Boot 1's first clock fact, then everything above 6 as it was. Boot 2 has no
		// fact above 6, boot 3's clock facts are above 6 themselves.
		want := []int{3, 7, 8, 9, 10}
		if len(rs) != 1+len(want) {
			t.Fatalf("%d facts in the new origin", len(rs))
		}
		for i, n := range want {
			if !same(rs[1+i].Fact, old[n-1].Fact) {
				t.Fatalf("fact %d of the new origin is not fact %d of the old", 2+i, n)
			}
		}
		mustClose(t, o)
		o = mustOpen(t, path, Options{Stamp: d.stamp})
	}
	if refs := mustAppend(t, o, numbered(11)); refs[0].Number != 7 || refs[0].Origin != chainsOf(t, o)[1].Origin {
		t.Fatal(refs)
	}
}

func TestReopenOfAReopenedOrigin(t *testing.T) {
	d := &device{}
	d.reboot(1)
	o := mustOpen(t, filepath.Join(t.TempDir(), "outbox.db"), Options{Stamp: d.stamp})
	mustAppend(t, o, d.contact(9_000), numbered(3), numbered(4)) // 2, 3, 4
	if err := o.Reopen(t.Context(), "restored", 3); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, o, numbered(5)) // opened, clock, 4, 5
	if err := o.Reopen(t.Context(), "copied", 3); err != nil {
		t.Fatal(err)
	}
	if err := o.Reopen(t.Context(), "copied again", 1<<30); err != nil { // all agreed: lowered to the head
		t.Fatal(err)
	}
	cs := chainsOf(t, o)
	if len(cs) != 4 || cs[0].Last != 3 || cs[1].Last != 3 || cs[2].Last != 3 || cs[3].Last != 1 {
		t.Fatalf("%+v", cs)
	}
	second, third, fourth := drain(t, o, cs[1]), drain(t, o, cs[2]), drain(t, o, cs[3])
	if openedOf(t, second[0]); second[1].Fact.Kind != fact.KindClock || numberOf(t, second[2].Fact) != 4 {
		t.Fatal("second origin")
	}
	opened := openedOf(t, third[0])
	if fact.OriginID(opened.Previous) != cs[1].Origin || opened.Withdrawn != 4 || !same(third[1].Fact, second[1].Fact) || numberOf(t, third[2].Fact) != 5 {
		t.Fatalf("third origin %+v", opened)
	}
	opened = openedOf(t, fourth[0])
	if opened.Agreed != 3 || opened.Withdrawn != 0 || len(opened.WithdrawnHash) != 0 {
		t.Fatalf("fourth origin %+v", opened)
	}
}

func TestReopenOfARestoredCopy(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "outbox.db")
	o := mustOpen(t, path, Options{})
	mustAppend(t, o, numbered(2), numbered(3))
	mustClose(t, o)
	copyFile(t, path, path+".copy")
	o = mustOpen(t, path, Options{})
	mustAppend(t, o, numbered(4), numbered(5))
	sent := drain(t, o, chainsOf(t, o)[0]) // servers hold 1 to 5
	mustClose(t, o)

	copyFile(t, path+".copy", path)
	o = mustOpen(t, path, Options{})
	mustAppend(t, o, numbered(40)) // another number 4
	origin := sent[0].Fact.Origin
	if head := o.Head(); head.Origin != origin || head.Number != 4 {
		t.Fatal(head)
	}
	for _, r := range sent[:4] {
		h, ok, err := o.HashAt(t.Context(), origin, r.Number)
		if err != nil || !ok || (h == r.Hash) != (r.Number <= 3) {
			t.Fatal(r.Number, ok, err)
		}
	}
	if _, ok, err := o.HashAt(t.Context(), origin, 5); ok || err != nil {
		t.Fatal("knows a fact that it lost", err)
	}
	if err := o.Reopen(t.Context(), "restored", 3); err != nil {
		t.Fatal(err)
	}
	cs := chainsOf(t, o)
	rs := drain(t, o, cs[1])
	if cs[0].Last != 3 || len(rs) != 2 || numberOf(t, rs[1].Fact) != 40 {
		t.Fatalf("%+v, %d facts", cs, len(rs))
	}
}
