package export

import (
	"slices"
	"strings"

	"hailong/internal/survey"
)

// Row is one ballot as it is told. A pointer that is nil stands for a value that
// was merged, Vague; an empty text for one that the ballot has none of.
type Row struct {
	Month     survey.Day // first of the month: never merged
	Day       *survey.Day
	Unit      string
	Service   survey.Service
	Desk      *string
	Field     *string
	Procedure *string
	Channel   survey.Channel // 0: merged
	Step      *survey.Step
	Binding   survey.Binding // 0: merged
	Changed   *bool          // the answer was changed
	Score     survey.Score
	Answers   string // code=score, parted by semicolons
	Reasons   string // code+ or code-, parted by semicolons
}

// Answer is one answer beside the overall score.
type Answer struct {
	Question string
	Score    survey.Score
}

// Say writes what a ballot says beside its score, for Ballot.Said. Answers and
// ticks that nobody was asked for (known says which codes are: IsCode holds for
// them) are left out, and so are second ones.
func Say(answers []Answer, ticks []string, known func(code string) bool) string {
	var a, r []string
	seen := map[string]bool{}
	for _, x := range answers {
		if known(x.Question) && x.Score.Valid() && !seen[x.Question] {
			seen[x.Question] = true
			a = append(a, x.Question+"="+string('0'+byte(x.Score)))
		}
	}
	for _, t := range ticks {
		if survey.IsTick(t) && known(t[1:]) {
			r = append(r, t[1:]+t[:1]) // not first: a spreadsheet would take +a for a formula
		}
	}
	if len(a)+len(r) == 0 {
		return ""
	}
	slices.Sort(a)
	slices.Sort(r)
	return strings.Join(a, ";") + "\t" + strings.Join(slices.Compact(r), ";")
}

// Answered gives the answers of Row.Answers.
func Answered(s string) func(yield func(question string, score byte) bool) {
	return func(yield func(string, byte) bool) {
		for s != "" {
			var one string
			one, s, _ = strings.Cut(s, ";")
			if question, score, ok := strings.Cut(one, "="); !ok || len(score) != 1 || !yield(question, score[0]-'0') {
				return
			}
		}
	}
}

// plain makes a text one that fits into a line of a month's file.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}
