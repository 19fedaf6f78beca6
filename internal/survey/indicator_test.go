package survey_test

import (
	"math"
	"math/big"
	"testing"

	"hailong/internal/survey"

	"pgregory.net/rapid"
)

// The first three are printed in the ministry's text (DOMAIN.md section 2).
func TestSampleNeeded(t *testing.T) {
	for _, c := range []struct{ n, want int64 }{
		{150, 110}, {600, 240}, {2718, 349},
		{-1, 0}, {0, 0}, {1, 1}, {400, 200}, {1e15, 400}, {math.MaxInt64, 400},
	} {
		if got := survey.SampleNeeded(c.n); got != c.want {
			t.Errorf("%d: %d, want %d", c.n, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1e12).Draw(t, "n")
		// n ÷ (1 + n·0.05²), in fractions.
		one, error2 := big.NewRat(1, 1), big.NewRat(25, 10000)
		of := new(big.Rat).SetInt64(n)
		exact := new(big.Rat).Quo(of, new(big.Rat).Add(one, new(big.Rat).Mul(of, error2)))
		got := new(big.Rat).SetInt64(survey.SampleNeeded(n))
		if got.Cmp(exact) < 0 || new(big.Rat).Sub(got, one).Cmp(exact) >= 0 {
			t.Fatalf("%d: %s, exactly %s", n, got.RatString(), exact.FloatString(6))
		}
	})
}

func TestRatio766(t *testing.T) {
	for _, c := range []struct{ all, bad, satisfied, answers int64 }{
		{1000, 12, 988, 1000}, {5, 0, 5, 5}, {5, 5, 0, 5}, {5, 9, 0, 5}, {5, -1, 5, 5}, {0, 3, 0, 0}, {-4, 0, 0, 0},
	} {
		if got := survey.Ratio766(c.all, c.bad); got != (survey.Tally{Satisfied: c.satisfied, Answers: c.answers}) {
			t.Errorf("%d with %d bad: %+v", c.all, c.bad, got)
		}
	}
}

func TestTimeliness(t *testing.T) {
	const met, not, few = survey.VerdictMet, survey.VerdictNotMet, survey.VerdictTooFew
	for _, c := range []struct {
		name          string
		of            survey.TimelinessTarget
		have          survey.Timeliness
		inTime, early survey.Verdict
	}{
		{"all in time, 30% early", survey.TimelinessDepartment, survey.Timeliness{Early: 30, OnTime: 70}, met, met},
		{"one late, one early too few", survey.TimelinessDepartment, survey.Timeliness{Early: 299, OnTime: 700, Late: 1}, not, not},
		{"exactly 98% is not above", survey.TimelinessCity, survey.Timeliness{Early: 25, OnTime: 73, Late: 2}, not, met},
		{"above 98%, just below 25%", survey.TimelinessCity, survey.Timeliness{Early: 2499, OnTime: 7302, Late: 199}, met, not},
		{"a single dossier", survey.TimelinessDepartment, survey.Timeliness{Early: 1}, met, met},
		{"none", survey.TimelinessCity, survey.Timeliness{}, few, few},
	} {
		inTime, early := c.of.Judge(c.have)
		if inTime != c.inTime || early != c.early {
			t.Errorf("%s: %v and %v, want %v and %v", c.name, inTime, early, c.inTime, c.early)
		}
	}
}

// of gives nine indicators with these points in sum.
func of(points int) (all survey.Indicators) {
	for i := range all {
		all[i] = survey.Indicator{Known: true, Points: uint8(min(points, 2))}
		points -= min(points, 2)
	}
	return all
}

func TestGradesAtTheirBoundaries(t *testing.T) {
	rules := survey.RulesOn(survey.NewDay(2024, 12, 31))
	if rules == nil {
		t.Fatal("no rules in 2024")
	}
	for points, want := range map[int]survey.Grade{
		18: survey.GradeExcellent, 15: survey.GradeExcellent,
		14: survey.GradeGood, 12: survey.GradeGood,
		11: survey.GradeFair, 9: survey.GradeFair,
		8: survey.GradeAverage, 6: survey.GradeAverage,
		5: survey.GradeWeak, 0: survey.GradeWeak,
	} {
		a := rules.Assess(of(points))
		if a.Points != points || a.Most != 18 || a.Known != 9 || a.Grade != want {
			t.Errorf("%d points: %+v, want %v", points, a, want)
		}
	}
}

// Nothing is scaled up: with eight of nine known there is a sum and no grade.
func TestNoGradeWithoutAllNine(t *testing.T) {
	rules := survey.RulesOn(survey.NewDay(2024, 12, 31))
	all := of(18)
	all[3] = survey.Indicator{Points: 2}
	if a := rules.Assess(all); a != (survey.Assessment{Points: 16, Most: 16, Known: 8}) {
		t.Errorf("eight known: %+v", a)
	}
	if a := rules.Assess(survey.Indicators{}); a != (survey.Assessment{}) {
		t.Errorf("none known: %+v", a)
	}
	all = of(18)
	all[0].Points = 200
	if a := rules.Assess(all); a.Points != 18 {
		t.Errorf("an indicator of 200 points: %+v", a)
	}
}

func TestRulesHaveDates(t *testing.T) {
	for day, want := range map[survey.Day]bool{
		survey.NewDay(2018, 11, 22): false, survey.NewDay(2018, 11, 23): true,
		survey.NewDay(2025, 6, 30): true, survey.NewDay(2025, 7, 1): false,
	} {
		rules := survey.RulesOn(day)
		if (rules != nil) != want {
			t.Errorf("%v: rules %v, want %v", day, rules != nil, want)
		}
		if a := rules.Assess(of(18)); (a.Grade != 0) != want || a.Points != 18 {
			t.Errorf("%v: %+v", day, a)
		}
	}
}

func TestPointsThatAreComputed(t *testing.T) {
	known := func(points uint8) survey.Indicator { return survey.Indicator{Known: true, Points: points} }
	for _, c := range []struct{ got, want survey.Indicator }{
		{survey.AttitudePoints(0), known(2)}, {survey.AttitudePoints(1), known(0)},
		{survey.ComplaintPoints(10, 10), known(2)}, {survey.ComplaintPoints(99, 100), known(1)},
		{survey.ComplaintPoints(90, 100), known(1)}, {survey.ComplaintPoints(899, 1000), known(0)},
		{survey.ComplaintPoints(0, 0), survey.Indicator{}},
	} {
		if c.got != c.want {
			t.Errorf("%+v, want %+v", c.got, c.want)
		}
	}
}
