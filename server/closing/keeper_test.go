package closing

import (
	"context"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/export"
	"hailong/server/keyring"
)

// recorder records in a world's server, whose facts arrive at once at all
// projections.
type recorder struct {
	w  *world
	at int64
	to []*opened
}

func (r *recorder) Append(_ context.Context, entries ...fact.Entry) ([]fact.Ref, error) {
	for _, e := range entries {
		r.w.add(r.w.server, r.at, e.Kind, e.Body)
	}
	r.w.send(r.w.server)
	news := r.w.batches
	for _, p := range r.to {
		r.w.batches = news
		p.arrive(r.w)
	}
	return []fact.Ref{{Origin: r.w.server.id, Number: r.w.server.number}}, nil
}

func openStore(t *testing.T) *Store {
	s, err := Open(context.Background(), t.TempDir()+"/closed.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func keeperOf(t *testing.T, name string, p *opened, r *recorder, ring *keyring.Ring, now *time.Time) *Keeper {
	ballots, err := export.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return NewKeeper(Options{Server: name, Ballots: ballots, Servers: []string{"s1", "s2"}, Projection: p, Recorder: r, Store: openStore(t), Keys: ring, Log: quiet,
		Now: func() time.Time { return *now }, Quiet: time.Millisecond, Dir: t.TempDir()})
}

func months(t *testing.T, k *Keeper) (all []survey.Day) {
	t.Helper()
	have, err := k.o.Store.Months(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range have {
		all = append(all, x.Period.From)
	}
	return all
}

// TestKeeper: the first server closes the months that are due, oldest first and
// only once they are quiet; the others have the same figures, from a replay, and
// close where the first does not.
func TestKeeper(t *testing.T) {
	ring := newRing(t)
	w := newWorld(t, 4, ring, 2, 2, 1)
	first, second := openProjection(t, ring), openProjection(t, ring)
	ctx := context.Background()
	day := begin
	until := func(d survey.Day) {
		for ; day < d; day++ {
			w.live(day, 3)
		}
		news := w.batches
		first.arrive(w)
		w.batches = news
		second.arrive(w)
	}
	r := &recorder{w: w, at: september.To.StartMilli(), to: []*opened{first, second}}
	now := (september.To + Grace).Start().Add(-time.Minute)
	one, two := keeperOf(t, "s1", first, r, ring, &now), keeperOf(t, "s2", second, r, ring, &now)
	round := func(k *Keeper) {
		t.Helper()
		if err := k.round(ctx); err != nil {
			t.Fatal(err)
		}
	}
	august := begin.Month().From
	until(september.To + Grace)
	round(one)
	round(one)
	if got := months(t, one); len(got) != 1 || got[0] != august {
		t.Fatalf("a minute before September is due: %v", got)
	}
	now = now.Add(time.Minute)
	w.live(september.To-1, 3) // late
	until(day + 1)
	round(one)
	if got := months(t, one); len(got) != 1 {
		t.Fatalf("closed while ballots came: %v", got)
	}
	round(two)
	round(two)
	if got := months(t, two); len(got) != 1 || got[0] != august {
		t.Fatalf("the second server: %v", got)
	}
	round(one)
	if got := months(t, one); len(got) != 2 || got[1] != september.From {
		t.Fatalf("quiet again: %v", got)
	}
	round(two)
	compare := func(period survey.Period) {
		t.Helper()
		a, err := one.o.Store.Get(ctx, period)
		if err != nil || len(a.Figures) == 0 {
			t.Fatal(a, err)
		}
		b, err := two.o.Store.Get(ctx, period)
		if err != nil || Compare(a, b) != nil {
			t.Fatal(err, Compare(a, b))
		}
	}
	compare(survey.Day(august).Month())
	compare(september)

	// The first server is away for October, and what is closed stays.
	until(september.To.Month().To + Grace)
	now = (september.To.Month().To + Grace).Start().Add(Patience - time.Second)
	round(two)
	round(two)
	if got := months(t, two); len(got) != 2 {
		t.Fatalf("the second server was impatient: %v", got)
	}
	now = now.Add(time.Second)
	round(two)
	round(two)
	round(one)
	if got := months(t, one); len(got) != 3 {
		t.Fatalf("nobody closed October: %v", got)
	}
	compare(september)
	compare(september.To.Month())

	// An earlier closing of a month goes before a later one, in every store.
	c, _, _ := closeMonth(t, first, september)
	r.at--
	c.By = "earlier"
	if _, err := r.Append(ctx, fact.Entry{Kind: fact.KindClosing, Body: c}); err != nil {
		t.Fatal(err)
	}
	round(one)
	round(two)
	have, err := two.o.Store.Months(ctx)
	if err != nil || len(have) != 3 || have[1].By != "earlier" {
		t.Fatal(have, err)
	}
	compare(september)
}
