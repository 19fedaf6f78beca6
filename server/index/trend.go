package index

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"hailong/internal/survey"
)

// TrendMonths is the number of months that a trend has.
const TrendMonths = 12

// Trend is the tallies of the last TrendMonths months, the oldest first: of each
// the blocks that end in it, as a period's answer has them.
type Trend [TrendMonths]survey.Tally

// months are the first days of the months of a trend that ends with the month of
// a day, and of the month after it.
type months [TrendMonths + 1]survey.Day

func monthsUpTo(last survey.Day) (m months) {
	m[TrendMonths] = last.Month().To
	for i := TrendMonths - 1; i >= 0; i-- {
		m[i] = (m[i+1] - 1).Month().From
	}
	return m
}

// of gives the month in which a day lies; false where it is in none.
func (m *months) of(d survey.Day) (int, bool) {
	if d < m[0] || d >= m[TrendMonths] {
		return 0, false
	}
	i, found := slices.BinarySearch(m[:], d)
	if !found {
		i--
	}
	return i, true
}

// numbers are the days as SQLite has them.
func (m *months) numbers() (n [TrendMonths + 1]int32) {
	for i, d := range m {
		n[i] = int32(d)
	}
	return n
}

// Two numbers of ballots in one integer, since each column costs: answers ×
// 2^32 + satisfied.
const packed = `((d.s1 + d.s2 + d.s3 + d.s4 + d.s5) << 32) + d.s4 + d.s5`

func unpack(v int64) survey.Tally { return survey.Tally{Satisfied: v & (1<<32 - 1), Answers: v >> 32} }

// monthColumns are the sums of a cell for each month.
var monthColumns = func() string {
	var b strings.Builder
	for i := range TrendMonths {
		b.WriteString(", coalesce(sum(CASE d.month WHEN $m" + strconv.Itoa(i) + " THEN " + packed + " END), 0)")
	}
	return b.String()
}()

var cellTrends = `
SELECT c.id, c.unit, c.desk, c.service` + monthColumns + `
FROM cell c CROSS JOIN cell_month d
WHERE ($unit = 0 OR c.unit = $unit) AND ($desk = 0 OR c.desk = $desk) AND ($service = 0 OR c.service = $service)
  AND d.cell = c.id AND d.month >= $from AND d.month < $to
GROUP BY c.id`

// Days of blocks that are open where a month begins: they belong to the month in
// which their block ends. $starts is a JSON array of days.
const openDays = `
SELECT c.id, m.value, d.day, ` + packed + `
FROM cell c CROSS JOIN json_each($starts) m CROSS JOIN cell_day d
WHERE ($unit = 0 OR c.unit = $unit) AND ($desk = 0 OR c.desk = $desk) AND ($service = 0 OR c.service = $service)
  AND (SELECT carry FROM cell_day WHERE cell = c.id AND day < m.value ORDER BY day DESC LIMIT 1) > 0
  AND d.cell = c.id AND d.day < m.value
  AND d.day > coalesce((SELECT day FROM cell_day WHERE cell = c.id AND day < m.value AND carry = 0 ORDER BY day DESC LIMIT 1), -3000000)`

// readTrends gives the trend up to a day's month of each cell with ballots.
func readTrends(ctx context.Context, tx *sql.Tx, last survey.Day, o scope) (map[cell]*Trend, error) {
	m := monthsUpTo(last)
	p := survey.Period{From: m[0], To: m[TrendMonths]}
	all := map[cell]*Trend{}
	byID := map[int64]*Trend{}
	args := periodArgs(p, o)
	for i := range TrendMonths {
		args = append(args, sql.Named("m"+strconv.Itoa(i), int64(m[i])))
	}
	err := each(ctx, tx, func(scan scanner) error {
		var c cell
		var v [TrendMonths]int64
		to := []any{&c.id, &c.unit, &c.desk, &c.service}
		for i := range v {
			to = append(to, &v[i])
		}
		if err := scan(to...); err != nil {
			return err
		}
		t := &Trend{}
		for i := range v {
			t[i] = unpack(v[i])
		}
		all[c], byID[c.id] = t, t
		return nil
	}, cellTrends, args...)
	if err != nil {
		return nil, err
	}
	late := edges{}
	if err := readHeld(ctx, tx, p, o, late); err != nil {
		return nil, err
	}
	if err := readTails(ctx, tx, p, late); err != nil {
		return nil, err
	}
	from := map[int64]survey.Day{} // the first day of a cell that is counted anew
	for c, e := range late {
		t := all[c]
		if t == nil {
			t = &Trend{}
			all[c], byID[c.id] = t, t
		}
		from[c.id] = e.recount(t, &m)
	}
	starts, err := json.Marshal(m.numbers())
	if err != nil {
		return nil, err
	}
	return all, each(ctx, tx, func(scan scanner) error {
		var id, start, at, v int64
		if err := scan(&id, &start, &at, &v); err != nil {
			return err
		}
		t := byID[id]
		if first, ok := from[id]; ok && survey.Day(at) >= first {
			return nil
		}
		if t == nil { // nothing in these months, and an open block before them
			return nil
		}
		// The day's ballots leave their month, and come into the one that begins.
		if i, ok := m.of(survey.Day(start) - 1); ok {
			t.add(i, unpack(v), -1)
		}
		if i, ok := m.of(survey.Day(start)); ok {
			t.add(i, unpack(v), 1)
		}
		return nil
	}, openDays, append(periodArgs(p, o)[2:], sql.Named("starts", string(starts)))...)
}

func (t *Trend) add(month int, n survey.Tally, sign int64) {
	t[month].Satisfied += sign * n.Satisfied
	t[month].Answers += sign * n.Answers
}

// recount takes the edge's days out of their months, and puts the blocks that
// are shown of them into those in which they end. It gives the first day that it
// counted anew.
func (e *edge) recount(t *Trend, m *months) survey.Day {
	slices.SortFunc(e.days, func(a, b day) int { return int(a.day - b.day) })
	first := e.before
	for _, d := range e.days {
		first = min(first, d.day)
		if i, ok := m.of(d.day); ok {
			t.add(i, d.Tally(), -1)
		}
	}
	shown, next := merge(e.days, e.shown), 0
	for _, last := range ends(shown) {
		i, within := m.of(last)
		for ; next < len(shown) && shown[next].day <= last; next++ {
			if within {
				t.add(i, shown[next].Tally(), 1)
			}
		}
	}
	return first
}
