package index

import (
	"context"
	"database/sql"
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
FROM cell c CROSS JOIN block_month d
WHERE ` + inScope + `
  AND d.cell = c.id AND d.month >= $from AND d.month < $to
GROUP BY c.id`

func trendArgs(m months, o scope) []any {
	args := periodArgs(survey.Period{From: m[0], To: m[TrendMonths]}, o)
	for i := range TrendMonths {
		args = append(args, sql.Named("m"+strconv.Itoa(i), int64(m[i])))
	}
	return args
}

// readTrends gives the trend up to a day's month of each cell with ballots.
func readTrends(ctx context.Context, tx *sql.Tx, last survey.Day, o scope) (map[cell]*Trend, error) {
	all := map[cell]*Trend{}
	return all, each(ctx, tx, func(scan scanner) error {
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
		all[c] = t
		return nil
	}, cellTrends, trendArgs(monthsUpTo(last), o)...)
}

func (t *Trend) add(month int, n survey.Tally, sign int64) {
	t[month].Satisfied += sign * n.Satisfied
	t[month].Answers += sign * n.Answers
}

// Tallies of units and kinds of service over the blocks that end in a period, by
// days or by months.
const (
	dayTallies = `
SELECT c.unit, c.service, sum(` + packed + `)
FROM cell c CROSS JOIN block d
WHERE ` + inScope + ` AND d.cell = c.id AND d.last >= $from AND d.last < $to GROUP BY c.id`
	monthTallies = `
SELECT c.unit, c.service, sum(` + packed + `)
FROM cell c CROSS JOIN block_month d
WHERE ` + inScope + ` AND d.cell = c.id AND d.month >= $from AND d.month < $to GROUP BY c.id`
)

// readTallies gives what unitSums does, without anything but the tallies.
func readTallies(ctx context.Context, tx *sql.Tx, p survey.Period, s survey.Service) (map[unitService]survey.Tally, error) {
	all := map[unitService]survey.Tally{}
	for _, r := range runsOf(p) {
		query := dayTallies
		if r.month {
			query = monthTallies
		}
		err := each(ctx, tx, func(scan scanner) error {
			var k unitService
			var v int64
			if err := scan(&k.unit, &k.service, &v); err != nil {
				return err
			}
			n, sum := unpack(v), all[k]
			sum.Answers += r.sign * n.Answers
			sum.Satisfied += r.sign * n.Satisfied
			all[k] = sum
			return nil
		}, query, periodArgs(r.Period, scope{service: s})...)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
