package survey_test

import (
	"math"
	"testing"

	"hailong/internal/survey"

	"pgregory.net/rapid"
)

// Newcombe, Two-sided confidence intervals for the single proportion, Statistics
// in Medicine 17 (1998) 857–872, table I, method 3; and two cases computed apart.
func TestWilsonPublished(t *testing.T) {
	for _, c := range []struct {
		s, n      int64
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0.0000, 0.1611},
		{1, 29, 0.0061, 0.1718},
		{95, 100, 0.8882, 0.9785},
		{0, 0, 0, 1},
	} {
		low, high := survey.Wilson(c.s, c.n)
		if math.Abs(low-c.low) > 0.00005 || math.Abs(high-c.high) > 0.00005 {
			t.Errorf("%d of %d: %.4f–%.4f, published %.4f–%.4f", c.s, c.n, low, high, c.low, c.high)
		}
	}
}

// The ends are where a score test at z = 1.959964 just fails to reject:
// (p − π)² = z² π (1 − π) ÷ n, checked without the closed formula.
func TestWilsonProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1e9).Draw(t, "answers")
		s := rapid.Int64Range(0, n).Draw(t, "satisfied")
		low, high := survey.Wilson(s, n)
		p := float64(s) / float64(n)
		if !(0 <= low && low <= p && p <= high && high <= 1 && low < high) {
			t.Fatalf("%d of %d: %v–%v", s, n, low, high)
		}
		for _, end := range []float64{low, high} {
			left, right := math.Abs(p-end), 1.959964*math.Sqrt(end*(1-end)/float64(n))
			if math.Abs(left-right) > 1e-7 {
				t.Fatalf("%d of %d: end %v is off by %v", s, n, end, left-right)
			}
		}
		mlow, mhigh := survey.Wilson(n-s, n)
		if math.Abs(mlow-(1-high)) > 1e-9 || math.Abs(mhigh-(1-low)) > 1e-9 {
			t.Fatalf("%d of %d: not symmetric", s, n)
		}
		if s < n {
			if l2, h2 := survey.Wilson(s+1, n); l2 < low || h2 < high {
				t.Fatalf("%d of %d: not monotonic", s, n)
			}
		}
		target := survey.Target{Hundredths: rapid.Int32Range(0, 10000).Draw(t, "target"), Operator: survey.OperatorAbove}
		want := float64(target.Hundredths) / 10000
		if survey.Straddles(target, s, n) != (low <= want && want <= high) {
			t.Fatal("straddles")
		}
	})
}

func TestStraddles(t *testing.T) {
	above := survey.Target{Hundredths: 9500, Operator: survey.OperatorAbove}
	for _, c := range []struct {
		s, n int64
		want bool
	}{{95, 100, true}, {19400, 20000, false}, {80, 100, false}, {0, 0, false}} {
		if survey.Straddles(above, c.s, c.n) != c.want {
			t.Errorf("%d of %d: want %v", c.s, c.n, c.want)
		}
	}
	if survey.Straddles(survey.Target{}, 95, 100) {
		t.Error("nothing straddles no target")
	}
}

// Newcombe, Interval estimation for the difference between independent
// proportions, Statistics in Medicine 17 (1998) 873–890, table II, method 10.
func TestNewcombePublished(t *testing.T) {
	for _, c := range []struct {
		a, b      survey.Tally
		low, high float64
	}{
		{survey.Tally{Satisfied: 56, Answers: 70}, survey.Tally{Satisfied: 48, Answers: 80}, 0.0524, 0.3339},
		{survey.Tally{Satisfied: 9, Answers: 10}, survey.Tally{Satisfied: 3, Answers: 10}, 0.1705, 0.8090},
		{survey.Tally{Satisfied: 6, Answers: 7}, survey.Tally{Satisfied: 2, Answers: 7}, 0.0582, 0.8062},
		{survey.Tally{Satisfied: 5, Answers: 56}, survey.Tally{Satisfied: 0, Answers: 29}, -0.0381, 0.1926},
		{survey.Tally{Satisfied: 0, Answers: 10}, survey.Tally{Satisfied: 0, Answers: 10}, -0.2775, 0.2775},
		{survey.Tally{Satisfied: 10, Answers: 10}, survey.Tally{Satisfied: 0, Answers: 20}, 0.6791, 1.0000},
		{survey.Tally{}, survey.Tally{Satisfied: 1, Answers: 1}, -1, 1},
	} {
		low, high := survey.Newcombe(c.a, c.b)
		if math.Abs(low-c.low) > 0.00005 || math.Abs(high-c.high) > 0.00005 {
			t.Errorf("%v − %v: %.4f…%.4f, published %.4f…%.4f", c.a, c.b, low, high, c.low, c.high)
		}
	}
}

