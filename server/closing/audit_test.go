package closing

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hailong/internal/rowspace"
	"hailong/internal/survey"
)

// drawUnit gives the ballots of one unit, and which came together. Some of what
// they are parted by goes with that, but for a few: that is what singles out.
func drawUnit(t *rapid.T) (bs []*ballot, together map[backKey64]int) {
	together = map[backKey64]int{}
	follow, batch := map[string]bool{}, 0
	for _, name := range []string{"way", "field", "procedure", "officer", "day", "hour"} {
		follow[name] = rapid.Bool().Draw(t, name+" follows")
	}
	pick := func(name string, most int) int {
		if follow[name] && rapid.IntRange(0, 9).Draw(t, "as the others") > 0 {
			return batch % (most + 1)
		}
		return rapid.IntRange(0, most).Draw(t, name)
	}
	for range 1 + pick("batches", 3) {
		for range survey.LeastShown + pick("more", 4) {
			b := &ballot{id: int64(len(bs)), cell: cellKey{unit: "A", service: 1, desk: "D"}, score: uint8(1 + pick("score", 4)),
				way: []string{"phone", "kiosk_receipt", "kiosk_dossier"}[pick("way", 2)], field: fmt.Sprint("f", pick("field", 2)), procedure: fmt.Sprint("p", pick("procedure", 2)),
				officer: fmt.Sprint("o", pick("officer", 2)), step: survey.Step(pick("step", 4)), day: survey.Day(20000 + pick("day", 3)), hour: 8 + pick("hour", 2)}
			bs, together[backKey64{b.id, b.cell}] = append(bs, b), batch
		}
		batch++
	}
	return bs, together
}

// rows gives the sums that are shown of the unit's ballots with some breakdowns,
// each ballot an unknown.
func rows(bs []*ballot, together map[backKey64]int, by []string) *rowspace.Space {
	s := &rowspace.Space{}
	batches := map[int][]int{}
	for i, b := range bs {
		n := together[backKey64{b.id, b.cell}]
		batches[n] = append(batches[n], i)
	}
	for _, of := range batches {
		s.Add(rowspace.Set(of))
	}
	for _, by := range by {
		parts, _ := split(bs, by)
		for _, of := range parts {
			var set []int
			for _, b := range of {
				set = append(set, int(b.id))
			}
			s.Add(rowspace.Set(set))
		}
	}
	return s
}

// TestLeave: with the breakdowns that stay nobody is singled out, and one that
// goes would have, or would have told what fewer than five said.
func TestLeave(t *testing.T) {
	left, needed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		bs, together := drawUnit(t)
		gone := newAudit(bs, together).breakdowns(bs)
		var stay []string
		for _, by := range Breakdowns {
			if !slices.Contains(gone, by) {
				stay = append(stay, by)
			}
		}
		if single := rows(bs, together, stay).Single(); len(single) > 0 {
			t.Fatalf("of %d ballots, %v follow from %v", len(bs), single, stay)
		}
		left += len(gone)
		if len(rows(bs, together, Breakdowns).Single()) > 0 {
			needed++
			if len(gone) == 0 {
				t.Fatal("all breakdowns stay, and somebody is singled out")
			}
		}
	})
	if left == 0 || needed == 0 {
		t.Errorf("%d left out, %d needed it: this tests nothing", left, needed)
	}
}

// TestSplit: parts are a partition, none of fewer than five; procedures lie
// within their fields; what is put together is named.
func TestSplit(t *testing.T) {
	others := 0
	rapid.Check(t, func(t *rapid.T) {
		bs, _ := drawUnit(t)
		for _, by := range Breakdowns {
			parts, merged := split(bs, by)
			if parts == nil {
				continue
			}
			seen := map[*ballot]bool{}
			for value, of := range parts {
				if len(of) < survey.LeastShown {
					t.Fatalf("%s %q has %d", by, value, len(of))
				}
				for _, b := range of {
					own := b.value(by)
					if seen[b] || (own != value) != slices.Contains(merged, own) {
						t.Fatalf("%s: %q in %q, merged %v", by, own, value, merged)
					}
					if by == Procedure && value != Other && !strings.HasPrefix(value, b.field+Part) {
						t.Fatalf("%q in %q", own, value)
					}
					seen[b] = true
					if own != value {
						others++
					}
				}
			}
			if len(seen) != len(bs) {
				t.Fatalf("%s has %d of %d", by, len(seen), len(bs))
			}
		}
	})
	if others == 0 {
		t.Error("nothing was put together: this tests little")
	}
}
