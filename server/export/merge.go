// Package export tells what single ballots say, one row each, to the province's
// analysts, so that no row can be told apart from four others.
//
// A row has columns by which somebody might know a person: day, desk, field and
// the like; and columns of what was said. Rows are put into classes of at least
// five that agree in all of the first (k-anonymity): what is rare is merged as
// «khác» (Other). Within a class rows stand in the order of what they say, so
// their order tells nothing of when they were given. A month's classes are made
// once, when the month is closed, and never again: two partings of the same
// ballots could be played off against each other.
package export

import (
	"cmp"
	"slices"

	"hailong/internal/survey"
)

// Column is one by which somebody might know a person, in the order in which
// they are told apart: what comes first is merged least.
type Column int

// The columns.
const (
	Desk Column = iota
	Day
	Field
	Channel
	Step
	Procedure
	Binding
	Changed

	Columns = int(Changed) + 1
)

// Other is the value of a column that was merged.
const Other = -1

// Ballot is a row: the values of its columns, by any numbering of at least 0
// that is the same for all given together, and what was said.
type Ballot struct {
	Known [Columns]int32
	Score survey.Score
	Said  string // answers and reasons; see Say
}

// Merge parts the ballots of one unit and kind of service into classes of at
// least survey.LeastShown that agree in every column, writes Other where a value
// is merged, and orders them by class and by what they say. It gives where each
// class ends. Fewer ballots than that are no class at all: they are left out.
// The result does not depend on the order of the ballots.
func Merge(ballots []Ballot) (ends []int) {
	if len(ballots) < survey.LeastShown {
		return nil
	}
	part(ballots, 0, func(class []Ballot) {
		slices.SortFunc(class, func(a, b Ballot) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Said, b.Said)) })
		end := len(class)
		if len(ends) > 0 {
			end += ends[len(ends)-1]
		}
		ends = append(ends, end)
	})
	return ends
}

// part parts a class by one column after the other. Each value that is on enough
// ballots is one class, and the others are merged into one, which takes the
// smallest of the first where it has too few itself.
func part(class []Ballot, c Column, done func([]Ballot)) {
	if int(c) == Columns {
		done(class)
		return
	}
	by := func(a, b Ballot) int { return cmp.Compare(a.Known[c], b.Known[c]) }
	slices.SortFunc(class, by)
	number := map[int32]int{}
	for i := range class {
		number[class[i].Known[c]]++
	}
	rest, least := 0, int32(Other) // ballots of rare values; the rarest of the others
	for v, n := range number {
		switch {
		case n < survey.LeastShown:
			rest += n
		case least == Other || n < number[least] || n == number[least] && v > least:
			least = v
		}
	}
	if rest > 0 && rest < survey.LeastShown {
		number[least] = 0 // there is one: the class as a whole has enough
	}
	for i := range class {
		if v := &class[i].Known[c]; number[*v] < survey.LeastShown {
			*v = Other
		}
	}
	slices.SortFunc(class, by)
	for len(class) > 0 {
		end := 1
		for end < len(class) && class[end].Known[c] == class[0].Known[c] {
			end++
		}
		part(class[:end:end], c+1, done)
		class = class[end:]
	}
}
