package index

import (
	"context"
	"testing"

	"hailong/internal/survey"
)

// TestFactors: what all units' closed months say, summed; asked again it is the
// same, another kind of service and another period are others.
func TestFactors(t *testing.T) {
	f := newFixture(t)
	f.write(row(insertSheet, 1, 0, sheet(t, 1, "staff")))
	ctx := context.Background()
	all := survey.Period{From: closedMonth(1).From, To: today}
	if s, months, err := f.x.Factors(ctx, 1, all); err != nil || len(months) != 0 || s.Ballots != 0 {
		t.Fatalf("nothing is closed: %+v %v %v", s, months, err)
	}
	c := f.withClosed()
	reason := func(month int, unit string, n int64) statement {
		return row(insertFigure, month, unit, "", "reason", "-slow", n, 0, 0, 0, 0, 0)
	}
	c.write(row(insertMonth, 1, closedMonth(0).From, closedMonth(0).To, closedUntil.StartMilli()), row(insertMonth, 2, closedMonth(1).From, closedMonth(1).To, closedUntil.StartMilli()),
		figure(1, "A", "D1", "total", "", 0, survey.Counts{0, 0, 0, 10, 10}), figure(1, "B", "D2", "total", "", 0, survey.Counts{5, 0, 0, 0, 5}), figure(2, "B", "D2", "total", "", 0, survey.Counts{0, 0, 0, 0, 7}),
		figure(1, "A", "", "question", "staff", 0, survey.Counts{1, 2, 3, 4, 5}), figure(1, "A", "D1", "question", "staff", 0, survey.Counts{9, 9, 9, 9, 9}),
		figure(1, "B", "", "question", "staff", 0, survey.Counts{1, 0, 0, 0, 1}), figure(2, "B", "", "question", "staff", 0, survey.Counts{0, 0, 0, 0, 4}),
		reason(1, "A", 3), reason(1, "B", 2), reason(2, "B", 1))
	for range 2 { // read, and as it is kept
		for _, want := range []struct {
			period  survey.Period
			service survey.Service
			months  int
			ballots int64
			staff   survey.Counts
		}{
			{all, 1, 2, 37, survey.Counts{2, 2, 3, 4, 10}},
			{closedMonth(0), 1, 1, 30, survey.Counts{2, 2, 3, 4, 6}},
			{all, 2, 2, 0, survey.Counts{}},
			{today.Month(), 1, 0, 0, survey.Counts{}},
		} {
			s, months, err := f.x.Factors(ctx, want.service, want.period)
			if err != nil || len(months) != want.months || s.Ballots != want.ballots {
				t.Errorf("%v: %d ballots of %v, %v", want.period, s.Ballots, months, err)
			}
			var got survey.Counts
			for _, q := range s.Questions {
				if q.Code == "staff" {
					got = q.Counts
				}
			}
			if got != want.staff {
				t.Errorf("%v: %v, want %v", want.period, got, want.staff)
			}
		}
	}
}
