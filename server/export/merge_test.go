package export

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hailong/internal/survey"
)

func drawn(t *rapid.T) []Ballot {
	kinds := rapid.SliceOfN(rapid.IntRange(1, 6), Columns, Columns).Draw(t, "kinds")
	ballots := make([]Ballot, rapid.IntRange(0, 80).Draw(t, "ballots"))
	for i := range ballots {
		for c := range ballots[i].Known {
			// The smaller a value, the more of it there are.
			ballots[i].Known[c] = int32(min(rapid.IntRange(0, kinds[c]-1).Draw(t, "v"), rapid.IntRange(0, kinds[c]-1).Draw(t, "v")))
		}
		ballots[i].Score = survey.Score(rapid.IntRange(1, 5).Draw(t, "score"))
		ballots[i].Said = fmt.Sprint(i) // tells them apart in the test
	}
	return ballots
}

// TestFive: rows that agree in every column are five or more, whatever the
// ballots; nobody is lost, and no value is changed into another.
func TestFive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := drawn(t)
		after := slices.Clone(before)
		ends := Merge(after)
		if len(before) < survey.LeastShown {
			if ends != nil {
				t.Fatalf("%d ballots are a class", len(before))
			}
			return
		}
		if ends[len(ends)-1] != len(after) {
			t.Fatalf("classes end at %v of %d", ends, len(after))
		}
		alike := map[[Columns]int32]int{}
		original := map[string]Ballot{}
		for i := range before {
			original[before[i].Said] = before[i]
		}
		for _, b := range after {
			alike[b.Known]++
			was, there := original[b.Said]
			if !there {
				t.Fatalf("%+v comes from nowhere, or twice", b)
			}
			delete(original, b.Said)
			for c, v := range b.Known {
				if v != Other && v != was.Known[c] {
					t.Fatalf("%+v became %+v", was, b)
				}
			}
			if b.Score != was.Score {
				t.Fatalf("%+v became %+v", was, b)
			}
		}
		for known, n := range alike {
			if n < survey.LeastShown {
				t.Fatalf("%d rows are %v: %+v", n, known, after)
			}
		}
		if len(alike) != len(ends) {
			t.Fatalf("%d classes, %d kinds of rows", len(ends), len(alike))
		}
	})
}

// TestAnyOrder: what comes out is the same in whatever order ballots come in.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawn(t)
		b := slices.Clone(a)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)).Shuffle(len(b), func(i, j int) { b[i], b[j] = b[j], b[i] })
		if x, y := Merge(a), Merge(b); !slices.Equal(x, y) || x != nil && !slices.Equal(a, b) {
			t.Fatalf("%v %v\n%v\n%v", x, y, a, b)
		}
	})
}

// TestMerge: what is on five ballots stays, what is rarer is merged, and where
// that is too few, with the rarest that stays.
func TestMerge(t *testing.T) {
	of := func(desk, n int) (all []Ballot) {
		for range n {
			all = append(all, Ballot{Known: [Columns]int32{Desk: int32(desk)}, Score: 5})
		}
		return all
	}
	desks := func(ballots []Ballot) map[int32]int {
		Merge(ballots)
		n := map[int32]int{}
		for _, b := range ballots {
			n[b.Known[Desk]]++
		}
		return n
	}
	for _, c := range []struct {
		of   []Ballot
		want map[int32]int
	}{
		{slices.Concat(of(1, 5), of(2, 6)), map[int32]int{1: 5, 2: 6}},
		{slices.Concat(of(1, 7), of(2, 3), of(3, 2)), map[int32]int{1: 7, Other: 5}},
		{slices.Concat(of(1, 7), of(2, 6), of(3, 4)), map[int32]int{1: 7, Other: 10}},
		{slices.Concat(of(1, 6), of(2, 6), of(3, 4)), map[int32]int{1: 6, Other: 10}},
		{slices.Concat(of(1, 5), of(2, 1)), map[int32]int{Other: 6}},
		{slices.Concat(of(1, 2), of(2, 3)), map[int32]int{Other: 5}},
	} {
		if got := desks(c.of); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%v, want %v", got, c.want)
		}
	}
}

func BenchmarkMerge(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	month := make([]Ballot, 833)
	for i := range month {
		month[i] = Ballot{Known: [Columns]int32{0, int32(r.IntN(22)), int32(r.IntN(6)), int32(r.IntN(4) / 3), int32(r.IntN(3)), int32(r.IntN(40)), int32(r.IntN(9) / 8), int32(r.IntN(20) / 19)},
			Score: survey.Score(1 + r.IntN(5))}
	}
	work := make([]Ballot, len(month))
	for b.Loop() {
		copy(work, month)
		Merge(work)
	}
	b.ReportMetric(float64(b.N)*float64(len(month))/b.Elapsed().Seconds(), "ballots/s")
}
