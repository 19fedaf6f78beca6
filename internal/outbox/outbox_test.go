package outbox

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"

	"hailong/internal/fact"
)

var testKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

func mustOpen(t testing.TB, path string, o Options) *Outbox {
	t.Helper()
	if o.Key == nil {
		o.Key = testKey
	}
	if o.Role == 0 {
		o.Role = fact.RoleKiosk
	}
	box, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil && !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
	return box
}

func mustClose(t testing.TB, o *Outbox) {
	t.Helper()
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
}

// numbered is a rating that can be told from others.
func numbered(n uint64) fact.Entry {
	r := &fact.Rating{Session: make([]byte, 16), Nonce: make([]byte, 16), Desk: "D1", Score: 5, Channel: 1, Language: "vi"}
	binary.BigEndian.PutUint64(r.Nonce, n)
	return fact.Entry{Kind: fact.KindRating, Body: r}
}

func numberOf(t testing.TB, f *fact.Fact) uint64 {
	t.Helper()
	var r fact.Rating
	if err := fact.Unmarshal(f.Body, &r); err != nil {
		t.Fatal(err)
	}
	return binary.BigEndian.Uint64(r.Nonce)
}

func mustAppend(t testing.TB, o *Outbox, entries ...fact.Entry) []fact.Ref {
	t.Helper()
	refs, err := o.Append(t.Context(), entries...)
	if err != nil {
		t.Fatal(err)
	}
	return refs
}

// drain takes all that may leave of an origin through signed batches, as a
// server would, and checks that it hangs together from First to Last.
func drain(t testing.TB, o *Outbox, c Chain) []fact.Record {
	t.Helper()
	var all []fact.Record
	for after := c.First - 1; ; {
		data, last, err := o.Batch(t.Context(), c.Origin, after, 7, 4000)
		if err != nil {
			t.Fatal(err)
		}
		if data == nil {
			break
		}
		b, err := fact.Open(data)
		if err != nil {
			t.Fatal(err)
		}
		if b.Origin != c.Origin || b.Last().Number != last || b.Records[0].Number != after+1 {
			t.Fatalf("batch of %s from %d to %d (told %d), want %s above %d", b.Origin, b.Records[0].Number, b.Last().Number, last, c.Origin, after)
		}
		if len(all) > 0 && b.Records[0].Prev != all[len(all)-1].Hash {
			t.Fatalf("chain broken at %d", b.Records[0].Number)
		}
		all, after = append(all, b.Records...), last
	}
	if uint64(len(all))+c.First-1 != c.Last && c.Last >= c.First {
		t.Fatalf("%d facts from %d, want up to %d", len(all), c.First, c.Last)
	}
	for _, r := range all {
		h, ok, err := o.HashAt(t.Context(), c.Origin, r.Number)
		if err != nil || !ok || h != r.Hash {
			t.Fatalf("hash at %d: %v %v", r.Number, ok, err)
		}
	}
	return all
}

func chainsOf(t testing.TB, o *Outbox) []Chain {
	t.Helper()
	cs, err := o.Chains(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

func TestFirstOpenRecordsOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := mustOpen(t, path, Options{Name: "K1", Role: fact.RoleServer, Member: []byte("member")})
	for range 2 {
		cs := chainsOf(t, o)
		rs := drain(t, o, cs[0])
		var opened fact.Opened
		if len(rs) != 1 || rs[0].Fact.Kind != fact.KindOpened || fact.Unmarshal(rs[0].Fact.Body, &opened) != nil {
			t.Fatalf("%+v", rs)
		}
		if opened.Name != "K1" || opened.Role != fact.RoleServer || string(opened.Member) != "member" || len(opened.Previous) != 0 {
			t.Fatalf("%+v", opened)
		}
		mustClose(t, o)
		o = mustOpen(t, path, Options{}) // a later Open records nothing
	}
}

func TestConcurrentAppendsGiveOneChain(t *testing.T) {
	o := mustOpen(t, filepath.Join(t.TempDir(), "outbox.db"), Options{})
	const callers, calls = 16, 25
	got := make([]map[uint64]uint64, callers) // fact's number → what it says
	var wg sync.WaitGroup
	for g := range callers {
		got[g] = map[uint64]uint64{}
		wg.Go(func() {
			for i := range calls {
				n := uint64(g*1000 + i*3)
				entries := []fact.Entry{numbered(n), numbered(n + 1), numbered(n + 2)}[:1+(g+i)%3]
				refs, err := o.Append(t.Context(), entries...)
				if err != nil || len(refs) != len(entries) {
					t.Error(refs, err)
					return
				}
				for j, r := range refs {
					if r.Number != refs[0].Number+uint64(j) {
						t.Error("entries of one call are not consecutive")
					}
					got[g][r.Number] = n + uint64(j)
				}
			}
		})
	}
	wg.Wait()
	select {
	case <-o.Changed():
	default:
		t.Error("no signal")
	}
	rs := drain(t, o, chainsOf(t, o)[0])
	total := 1
	for _, m := range got {
		total += len(m)
		for number, says := range m {
			if numberOf(t, rs[number-1].Fact) != says {
				t.Fatalf("fact %d is not what its caller recorded", number)
			}
		}
	}
	if len(rs) != total {
		t.Fatalf("%d facts, want %d", len(rs), total)
	}
	head := o.Head()
	if last := rs[len(rs)-1]; head.Number != last.Number || head.Hash != last.Hash {
		t.Fatal("head is not the last fact")
	}
}

func TestSecondProcessIsKeptOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := mustOpen(t, path, Options{})
	if _, err := Open(t.Context(), path, Options{Key: testKey, Role: fact.RoleKiosk}); !errors.Is(err, ErrLocked) {
		t.Fatal(err)
	}
	mustAppend(t, o, numbered(1))
}

func TestOtherKeyIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	mustClose(t, mustOpen(t, path, Options{}))
	other := ed25519.NewKeyFromSeed([]byte(strings.Repeat("x", ed25519.SeedSize)))
	if _, err := Open(t.Context(), path, Options{Key: other}); !errors.Is(err, ErrKey) {
		t.Fatal(err)
	}
}

func TestDamagedChainIsRefused(t *testing.T) {
	for name, damage := range map[string]string{
		"gap":      "DELETE FROM fact WHERE id = (1 << 40 | 5)",
		"changed":  "UPDATE fact SET bytes = (SELECT bytes FROM fact WHERE id = (1 << 40 | 4)) WHERE id = (1 << 40 | 5)",
		"shifted":  "DELETE FROM fact WHERE id = (1 << 40 | 1)",
		"rewound":  "UPDATE chain SET base = 3",
		"garbled":  "UPDATE fact SET bytes = x'00' WHERE id = (1 << 40 | 10)",
		"no chain": "UPDATE chain SET salt = x'00'",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "outbox.db")
			o := mustOpen(t, path, Options{})
			for n := range uint64(9) {
				mustAppend(t, o, numbered(n))
			}
			err := o.db.Raw(t.Context(), func(*sqlite3.SQLiteConn) error { return o.w.exec(damage) })
			if err != nil {
				t.Fatal(err)
			}
			mustClose(t, o)
			if _, err := Open(t.Context(), path, Options{Key: testKey}); !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
		})
	}
}

// holdTurn keeps the writer's turn until release is called.
func holdTurn(t *testing.T, o *Outbox) (release func()) {
	t.Helper()
	held, let := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := o.db.Raw(context.Background(), func(*sqlite3.SQLiteConn) error {
			close(held)
			<-let
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-held
	return func() { close(let); wg.Wait() }
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-limit:
			t.Fatal("waited in vain for ", what)
		case <-tick.C:
		}
	}
}

func TestContextWithdrawsWhatWaits(t *testing.T) {
	o := mustOpen(t, filepath.Join(t.TempDir(), "outbox.db"), Options{})
	release := holdTurn(t, o)
	waiting := func(n int) func() bool {
		return func() bool { s, _ := o.Stats(context.Background()); return s.Waiting == n }
	}
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error, 3)
	add := func(ctx context.Context, n uint64) {
		_, err := o.Append(ctx, numbered(n))
		errs <- err
	}
	go add(ctx, 1) // leads, and waits for the turn
	waitFor(t, "the leader", waiting(1))
	go add(ctx, 2)
	waitFor(t, "a second", waiting(2))
	go add(t.Context(), 3)
	waitFor(t, "a third", waiting(3))
	cancel()
	for range 2 {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	release()
	if err := <-errs; err != nil {
		t.Error(err)
	}
	rs := drain(t, o, chainsOf(t, o)[0])
	if len(rs) != 2 || numberOf(t, rs[1].Fact) != 3 {
		t.Fatalf("%d facts", len(rs))
	}
	if _, err := o.Append(ctx, numbered(4)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestRefusedEntries(t *testing.T) {
	o := mustOpen(t, filepath.Join(t.TempDir(), "outbox.db"), Options{})
	for _, e := range []fact.Entry{
		{Kind: fact.KindOpened, Body: fact.Opened{}},
		{Kind: fact.KindSetting, Body: fact.Setting{Value: strings.Repeat("x", MaxBody)}},
		{Kind: fact.KindSetting, Body: func() {}},
	} {
		if _, err := o.Append(t.Context(), numbered(1), e); err == nil {
			t.Errorf("%d accepted", e.Kind)
		}
	}
	if n := o.Head().Number; n != 1 {
		t.Fatalf("head %d", n)
	}
	mustClose(t, o)
	if _, err := o.Append(t.Context(), numbered(1)); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if err := o.Close(); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func TestMarksFallAndAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := mustOpen(t, path, Options{})
	m := fact.Mark{Server: "s1", Origin: o.Head().Origin, Number: 9, Hash: fact.Hash{1}}
	fallen := m
	fallen.Number, fallen.Incarnation = 4, [16]byte{7}
	foreign := m
	foreign.Origin = fact.OriginID{1}
	for _, m := range []fact.Mark{m, foreign, fallen} {
		if err := o.Marked(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	mustAppend(t, o, numbered(1))
	mustClose(t, o)
	o = mustOpen(t, path, Options{})
	ms, err := o.Marks(t.Context())
	if err != nil || len(ms) != 1 || ms[0] != fallen {
		t.Fatal(ms, err)
	}
}

func TestMarksAreWrittenWithoutClose(t *testing.T) {
	o := mustOpen(t, filepath.Join(t.TempDir(), "outbox.db"), Options{})
	if err := o.Marked(t.Context(), fact.Mark{Server: "s1", Origin: o.Head().Origin, Number: 1}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the mark on the disk", func() bool {
		var n int
		err := o.db.Read().QueryRowContext(t.Context(), "SELECT count(*) FROM mark").Scan(&n)
		return err == nil && n == 1
	})
}

func TestValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := mustOpen(t, path, Options{})
	for _, v := range []string{"first", "second"} {
		if err := o.SetValue(t.Context(), "config", []byte(v)); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, o)
	o = mustOpen(t, path, Options{})
	if v, err := o.Value(t.Context(), "config"); err != nil || string(v) != "second" {
		t.Fatal(v, err)
	}
	if v, err := o.Value(t.Context(), "none"); err != nil || v != nil {
		t.Fatal(v, err)
	}
}
