package report

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"hailong/internal/survey"
)

// longest is how much of a name is printed, in characters: more would push the
// figures off the page.
const longest = 300

// clean makes what somebody typed into one printable line: letters put together
// (a Mac sends «ệ» as three), no control characters, not too long.
func clean(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "�"))
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	// What is not printed changes how the text beside it reads, as the marks for
	// writing from right to left do; and XML has no U+FFFE and U+FFFF.
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || r&0xFFFE == 0xFFFE {
			return -1
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) > longest {
		s = strings.TrimSpace(string([]rune(s)[:longest-1])) + "…"
	}
	return s
}

// called is a unit's name, or its code where it has none.
func called(u Unit) string { return cmp.Or(clean(u.Name), clean(u.Code)) }

// few is what stands where there are too few answers to be shown.
func (r *Report) few() string { return r.Language.T("report.few", "Least", survey.LeastShown) }

// target is a target in words: «trên 95%».
func (r *Report) target(t survey.Target) string {
	if !t.Set() {
		return "–"
	}
	key := map[survey.Operator]string{
		survey.OperatorAbove:   "report.target.above",
		survey.OperatorAtLeast: "report.target.atleast",
		survey.OperatorExactly: "report.target.exactly",
	}[t.Operator]
	return r.Language.T(key, "Percent", r.Language.Hundredths(t.Hundredths))
}

// verdict is «Đạt», «Chưa đạt» or «Chưa đủ mẫu», with the sign for a target that
// lies within the interval.
func (r *Report) verdict(x Rate) string {
	key := map[survey.Verdict]string{
		survey.VerdictMet:    "report.verdict.met",
		survey.VerdictNotMet: "report.verdict.notmet",
		survey.VerdictTooFew: "report.verdict.toofew",
	}[x.Verdict]
	switch {
	case !x.Shown:
		return r.few()
	case key == "":
		return "–"
	case x.Straddles && x.Verdict != survey.VerdictTooFew:
		return r.Language.T(key) + "\u00a0≈"
	}
	return r.Language.T(key)
}

// grade is the name of a grade; "" for none.
func (r *Report) grade(g survey.Grade) string {
	if g == 0 {
		return ""
	}
	return r.Language.T("report.grade." + g.String())
}

// service is the name of a kind of service.
func (r *Report) service(s survey.Service) string {
	return r.Language.T("report.service." + s.String())
}

// interval is the 95% interval: «94,1% – 96,8%».
func (r *Report) interval(x Rate) string {
	return r.Language.Percent(x.Low, 1) + " – " + r.Language.Percent(x.High, 1)
}

// narrow is the same for a narrow column: «94,1–96,8%».
func (r *Report) narrow(x Rate) string {
	return r.Language.Decimal(100*x.Low, 1) + "–" + r.Language.Percent(x.High, 1)
}

// ratio is a tally in percent; «–» where there is none.
func (r *Report) ratio(t survey.Tally, decimals int) string {
	return r.Language.Ratio(t.Satisfied, t.Answers, decimals)
}

// rate is the satisfied rate.
func rate(c survey.Counts) survey.Tally {
	return survey.Tally{Satisfied: c.Satisfied(), Answers: c.Answers()}
}

// participation is the share of dossiers with a counted ballot. It says how many
// ballots there are, so it is hidden with them.
func participation(x Row) survey.Tally {
	if !x.Shown {
		return survey.Tally{}
	}
	return survey.Tally{Satisfied: x.Rated, Answers: x.Dossiers}
}
