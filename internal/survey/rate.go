package survey

import (
	"math"
	"sort"
)

// z is the two-sided 95% point of the normal distribution.
const z = 1.959964

// Wilson is the 95% score interval of the rate satisfied ÷ answers, both ends
// within 0…1, without a finite-population correction (Wilson 1927; method 3 of
// Newcombe 1998). Without answers it is 0…1. 0 ≤ satisfied ≤ answers.
func Wilson(satisfied, answers int64) (low, high float64) {
	if answers <= 0 {
		return 0, 1
	}
	n, p := float64(answers), float64(satisfied)/float64(answers)
	centre := p + z*z/(2*n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	low, high = (centre-half)/(1+z*z/n), (centre+half)/(1+z*z/n)
	// The ends are exact where nobody or everybody is satisfied; rounding must
	// not put the rate outside its interval.
	if satisfied <= 0 {
		low = 0
	}
	if satisfied >= answers {
		high = 1
	}
	return math.Max(0, low), math.Min(1, high)
}

// Straddles says whether the target lies within the Wilson interval, ends
// included: another sample could as well have given the other verdict. Without
// a target or answers it is false.
func Straddles(t Target, satisfied, answers int64) bool {
	if !t.Set() || answers <= 0 {
		return false
	}
	low, high := Wilson(satisfied, answers)
	want := float64(t.Hundredths) / 10000
	return low <= want && want <= high
}

// Tally is a number of ballots and how many of them are satisfied.
type Tally struct{ Satisfied, Answers int64 }

// Rate is satisfied ÷ answers; 0 without answers.
func (t Tally) Rate() float64 {
	if t.Answers <= 0 {
		return 0
	}
	return float64(t.Satisfied) / float64(t.Answers)
}

// Newcombe is the 95% interval of the difference of two rates, a − b (the
// hybrid score interval, method 10 of Newcombe 1998, without continuity
// correction). Where either has no answers it is −1…1.
func Newcombe(a, b Tally) (low, high float64) {
	if a.Answers <= 0 || b.Answers <= 0 {
		return -1, 1
	}
	la, ha := Wilson(a.Satisfied, a.Answers)
	lb, hb := Wilson(b.Satisfied, b.Answers)
	pa, pb := a.Rate(), b.Rate()
	d := pa - pb
	return math.Max(-1, d-math.Hypot(pa-la, hb-pb)), math.Min(1, d+math.Hypot(ha-pa, pb-lb))
}

// shrinkage is how many ballots at the common rate each unit's rate is drawn
// towards, so that three lucky ballots don't lead the table.
const shrinkage = 30

// Shrunk is the rate by which units are sorted: (s + 30 p) ÷ (n + 30), where p
// is the rate of all units of the same kind and service.
func (t Tally) Shrunk(p float64) float64 {
	return (float64(t.Satisfied) + shrinkage*p) / (float64(t.Answers) + shrinkage)
}

// Rank is one unit's place among those of the same kind and service.
type Rank struct {
	Index  int     // of the Tally given to Bands
	Shrunk float64 // rate by which it is sorted
	Band   int     // 1 is the best; 0 without answers
}

// Bands sorts units of one kind and service by their shrunk rate, best first,
// and puts them into bands. A band runs from its first unit down to the last
// whose Newcombe interval of the difference from the first contains 0, so that
// every unit of a lower band differs from the first of each band above it.
// Units without answers come last, without a band. Equal rates keep their order.
func Bands(tallies []Tally) []Rank {
	var all Tally
	for _, t := range tallies {
		all.Satisfied += t.Satisfied
		all.Answers += t.Answers
	}
	p := all.Rate()
	ranks := make([]Rank, len(tallies))
	for i, t := range tallies {
		ranks[i] = Rank{Index: i, Shrunk: t.Shrunk(p)}
	}
	silent := func(r Rank) bool { return tallies[r.Index].Answers <= 0 }
	sort.SliceStable(ranks, func(i, j int) bool {
		if silent(ranks[i]) != silent(ranks[j]) {
			return silent(ranks[j])
		}
		return ranks[i].Shrunk > ranks[j].Shrunk
	})
	rated := len(ranks)
	for rated > 0 && silent(ranks[rated-1]) {
		rated--
	}
	for first, band := 0, 1; first < rated; band++ {
		last := first
		for i := first + 1; i < rated; i++ {
			low, high := Newcombe(tallies[ranks[first].Index], tallies[ranks[i].Index])
			if low <= 0 && 0 <= high {
				last = i
			}
		}
		for i := first; i <= last; i++ {
			ranks[i].Band = band
		}
		first = last + 1
	}
	return ranks
}
