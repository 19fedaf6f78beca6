package index

import (
	"context"
	"testing"

	"hailong/internal/survey"
)

// TestCounts: they are those of Query, for whatever days.
func TestCounts(t *testing.T) {
	f := bigFixture(t, 7, 120, false)
	for _, p := range []survey.Period{{From: today - 100, To: today + 1}, {From: today - 77, To: today - 30}, today.Single(), today.Month(), {From: today + 1, To: today + 9}} {
		counts, err := f.x.Counts(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		for _, r := range f.query(Query{Period: p}).Rows {
			if r.Counts != counts[r.Unit.Code] {
				t.Errorf("%v of %s: %v, want %v", p, r.Unit.Code, counts[r.Unit.Code], r.Counts)
			}
			if r.Counts.Answers() > 0 {
				rows++
			}
		}
		if rows != len(counts) {
			t.Errorf("%v: %d units, want %d", p, len(counts), rows)
		}
	}
	if _, err := f.x.Counts(context.Background(), survey.Period{}); survey.CodeOf(err) != survey.CodeFromAfterTo {
		t.Error(err)
	}
}
