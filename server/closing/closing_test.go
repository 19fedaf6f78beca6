package closing

import (
	"context"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/projection"
)

var september = survey.NewDay(2026, time.September, 1).Month()

// close gives a closing of a month, what it publishes, and the totals of the
// blocks that end in the month, of one moment.
func closeMonth(t *testing.T, p *opened, month survey.Period) (*fact.Closing, *Published, map[cellKey][6]int64) {
	t.Helper()
	ctx := context.Background()
	tx, err := p.Reader().BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	c, err := projection.Snapshot(ctx, tx, month)
	if err != nil {
		t.Fatal(err)
	}
	c.By = "s1"
	if c.Left, err = Audit(ctx, tx, c); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	published, err := Figures(ctx, tx, c)
	if err != nil {
		t.Fatal(err)
	}
	totals := map[cellKey][6]int64{}
	err = each(ctx, tx, func(scan func(...any) error) error {
		var k cellKey
		var n [6]int64
		err := scan(&k.unit, &k.service, &k.desk, &n[1], &n[2], &n[3], &n[4], &n[5])
		totals[k] = n
		return err
	}, `SELECT u.code, c.service, coalesce(d.code, ''), sum(s1), sum(s2), sum(s3), sum(s4), sum(s5) FROM block b JOIN cell c ON c.id = b.cell
		JOIN place u ON u.id = c.unit LEFT JOIN place d ON d.id = c.desk WHERE b.last >= ? AND b.last < ? GROUP BY b.cell`, month.From, month.To)
	if err != nil {
		t.Fatal(err)
	}
	return c, published, totals
}

// TestAgain: what a closing publishes is what is shown, its breakdowns part it
// by five and more, and it can be computed again whatever came later.
func TestAgain(t *testing.T) {
	ring := newRing(t)
	held, breakdowns, late, voided := 0, 0, 0, 0
	for seed := range uint64(12) {
		w := newWorld(t, seed, ring, 1+int(seed%3), 1+int(seed%2), int(seed%3))
		p := openProjection(t, ring)
		perDay := []int{1, 4, 12}[seed%3]
		var c *fact.Closing
		var published *Published
		for d := begin; d < september.To+20; d++ {
			if d.Weekday() != time.Sunday {
				w.live(d, perDay)
			}
			if w.r.IntN(3) > 0 {
				p.arrive(w)
			}
			if d != september.To+Grace {
				continue
			}
			p.arrive(w)
			var totals map[cellKey][6]int64
			c, published, totals = closeMonth(t, p, september)
			held += len(c.Back)
			breakdowns += checkPublished(t, published, totals)
		}
		for _, f := range published.Figures {
			if f.By == Number && f.Value == "voided" {
				voided += int(f.N[0])
			}
		}
		for _, k := range w.kiosks {
			w.send(k)
		}
		p.arrive(w)
		again, err := Again(context.Background(), p.Reader(), c, t.TempDir(), options(ring), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := Compare(published, again); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		_, now, _ := closeMonth(t, p, september)
		if Compare(published, now) != nil {
			late++
		}
		// What was published is kept as it was.
		store, err := Open(context.Background(), t.TempDir()+"/closed.db")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := store.Put(context.Background(), projection.Closing{Ref: fact.Ref{Number: 7}, Period: september}, "s1", published); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := store.Get(context.Background(), september)
		if err != nil || Compare(published, kept) != nil {
			t.Fatal(err, Compare(published, kept))
		}
		if months, err := store.Months(context.Background()); err != nil || len(months) != 1 || months[0].Period != september || months[0].Number != 7 {
			t.Fatal(months, err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if held == 0 || breakdowns < 20 || late == 0 || voided == 0 {
		t.Errorf("%d ballots held back, %d breakdowns, %d worlds moved later, %d void ratings: this tests little", held, breakdowns, late, voided)
	}
}

// checkPublished: totals are those of the blocks; breakdowns part them.
func checkPublished(t *testing.T, p *Published, totals map[cellKey][6]int64) (breakdowns int) {
	t.Helper()
	units := map[group][6]int64{}
	parts := map[group]map[string][6]int64{}
	seen := 0
	for _, f := range p.Figures {
		g := group{f.Unit, f.Service}
		n := f.N
		n[0] = 0
		sum := n[1] + n[2] + n[3] + n[4] + n[5]
		plus := func(a [6]int64) [6]int64 {
			for i := range a {
				a[i] += n[i]
			}
			return a
		}
		switch f.By {
		case Total:
			if want := totals[cellKey{f.Unit, f.Service, f.Desk}]; n != want {
				t.Fatalf("%v, want %v", f, want)
			}
			seen++
			units[g] = plus(units[g])
		case Question:
			if sum == 0 || f.N[0] < 0 {
				t.Fatal(f)
			}
		case Reason, Full, Number:
		default:
			if sum < survey.LeastShown {
				t.Fatalf("%v shows %d ballots", f, sum)
			}
			if parts[g] == nil {
				parts[g] = map[string][6]int64{}
			}
			parts[g][f.By] = plus(parts[g][f.By])
		}
	}
	if seen != len(totals) {
		t.Fatalf("%d cells, want %d", seen, len(totals))
	}
	for g, by := range parts {
		for name, n := range by {
			breakdowns++
			if n != units[g] {
				t.Fatalf("%v by %s is %v, of %v", g, name, n, units[g])
			}
		}
	}
	return breakdowns
}

// A closing of facts that are gone says so, and a figure that was changed is found.
func TestCompare(t *testing.T) {
	ring := newRing(t)
	w := newWorld(t, 5, ring, 1, 1, 0)
	p := openProjection(t, ring)
	for d := september.From; d < september.From+10; d++ {
		w.live(d, 6)
	}
	p.arrive(w)
	c, published, _ := closeMonth(t, p, september)
	c.Holds[0].Number++
	if _, err := Again(context.Background(), p.Reader(), c, t.TempDir(), options(ring), nil); err == nil {
		t.Error("a fact that nobody has was found")
	}
	other := &Published{Figures: append([]Figure(nil), published.Figures...), Merged: published.Merged}
	other.Figures[3].N[5]++
	if Compare(published, other) == nil || Compare(published, &Published{}) == nil || Compare(published, published) != nil {
		t.Error("compare")
	}
}
