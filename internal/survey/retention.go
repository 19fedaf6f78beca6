package survey

import "strconv"

// Retention says for how many days words of one purpose are kept, counted from
// the day on which they were written.
type Retention struct {
	Purpose Purpose
	Setting string // key of the organisation's setting, in days
	Days    int    // where there is no such setting
}

// MostRetention is the greatest number of days that a setting may say; the least
// is 1.
const MostRetention = 3650

// How long comments and contact data are kept.
var (
	KeptComments = Retention{PurposeComment, "retention:comment", 365}
	KeptContacts = Retention{PurposeContact, "retention:contact", 90}
	Retentions   = []Retention{KeptComments, KeptContacts}
)

// Of gives the days that a setting's value says; the default where it says none.
func (r Retention) Of(value string) int {
	if days, ok := ParseRetention(value); ok {
		return days
	}
	return r.Days
}

// ParseRetention reads a setting's value, from 1 to MostRetention days.
func ParseRetention(value string) (days int, ok bool) {
	days, err := strconv.Atoi(value)
	return days, err == nil && days >= 1 && days <= MostRetention && strconv.Itoa(days) == value
}

// KeptFrom is the first moment, in Unix milliseconds, from which words that are
// kept for so many days are still kept on a day.
func KeptFrom(today Day, days int) int64 { return (today - Day(days)).Start().UnixMilli() }
