package index

import (
	"context"
	"database/sql"
	"strings"

	"hailong/internal/survey"
)

// cell is a unit (place) and a kind of service.
type cell struct {
	unit    int64
	service survey.Service
}

// cellOf reads a cell as the statements hand it over, in one integer: unit × 4
// + service. database/sql copies int64 as it is, but takes other integers
// through text.
func cellOf(v int64) cell { return cell{v / 4, survey.Service(v % 4)} }

// The rows of a unit from the block in which the period begins up to the
// period's end, added up in the order of the primary key (TestPlan). $from and
// $to are days, $unit a place or 0. opened: a block was open when the period
// began, so that the sums begin on an earlier day; carry: a block is open at its
// end, whose rows must come off again. Per kind of service, since a constant
// there lets SQLite group without sorting.
const unitSums = `
SELECT u.id * 4 + SERVICE,
  sum(d.s1), sum(d.s2), sum(d.s3), sum(d.s4), sum(d.s5), sum(d.kiosk), sum(d.receipt), sum(d.changed),
  (SELECT carry FROM unit_day WHERE unit = u.id AND service = SERVICE AND day < $to ORDER BY day DESC LIMIT 1) AS carry,
  CASE WHEN (SELECT carry FROM unit_day WHERE unit = u.id AND service = SERVICE AND day < $from ORDER BY day DESC LIMIT 1) > 0
  THEN (SELECT day FROM unit_day WHERE unit = u.id AND service = SERVICE AND day > coalesce(
    (SELECT day FROM unit_day WHERE unit = u.id AND service = SERVICE AND day < $from AND carry = 0 ORDER BY day DESC LIMIT 1),
    -3000000) ORDER BY day LIMIT 1)
  ELSE $from END AS opened
FROM unit u CROSS JOIN unit_day d
WHERE ($unit = 0 OR u.id = $unit) AND d.unit = u.id AND d.service = SERVICE AND d.day < $to AND d.day > coalesce(
  (SELECT day FROM unit_day WHERE unit = u.id AND service = SERVICE AND day < $from AND carry = 0 ORDER BY day DESC LIMIT 1),
  -3000000)
GROUP BY u.id`

// perService writes a statement for one kind of service, or for both.
func perService(query string, s survey.Service) string {
	one := strings.ReplaceAll(query, "SERVICE", "1")
	two := strings.ReplaceAll(query, "SERVICE", "2")
	switch s {
	case survey.ServiceAdministrative:
		return one
	case survey.ServicePublic:
		return two
	}
	return one + "\nUNION ALL" + two
}

func periodArgs(p survey.Period, only int64) []any {
	return []any{sql.Named("from", int64(p.From)), sql.Named("to", int64(p.To)), sql.Named("unit", only)}
}

// readSums gives what may be shown of the period, in whole blocks, for each
// unit and kind of service with ballots in them.
func readSums(ctx context.Context, tx *sql.Tx, p survey.Period, only int64, s survey.Service) (map[cell]Block, error) {
	sums := map[cell]Block{}
	edges := edges{}
	err := each(ctx, tx, func(scan scanner) error {
		var b Block
		var at, carry, opened int64
		n := &b.Counts
		if err := scan(&at, &n[0], &n[1], &n[2], &n[3], &n[4], &b.Kiosk, &b.Receipt, &b.Changed, &carry, &opened); err != nil {
			return err
		}
		b.Covered = survey.Period{From: min(p.From, survey.Day(opened)), To: p.To}
		if carry > 0 {
			edges[cellOf(at)] = &edge{before: p.To}
		}
		sums[cellOf(at)] = b
		return nil
	}, perService(unitSums, s), periodArgs(p, only)...)
	if err != nil {
		return nil, err
	}
	if err := readHeld(ctx, tx, p, only, s, edges); err != nil {
		return nil, err
	}
	if err := readTails(ctx, tx, p, edges); err != nil {
		return nil, err
	}
	for c, e := range edges {
		b, ok := sums[c]
		if !ok {
			b.Covered = p
		}
		sums[c] = e.correct(b, p)
	}
	return sums, nil
}
