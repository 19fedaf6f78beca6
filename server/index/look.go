package index

import (
	"cmp"
	"slices"

	"hailong/internal/survey"
)

// Look is a line that misses its target.
type Look struct {
	Line *Line
	// Sure: the target lies above the whole interval. People is how many more
	// would have to be satisfied, of as many as had a dossier in the period (or
	// gave a ballot, where those are more): counted from the interval's upper end
	// where it is sure, so that it is the least number; else from the rate.
	Sure   bool
	People int64
}

// LookFirst gives the lines that miss their target: first those that surely do,
// by the least number of people that it concerns, then the others by that
// number.
func LookFirst(lines []Line) []Look {
	var all []Look
	for i := range lines {
		l := &lines[i]
		if l.Verdict != survey.VerdictNotMet {
			continue
		}
		want := float64(l.Target.Hundredths) / 10000
		k := Look{Line: l, Sure: l.High < want}
		from := l.Tally().Rate()
		if k.Sure {
			from = l.High
		}
		k.People = max(1, int64((want-from)*float64(max(l.Dossiers, l.Counts.Answers()))+.5))
		all = append(all, k)
	}
	slices.SortStableFunc(all, func(a, b Look) int {
		if a.Sure != b.Sure {
			if a.Sure {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.People, a.People)
	})
	return all
}
