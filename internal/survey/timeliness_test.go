package survey

import (
	"testing"
	"time"
)

// TestTimelinessRoadmap: the seed's targets with a later step are read, written
// and found again by day; what is malformed is refused.
func TestTimelinessRoadmap(t *testing.T) {
	r, err := ParseTimeliness("2019-01-01 >=99.5 >=35; 2018-01-01 =100 >=30")
	if err != nil {
		t.Fatal(err)
	}
	if got := r.String(); got != "2018-01-01 =100 >=30; 2019-01-01 >=99.5 >=35" {
		t.Errorf("written as %q", got)
	}
	if got := r.On(NewDay(2018, time.December, 31)); got != TimelinessDepartment {
		t.Errorf("on the last day of 2018: %v", got)
	}
	if got := r.On(NewDay(2019, time.January, 1)); got.InTime != (Target{9950, OperatorAtLeast}) || got.Early.Hundredths != 3500 {
		t.Errorf("on the first day of 2019: %v", got)
	}
	if got := r.On(NewDay(2017, time.December, 31)); got.InTime.Set() || got.Early.Set() {
		t.Errorf("before the first: %v", got)
	}
	if r, err := ParseTimeliness(""); r != nil || err != nil {
		t.Error(r, err)
	}
	for text, want := range map[string]Code{
		"2018-01-01 =100": CodeBadField, "x =100 >=30": CodeBadDate, "2018-01-01 100 >=30": CodeBadField, "2018-01-01 =101 >=30": CodeBadField,
		"2018-01-01 =100 >=30;": CodeBadField, "2018-02-30 =100 >=30": CodeBadDate, "2018-01-01 =100 >=30 x": CodeBadField,
	} {
		if _, err := ParseTimeliness(text); CodeOf(err) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}
