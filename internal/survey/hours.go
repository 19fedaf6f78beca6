package survey

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Hours are a desk's opening hours in a week; the zero Hours is always open.
type Hours struct {
	spans [7][]span // by time.Weekday
	text  string
}

type span struct{ from, to int } // minutes of the day, half-open

var weekdays = map[string]time.Weekday{"CN": 0, "T2": 1, "T3": 2, "T4": 3, "T5": 4, "T6": 5, "T7": 6}

// ParseHours reads opening hours such as
//
//	T2-T6 07:30-11:30 13:30-17:00; T7 07:30-11:30
//
// with the days as Vietnamese write them, T2 (Monday) to T7 and CN (Sunday). A
// day that is not named is closed; "" is always open. The error says what is
// wrong, in English.
func ParseHours(s string) (h Hours, err error) {
	h.text = strings.TrimSpace(s)
	if h.text == "" {
		return h, nil
	}
	for _, part := range strings.Split(s, ";") {
		fields := strings.Fields(part)
		if len(fields) < 2 {
			return Hours{}, fmt.Errorf("%q: days and hours are needed, such as T2-T6 07:30-11:30", strings.TrimSpace(part))
		}
		first, last, isRun := strings.Cut(strings.ToUpper(fields[0]), "-")
		if !isRun {
			last = first
		}
		from, ok1 := weekdays[first]
		to, ok2 := weekdays[last]
		if !ok1 || !ok2 {
			return Hours{}, fmt.Errorf("%q: days are T2 to T7 and CN", fields[0])
		}
		var spans []span
		for _, f := range fields[1:] {
			a, b, _ := strings.Cut(f, "-")
			x, err1 := minutes(a)
			y, err2 := minutes(b)
			if err1 != nil || err2 != nil || x >= y {
				return Hours{}, fmt.Errorf("%q: hours are such as 07:30-11:30", f)
			}
			spans = append(spans, span{x, y})
		}
		for d := from; ; d = (d + 1) % 7 {
			h.spans[d] = append(h.spans[d], spans...)
			if d == to {
				break
			}
		}
	}
	return h, nil
}

// String gives what ParseHours read; "" is always open.
func (h Hours) String() string { return h.text }

func minutes(s string) (int, error) {
	hour, minute, ok := strings.Cut(s, ":")
	h, err := strconv.Atoi(hour)
	m, err2 := strconv.Atoi(minute)
	if !ok || err != nil || err2 != nil || len(minute) != 2 || h < 0 || m < 0 || m > 59 || h*60+m > 24*60 {
		return 0, fmt.Errorf("%q is no time of day", s)
	}
	return h*60 + m, nil
}

// Open says whether the desk is open at that moment, in Vietnam's time.
func (h Hours) Open(t time.Time) bool {
	always := true
	for _, day := range h.spans {
		always = always && len(day) == 0
	}
	if always {
		return true
	}
	t = t.In(Zone)
	now := t.Hour()*60 + t.Minute()
	for _, s := range h.spans[t.Weekday()] {
		if s.from <= now && now < s.to {
			return true
		}
	}
	return false
}
