package closing

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hailong/internal/fact"
	"hailong/internal/rowspace"
	"hailong/internal/survey"
	"hailong/server/export"
)

// TestLevel: single ballots by the level that is chosen, beside the breakdowns
// that stay and the batches in which they were shown, single nobody out; and
// somebody would be at the level before it.
func TestLevel(t *testing.T) {
	levels := map[int]int{}
	type unit struct {
		bs       []*ballot
		together map[backKey64]int
	}
	units := rapid.Custom(func(t *rapid.T) unit {
		bs, together := drawUnit(t)
		return unit{bs, together}
	})
	for seed := range 400 {
		u := units.Example(seed)
		bs, together := u.bs, u.together
		a := newAudit(bs, together)
		gone := a.breakdowns(bs)
		var stay []string
		for _, by := range Breakdowns {
			if !slices.Contains(gone, by) {
				stay = append(stay, by)
			}
		}
		singled := func(level int) []int {
			s := rows(bs, together, stay)
			for _, of := range classes(bs, level) {
				var set []int
				for _, b := range of {
					set = append(set, int(b.id))
				}
				if len(set) < survey.LeastShown {
					t.Fatalf("a class of %d", len(set))
				}
				s.Add(rowspace.Set(set))
			}
			return s.Single()
		}
		level := a.level(bs)
		levels[level]++
		if single := singled(level); len(single) > 0 {
			t.Fatalf("of %d ballots, %v follow at level %d", len(bs), single, level)
		}
		for before := range level {
			s := a.space.Clone()
			for _, of := range classes(bs, before) {
				s.Add(a.sum(of))
			}
			if !a.singled(s) {
				t.Fatalf("level %d would do", before)
			}
		}
	}
	if len(levels) < 2 {
		t.Errorf("levels %v: this tests little", levels)
	}
}

// sheet asks what the world's people answer.
func sheet(t *testing.T) []byte {
	words := survey.Words{"vi": "Chữ", "en": "Words"}
	q := survey.Questionnaire{Version: 1, Scale: []survey.Words{words, words, words, words, words}, Consent: words, Services: []survey.ServiceSheet{{
		Service: survey.ServiceAdministrative, Overall: words, Factors: []survey.Factor{{Code: "f", Name: words}},
		Questions: []survey.Question{{Code: "staff", Factor: "f", Text: words}},
		Reasons:   []survey.Reason{{Code: "fast", Factor: "f", Good: words, Bad: words}, {Code: "slow", Factor: "f", Good: words, Bad: words}},
	}}}
	if err := q.Check(); err != nil {
		t.Fatal(err)
	}
	document, err := q.Document()
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// TestRows: the single ballots of a closing add up to its totals, are alike in
// fives, say what was said, and are the same file from a replay, whatever came
// later.
func TestRows(t *testing.T) {
	ring := newRing(t)
	document := sheet(t)
	answered := 0
	for seed := range uint64(6) {
		w := newWorld(t, seed, ring, 1+int(seed%3), 1+int(seed%2), int(seed%3))
		w.add(w.server, begin.StartMilli(), fact.KindQuestionnaire, &fact.Questionnaire{Version: 1, Document: document})
		p := openProjection(t, ring)
		for d := begin; d < september.To+Grace; d++ {
			w.live(d, []int{3, 9, 20}[seed%3])
			p.arrive(w)
		}
		c, published, totals := closeMonth(t, p, september)
		for d := september.To + Grace; d < september.To+20; d++ {
			w.live(d, 5)
		}
		p.arrive(w)
		again, err := Again(context.Background(), p.Reader(), c, t.TempDir(), options(ring), nil)
		if err != nil {
			t.Fatal(err)
		}
		file := func(rows *Rows) []byte {
			var b bytes.Buffer
			if _, err := export.WriteMonth(&b, export.Head{Period: september, Closing: "c", Questions: rows.Questions}, slices.Values(rows.Groups)); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}
		data := file(published.Rows)
		if !bytes.Equal(data, file(again.Rows)) {
			t.Fatalf("seed %d: the replay gives other rows", seed)
		}
		m, err := export.OpenMonth(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		units, questions := map[group][6]int64{}, map[group]map[string][6]int64{}
		type alike struct {
			unit, desk, field, procedure string
			day                          survey.Day
			step                         survey.Step
			channel                      survey.Channel
			binding                      survey.Binding
			changed                      int
			merged                       [6]bool
		}
		number := map[alike]int{}
		err = m.Rows(func(r *export.Row) error {
			g := group{r.Unit, r.Service}
			n := units[g]
			n[r.Score]++
			units[g] = n
			for q, score := range export.Answered(r.Answers) {
				if questions[g] == nil {
					questions[g] = map[string][6]int64{}
				}
				n := questions[g][q]
				n[score]++
				questions[g][q] = n
				answered++
			}
			x := alike{unit: r.Unit, channel: r.Channel, binding: r.Binding, merged: [6]bool{r.Desk == nil, r.Field == nil, r.Procedure == nil, r.Day == nil, r.Step == nil, r.Changed == nil}}
			for to, from := range map[*string]*string{&x.desk: r.Desk, &x.field: r.Field, &x.procedure: r.Procedure} {
				if from != nil {
					*to = *from
				}
			}
			if r.Day != nil {
				x.day = *r.Day
			}
			if r.Step != nil {
				x.step = *r.Step
			}
			if r.Changed != nil && *r.Changed {
				x.changed = 1
			}
			number[x]++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want := map[group][6]int64{}
		for k, n := range totals {
			g := group{k.unit, k.service}
			sum := want[g]
			for i := 1; i < 6; i++ {
				sum[i] += n[i]
			}
			want[g] = sum
		}
		for g, n := range want {
			if units[g] != n {
				t.Errorf("seed %d: %v has rows %v, published %v", seed, g, units[g], n)
			}
		}
		for x, n := range number {
			if n < survey.LeastShown {
				t.Errorf("seed %d: %d rows are %+v", seed, n, x)
			}
		}
		for _, f := range published.Figures {
			if f.By == Question && f.Desk == "" {
				f.N[0] = 0
				if got := questions[group{f.Unit, f.Service}][f.Value]; got != f.N {
					t.Errorf("seed %d: %v, rows say %v", seed, f, got)
				}
			}
		}
	}
	if answered == 0 {
		t.Error("nobody answered anything")
	}
}

// TestManyBallots: a unit with more than can be looked at in full is told by
// fewer columns, and is closed in a bearable time.
func TestManyBallots(t *testing.T) {
	var bs []*ballot
	together := map[backKey64]int{}
	for i := range mostAudited + 1 {
		b := &ballot{id: int64(i), cell: cellKey{unit: "A", service: 1, desk: "D"}, score: 5, way: []string{"phone", "kiosk_receipt"}[i/7%2], field: string(rune('a' + i%3)),
			day: september.From + survey.Day(i/200), hour: 8 + i%9, procedure: string(rune('a' + i%11)), step: survey.Step(i % 4)}
		bs, together[backKey64{b.id, b.cell}] = append(bs, b), i/20
	}
	start := time.Now()
	a := newAudit(bs, together)
	a.breakdowns(bs)
	if level := a.level(bs); level < 2 {
		t.Errorf("level %d", level)
	}
	t.Log(time.Since(start).Round(time.Millisecond))
}
