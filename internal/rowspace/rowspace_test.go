package rowspace_test

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"hailong/internal/rowspace"
)

// exact finds single unknowns over the rational numbers: plain elimination, with
// an unknown single where it can be written by the rows.
func exact(rows [][]int64, width int) (single []int) {
	rank := func(rows [][]int64) int {
		m := make([][]*big.Rat, len(rows))
		for i, r := range rows {
			for _, v := range r {
				m[i] = append(m[i], big.NewRat(v, 1))
			}
		}
		n := 0
		for c := 0; c < width; c++ {
			p := slices.IndexFunc(m[n:], func(r []*big.Rat) bool { return r[c].Sign() != 0 })
			if p < 0 {
				continue
			}
			m[n], m[n+p] = m[n+p], m[n]
			for _, r := range m[n+1:] {
				f := new(big.Rat).Quo(r[c], m[n][c])
				for k := range r {
					r[k] = new(big.Rat).Sub(r[k], new(big.Rat).Mul(f, m[n][k]))
				}
			}
			if n++; n == len(m) {
				break
			}
		}
		return n
	}
	for c := range width {
		unit := make([]int64, width)
		unit[c] = 1
		if rank(append(slices.Clone(rows), unit)) == rank(rows) {
			single = append(single, c)
		}
	}
	return single
}

func TestSingle(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 7).Draw(t, "width")
		var s rowspace.Space
		var rows [][]int64
		for range rapid.IntRange(1, 7).Draw(t, "rows") {
			row := make([]int64, width)
			var sum []rowspace.Term
			for i := range row {
				row[i] = rapid.SampledFrom([]int64{0, 0, 1, 1, 1, -1, 3}).Draw(t, "times")
				sum = append(sum, rowspace.Term{Unknown: i, Times: row[i]})
			}
			before := s.Clone()
			rank := before.Rank()
			if news := s.Add(sum); news != (s.Rank() == rank+1) || before.Rank() != rank {
				t.Fatalf("rank %d after %d, news %v", s.Rank(), rank, news)
			}
			rows = append(rows, row)
		}
		got := s.Single()
		slices.Sort(got)
		if want := exact(rows, width); !slices.Equal(got, want) {
			t.Fatalf("%v: %v, want %v", rows, got, want)
		}
		found += len(got)
	})
	if found == 0 {
		t.Error("nothing followed from anything: this tests nothing")
	}
}
