package closing

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/export"
	"hailong/server/projection"
)

// attack lets a world live while an attacker watches; careless programs, which
// break a rule on purpose, show the attacker more.
type attack struct {
	seed                 uint64
	units, desks, kiosks int
	least, people        int // at least so many a day, and fewer than people more
	days                 int
	unaudited            bool                                 // closings leave nothing out
	careless             func(a *attacker, all []shownBallot) // what else is shown at each moment
}

func (k attack) run(t *testing.T) *attacker {
	ring := newRing(t)
	w := newWorld(t, k.seed, ring, k.units, k.desks, k.kiosks)
	p := openProjection(t, ring)
	store := openStore(t)
	ballots, err := export.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a := newAttacker(t, p, store, ballots)
	keeper := &Keeper{o: Options{Store: store, Ballots: ballots}}
	moment := func(d survey.Day, whole bool) {
		all := a.shown()
		a.askIndex(all, d.Single())
		a.askIndex(all, d.Month())
		for i := range k.desks {
			a.askDesk(all, deskName(i), d)
		}
		if k.careless != nil {
			k.careless(a, all)
		}
		for range map[bool]int{true: 6}[whole] {
			from := d - survey.Day(w.r.IntN(60))
			a.askIndex(all, survey.Period{From: from, To: from + 1 + survey.Day(w.r.IntN(40))})
		}
	}
	for d := begin; d < begin+survey.Day(k.days); d++ {
		a.now = d.Start().Add(17 * time.Hour)
		if d.Weekday() == time.Sunday {
			continue
		}
		w.live(d, k.least+w.r.IntN(k.people))
		for _, one := range w.batches { // each as it comes
			w.batches = [][]byte{one}
			p.arrive(w)
			if w.r.IntN(k.people) == 0 {
				moment(d, false)
			}
		}
		moment(d, true)
		if y, m, day := d.Date(); day == Grace+1 || d.Weekday() == time.Monday && day == Grace+2 {
			k.close(a, keeper, survey.NewDay(y, m-1, 1).Month(), w)
		}
	}
	for _, c := range w.kiosks {
		w.send(c)
	}
	p.arrive(w)
	moment(begin+survey.Day(k.days), true)
	if len(a.months) > 1 {
		a.askClosed(k.units, survey.Period{From: a.months[0].period.From, To: a.months[len(a.months)-1].period.To})
	}
	return a
}

// close closes a month, and asks for what it published.
func (k attack) close(a *attacker, keeper *Keeper, period survey.Period, w *world) {
	if slices.ContainsFunc(a.months, func(m attackedMonth) bool { return m.period == period }) {
		return
	}
	t, ctx := a.t, context.Background()
	t.Helper()
	tx, err := a.p.Reader().BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	c, err := projection.Snapshot(ctx, tx, period)
	if err == nil && !k.unaudited {
		c.Left, err = Audit(ctx, tx, c)
	}
	if err != nil {
		t.Fatal(err)
	}
	published, err := Figures(ctx, tx, c)
	if err != nil {
		t.Fatal(err)
	}
	m, err := readMonth(ctx, tx, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := keeper.keep(ctx, projection.Closing{Ref: fact.Ref{Number: 1}, Period: period}, "s1", published); err != nil {
		t.Fatal(err)
	}
	a.closed(m, a.shown())
	a.askClosed(k.units, period)
	a.askExport(&a.months[len(a.months)-1])
}

// TestAttack: nobody's score follows from all that is shown at any time.
func TestAttack(t *testing.T) {
	figures, ratings, months := 0, 0, 0
	for seed, x := range []struct{ least, people, days int }{{1, 1, 75}, {1, 2, 75}, {1, 4, 60}, {5, 2, 60}, {1, 8, 50}, {1, 20, 45}, {1, 50, 30}} {
		k := attack{seed: uint64(seed), units: 1 + seed%3, desks: 1 + seed%2 + seed%3, kiosks: seed % 3, least: x.least, people: x.people, days: x.days}
		t.Run(fmt.Sprintf("%d to %d a day", x.least, x.least+x.people-1), func(t *testing.T) {
			a := k.run(t)
			a.verdict()
			t.Logf("%d ratings, %d figures, %d equations, %d closed months, %d figures of one mind", len(a.truth), a.figures, a.space.Rank(), len(a.months), a.unanimous)
			figures, ratings, months = figures+a.figures, ratings+len(a.truth), months+len(a.months)
		})
	}
	if !t.Failed() && (figures < 1000 || ratings < 500 || months < 7) {
		t.Errorf("%d figures of %d ratings, %d closed months: this tests little", figures, ratings, months)
	}
}

// TestAttackFinds: the attacker finds somebody where a rule is broken.
func TestAttackFinds(t *testing.T) {
	scores := func(a *attacker, of []int) (n survey.Counts) {
		for _, u := range of {
			n[a.truth[u]-1]++
		}
		return n
	}
	for name, k := range map[string]attack{
		"breakdowns are not audited": {unaudited: true, least: 5},
		"a day is a block of its own": {least: 1, careless: func(a *attacker, all []shownBallot) {
			days := map[string][]int{}
			for _, b := range all {
				k := fmt.Sprint(b.cell, b.day)
				days[k] = append(days[k], b.unknown)
			}
			for _, of := range days {
				a.learn("a day", of, scores(a, of))
			}
		}},
		"nothing is held back": {least: 1, careless: func(a *attacker, _ []shownBallot) {
			cells := map[int64][]int{}
			a.each(`SELECT c.id, b.id, b.fact, b.score FROM ballot b JOIN cell c ON c.unit = b.unit AND c.service = b.service AND c.desk = b.desk
				WHERE b.score > 0 AND b.kind = 1`, func(scan func(...any) error) error {
				var cell, ballot, at int64
				var score uint8
				err := scan(&cell, &ballot, &at, &score)
				cells[cell] = append(cells[cell], a.unknown(ballot, at, score))
				return err
			})
			for _, of := range cells {
				a.learn("a cell", of, scores(a, of))
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(12) {
				k.seed, k.units, k.desks, k.kiosks, k.people, k.days = seed, 1, 1+int(seed%2), int(seed%3), 2, 45
				if a := k.run(t); len(a.space.Single()) > 0 {
					return
				}
			}
			t.Error("nobody was found")
		})
	}
}
