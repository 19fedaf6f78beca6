package survey

import "time"

// Zone is the time of Asia/Ho_Chi_Minh: +07:00, without summer time, so that no
// device needs a time zone database.
var Zone = time.FixedZone("+07", 7*60*60)

const (
	dayMilli  = 24 * 60 * 60 * 1000
	zoneMilli = 7 * 60 * 60 * 1000
	dayFormat = "2006-01-02"

	firstDay = -719162 // 0001-01-01
	lastDay  = 2932896 // 9999-12-31
)

// Day is a date in Vietnam: days since 1970-01-01.
type Day int32

// DayOf is the day in Vietnam at that moment.
func DayOf(t time.Time) Day { return DayOfMilli(t.UnixMilli()) }

// DayOfMilli is DayOf for Unix milliseconds. A device's clock may say anything:
// what lies outside the years 1 to 9999 is taken for the nearest day within.
func DayOfMilli(ms int64) Day {
	ms = min(max(ms, firstDay*dayMilli), lastDay*dayMilli) + zoneMilli
	d := ms / dayMilli
	if ms%dayMilli < 0 {
		d--
	}
	return Day(d)
}

// NewDay is the day of a date; day and month may be out of range, as for
// time.Date.
func NewDay(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

// Start is the moment at which the day begins in Vietnam.
func (d Day) Start() time.Time {
	return time.UnixMilli(d.StartMilli()).In(Zone)
}

// StartMilli is Start in Unix milliseconds.
func (d Day) StartMilli() int64 { return int64(d)*dayMilli - zoneMilli }

// Date gives year, month and day of the month.
func (d Day) Date() (year int, month time.Month, day int) { return d.Start().Date() }

// Weekday is the day of the week.
func (d Day) Weekday() time.Weekday { return d.Start().Weekday() }

// String gives the day as "2026-11-23".
func (d Day) String() string { return d.Start().Format(dayFormat) }

// MarshalText writes String.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDay.
func (d *Day) UnmarshalText(t []byte) error {
	v, err := ParseDay(string(t))
	if err == nil {
		*d = v
	}
	return err
}

// ParseDay reads "2026-11-23" and nothing else; a date that does not exist, or
// is before 1970, is CodeBadDate.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(dayFormat, s)
	if err != nil || t.Year() < 1970 || t.Format(dayFormat) != s {
		return 0, New(CodeBadDate, clip([]byte(s)))
	}
	return NewDay(t.Date()), nil
}

// LongestPeriod is the greatest number of days that ParsePeriod takes: ten years.
const LongestPeriod = 3660

// Period is a run of days, half-open: From is in it, To is not.
type Period struct{ From, To Day }

// ParsePeriod reads two dates, half-open. Errors: CodeBadDate, CodeFromAfterTo
// (also where they are the same, which leaves no day), CodeRangeTooLong.
func ParsePeriod(from, to string) (Period, error) {
	f, err := ParseDay(from)
	if err != nil {
		return Period{}, err
	}
	t, err := ParseDay(to)
	if err != nil {
		return Period{}, err
	}
	p := Period{From: f, To: t}
	return p, p.Check()
}

// Check gives CodeFromAfterTo for a period without a day, CodeRangeTooLong for
// one of more than LongestPeriod days, else nil.
func (p Period) Check() error {
	switch {
	case p.From >= p.To:
		return New(CodeFromAfterTo)
	case int64(p.To)-int64(p.From) > LongestPeriod:
		return New(CodeRangeTooLong, LongestPeriod)
	}
	return nil
}

// Days is the number of days in the period.
func (p Period) Days() int { return int(p.To) - int(p.From) }

// Last is the last day in the period, whose target judges it.
func (p Period) Last() Day { return p.To - 1 }

// Contains says whether the day is in the period.
func (p Period) Contains(d Day) bool { return p.From <= d && d < p.To }

// Overlaps says whether the two share a day.
func (p Period) Overlaps(q Period) bool {
	return p.From < q.To && q.From < p.To && p.From < p.To && q.From < q.To
}

// Single is the day as a period.
func (d Day) Single() Period { return Period{d, d + 1} }

// Week is the week, from Monday, in which the day lies.
func (d Day) Week() Period {
	monday := d - Day((int(d.Weekday())+6)%7)
	return Period{monday, monday + 7}
}

// Month is the month in which the day lies.
func (d Day) Month() Period {
	y, m, _ := d.Date()
	return Period{NewDay(y, m, 1), NewDay(y, m+1, 1)}
}

// Quarter is the quarter in which the day lies.
func (d Day) Quarter() Period {
	y, m, _ := d.Date()
	first := m - (m-1)%3
	return Period{NewDay(y, first, 1), NewDay(y, first+3, 1)}
}

// Year is the year in which the day lies.
func (d Day) Year() Period {
	y, _, _ := d.Date()
	return Period{NewDay(y, time.January, 1), NewDay(y+1, time.January, 1)}
}