func tally(t *rapid.T, name string, least int64) survey.Tally {
	n := rapid.Int64Range(least, 5000).Draw(t, name+" answers")
	return survey.Tally{Satisfied: rapid.Int64Range(0, n).Draw(t, name+" satisfied"), Answers: n}
}

func TestNewcombeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := tally(t, "a", 1), tally(t, "b", 1)
		low, high := survey.Newcombe(a, b)
		d := a.Rate() - b.Rate()
		if !(-1 <= low && low <= d && d <= high && high <= 1) {
			t.Fatalf("%v − %v: %v…%v", a, b, low, high)
		}
		if l, h := survey.Newcombe(b, a); math.Abs(l+high) > 1e-12 || math.Abs(h+low) > 1e-12 {
			t.Fatalf("%v − %v: not antisymmetric", a, b)
		}
	})
}

func TestBands(t *testing.T) {
	got := survey.Bands([]survey.Tally{
		{Satisfied: 3, Answers: 3}, // three lucky ballots don't lead the table
		{Satisfied: 990, Answers: 1000},
		{Satisfied: 800, Answers: 1000},
		{},
		{Satisfied: 985, Answers: 1000},
		{Satisfied: 795, Answers: 1000},
	})
	var order []int
	var bands []int
	for _, r := range got {
		order, bands = append(order, r.Index), append(bands, r.Band)
	}
	wantOrder, wantBands := []int{1, 4, 0, 2, 5, 3}, []int{1, 1, 1, 2, 2, 0}
	for i := range wantOrder {
		if order[i] != wantOrder[i] || bands[i] != wantBands[i] {
			t.Fatalf("order %v bands %v, want %v %v", order, bands, wantOrder, wantBands)
		}
	}
	if len(survey.Bands(nil)) != 0 {
		t.Error("no units, no ranks")
	}
}

func TestBandsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) survey.Tally { return tally(t, "unit", 0) }), 0, 20).Draw(t, "units")
		ranks := survey.Bands(ts)
		seen := make(map[int]bool)
		first := make(map[int]survey.Rank) // of each band
		var all survey.Tally
		for _, x := range ts {
			all.Satisfied, all.Answers = all.Satisfied+x.Satisfied, all.Answers+x.Answers
		}
		for i, r := range ranks {
			x := ts[r.Index]
			if seen[r.Index] {
				t.Fatal("a unit stands twice")
			}
			seen[r.Index] = true
			if (x.Answers == 0) != (r.Band == 0) {
				t.Fatal("band 0 is for those without answers")
			}
			if want := (float64(x.Satisfied) + 30*all.Rate()) / (float64(x.Answers) + 30); math.Abs(r.Shrunk-want) > 1e-12 {
				t.Fatal("shrunk rate")
			}
			if r.Band == 0 {
				continue
			}
			if i > 0 && (ranks[i-1].Band == 0 || ranks[i-1].Shrunk < r.Shrunk || r.Band < ranks[i-1].Band || r.Band > ranks[i-1].Band+1) {
				t.Fatalf("order: %v", ranks)
			}
			if _, ok := first[r.Band]; !ok {
				first[r.Band] = r
			}
			// Whoever stands in a lower band differs from the first of each above.
			for b, f := range first {
				if low, high := survey.Newcombe(ts[f.Index], x); b < r.Band && low <= 0 && 0 <= high {
					t.Fatalf("band %d does not reach down to its last", b)
				}
			}
			// And a band's last does not differ from its first.
			if i+1 == len(ranks) || ranks[i+1].Band != r.Band {
				if low, high := survey.Newcombe(ts[first[r.Band].Index], x); i > 0 && ranks[i-1].Band == r.Band && !(low <= 0 && 0 <= high) {
					t.Fatalf("band %d reaches too far", r.Band)
				}
			}
		}
		if len(seen) != len(ts) {
			t.Fatal("a unit is lost")
		}
	})
}
