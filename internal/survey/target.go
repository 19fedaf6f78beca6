package survey

import (
	"strconv"
	"strings"
)

// Target is a satisfied rate that is asked for. The zero Target is none.
type Target struct {
	Hundredths int32 // of a percent: 9500 = 95%
	Operator   Operator
}

// Set says whether there is a target.
func (t Target) Set() bool { return t.Operator != 0 }

// Met says whether satisfied of answers meets the target, in exact integers:
// 95 of 100 does not meet «trên 95%», 19,001 of 20,000 does. Answers stay below
// 9·10^14, so nothing overflows.
func (t Target) Met(satisfied, answers int64) bool {
	have, want := satisfied*10000, answers*int64(t.Hundredths)
	switch t.Operator {
	case OperatorAbove:
		return have > want
	case OperatorAtLeast:
		return have >= want
	case OperatorExactly:
		return have == want
	}
	return false
}

// String gives the target for logs, such as "> 95%" or ">= 97.5%".
func (t Target) String() string {
	if !t.Set() {
		return "none"
	}
	s := strconv.FormatFloat(float64(t.Hundredths)/100, 'f', -1, 64)
	return t.Operator.String() + " " + s + "%"
}

// Covers says that whatever rate meets t meets u too: a unit's own target has
// to cover the province's, which is to say that it is equal to it or above.
func (t Target) Covers(u Target) bool {
	switch {
	case !u.Set():
		return true
	case !t.Set():
		return false
	case u.Operator == OperatorExactly:
		return t == u
	case t.Hundredths != u.Hundredths:
		return t.Hundredths > u.Hundredths
	}
	return u.Operator == OperatorAtLeast || t.Operator == OperatorAbove
}

// Judge gives the verdict on satisfied of answers: too few below least answers
// (and without any), 0 without a target.
func Judge(t Target, satisfied, answers, least int64) Verdict {
	switch {
	case !t.Set():
		return 0
	case answers <= 0 || answers < least:
		return VerdictTooFew
	case t.Met(satisfied, answers):
		return VerdictMet
	}
	return VerdictNotMet
}

// ParsePercent reads a percentage of at most two decimals as hundredths of a
// percent: "95" is 9500, "95.5" and "95,5" are 9550. It is from 0 to 100;
// anything else is CodeBadField.
func ParsePercent(s string) (int32, error) {
	fault := New(CodeBadField, "percent")
	whole, frac, point := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	if len(whole) < 1 || len(whole) > 3 || len(frac) > 2 || point && frac == "" {
		return 0, fault
	}
	for len(frac) < 2 {
		frac += "0"
	}
	n, err := strconv.ParseUint(whole+frac, 10, 31)
	if err != nil || n > 10000 {
		return 0, fault
	}
	return int32(n), nil
}
