package survey

import (
	"cmp"
	"slices"
	"strings"
)

// TimelinessSetting is the key of the setting that says what is asked of the
// timeliness of a kind of unit, in the form of ParseTimeliness.
func TimelinessSetting(kind string) string { return TimelinessPrefix + kind }

// TimelinessPrefix begins the keys of such settings.
const TimelinessPrefix = "timeliness/"

// TimelinessRoadmap is what is asked of timeliness from a day on, by day.
type TimelinessRoadmap []TimelinessSince

// TimelinessSince is what is asked from a day on.
type TimelinessSince struct {
	Since Day
	TimelinessTarget
}

// ParseTimeliness reads a roadmap such as "2018-01-01 =100 >=30; 2019-01-01 =100
// >=35": the day, what is asked of those in time, and of those early among all.
// No text is no roadmap. Errors: CodeBadField, CodeBadDate.
func ParseTimeliness(text string) (TimelinessRoadmap, error) {
	if text == "" {
		return nil, nil
	}
	fault := New(CodeBadField, "timeliness")
	var all TimelinessRoadmap
	for part := range strings.SplitSeq(text, ";") {
		f := strings.Fields(part)
		if len(f) != 3 {
			return nil, fault
		}
		var s TimelinessSince
		var err error
		if s.Since, err = ParseDay(f[0]); err != nil {
			return nil, err
		}
		var ok, also bool
		s.InTime, ok = parseAsked(f[1])
		s.Early, also = parseAsked(f[2])
		if !ok || !also {
			return nil, fault
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b TimelinessSince) int { return cmp.Compare(a.Since, b.Since) })
	return all, nil
}

// parseAsked reads an operator and a percentage, such as ">=97.5".
func parseAsked(text string) (t Target, ok bool) {
	for _, o := range []Operator{OperatorAtLeast, OperatorAbove, OperatorExactly} {
		if rest, found := strings.CutPrefix(text, o.String()); found {
			h, err := ParsePercent(rest)
			return Target{Hundredths: h, Operator: o}, err == nil
		}
	}
	return t, false
}

// String writes the roadmap as ParseTimeliness reads it.
func (r TimelinessRoadmap) String() string {
	parts := make([]string, len(r))
	for i, s := range r {
		parts[i] = s.Since.String() + " " + strings.ReplaceAll(s.InTime.String(), " ", "") + " " + strings.ReplaceAll(s.Early.String(), " ", "")
		parts[i] = strings.ReplaceAll(parts[i], "%", "")
	}
	return strings.Join(parts, "; ")
}

// On gives what is asked on a day; the zero TimelinessTarget before the first.
func (r TimelinessRoadmap) On(d Day) (t TimelinessTarget) {
	for _, s := range r {
		if s.Since <= d {
			t = s.TimelinessTarget
		}
	}
	return t
}
