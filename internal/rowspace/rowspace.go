// Package rowspace tells which single unknowns follow from known sums of them:
// whether somebody who adds and subtracts published figures, with any factors,
// can be left with one person's answer.
//
// It computes modulo a prime: what follows there and over the rational numbers is
// the same unless that prime, of 61 bits, divides a determinant of the sums.
package rowspace

import (
	"math/bits"
	"slices"
)

const prime = 1<<61 - 1

// Space is what sums can be computed from those that were added. The zero value
// is empty. Unknowns are small numbers: a row has a place for each up to the
// greatest.
type Space struct {
	rows   [][]uint64 // reduced: a 1 at the pivot, where all other rows have 0
	pivots []int
}

// Term is one unknown in a sum, and how often it is in it.
type Term struct {
	Unknown int
	Times   int64
}

// Set gives the sum of some unknowns, each once.
func Set(unknowns []int) []Term {
	terms := make([]Term, len(unknowns))
	for i, x := range unknowns {
		terms[i] = Term{x, 1}
	}
	return terms
}

// Add makes a sum known. It says whether that is news.
func (s *Space) Add(sum []Term) bool {
	var row []uint64
	for _, t := range sum {
		row = grown(row, t.Unknown+1)
		row[t.Unknown] = add(row[t.Unknown], uint64((t.Times%prime+prime)%prime))
	}
	for i, p := range s.pivots {
		if p < len(row) && row[p] != 0 {
			row = subtract(row, s.rows[i], row[p])
		}
	}
	pivot := -1
	for i, v := range row {
		if v != 0 {
			pivot = i
			break
		}
	}
	if pivot < 0 {
		return false
	}
	inverse := power(row[pivot], prime-2)
	for i := range row {
		row[i] = multiply(row[i], inverse)
	}
	for i := range s.rows {
		if r := s.rows[i]; pivot < len(r) && r[pivot] != 0 {
			s.rows[i] = subtract(r, row, r[pivot])
		}
	}
	s.rows, s.pivots = append(s.rows, row), append(s.pivots, pivot)
	return true
}

// Single gives the unknowns that follow by themselves.
func (s *Space) Single() []int {
	var found []int
	for i, r := range s.rows {
		n := 0
		for _, v := range r {
			if v != 0 {
				n++
			}
		}
		if n == 1 {
			found = append(found, s.pivots[i])
		}
	}
	return found
}

// Rank is the number of sums that do not follow from each other.
func (s *Space) Rank() int { return len(s.rows) }

// Clone gives a copy that can be added to by itself.
func (s *Space) Clone() *Space {
	c := &Space{pivots: slices.Clone(s.pivots)}
	for _, r := range s.rows {
		c.rows = append(c.rows, slices.Clone(r))
	}
	return c
}

func grown(row []uint64, n int) []uint64 {
	for len(row) < n {
		row = append(row, 0)
	}
	return row
}

// subtract gives row − times × of.
func subtract(row, of []uint64, times uint64) []uint64 {
	row = grown(row, len(of))
	for i, v := range of {
		if v != 0 {
			row[i] = add(row[i], prime-multiply(v, times))
		}
	}
	return row
}

func add(a, b uint64) uint64 {
	if a += b; a >= prime {
		a -= prime
	}
	return a
}

func multiply(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return add(low&prime, low>>61|high<<3) // both are below the prime's size: a, b < 2^61
}

func power(a uint64, n uint64) uint64 {
	r := uint64(1)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			r = multiply(r, a)
		}
		a = multiply(a, a)
	}
	return r
}
