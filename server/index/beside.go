package index

import (
	"context"
	"database/sql"
	"strings"

	"hailong/internal/survey"
)

// aside is what stands beside the index: numbers, not rates.
type aside struct {
	dossiers, rated, walkIns int64
	times                    survey.Timeliness
	noDue                    int64 // returned dossiers that no date was promised for
	voided                   int64 // ratings
}

// Participation and timeliness by unit and kind of service, and walk-ins by
// desk. DAY and the tables' names are those of days or of months.
var besideSums = []struct {
	table, query string
	add          func(a *aside, v *[4]int64)
}{
	{"dossier_", `
SELECT u.id * 4 + SERVICE, sum(d.dossiers), sum(d.rated), 0, 0
FROM unit u CROSS JOIN TABLE d
WHERE ($unit = 0 OR u.id = $unit) AND d.unit = u.id AND d.service = SERVICE AND d.DAY >= $from AND d.DAY < $to
GROUP BY u.id`, func(a *aside, v *[4]int64) { a.dossiers += v[0]; a.rated += v[1] }},
	{"return_", `
SELECT u.id * 4 + SERVICE, sum(d.early), sum(d.ontime), sum(d.late), sum(d.nodue)
FROM unit u CROSS JOIN TABLE d
WHERE ($unit = 0 OR u.id = $unit) AND d.unit = u.id AND d.service = SERVICE AND d.DAY >= $from AND d.DAY < $to
GROUP BY u.id`, func(a *aside, v *[4]int64) {
		a.times.Early += v[0]
		a.times.OnTime += v[1]
		a.times.Late += v[2]
		a.noDue += v[3]
	}},
	{"walkin_", `
SELECT u.id * 4 + k.service, sum(NUMBER), 0, 0, 0
FROM desk k CROSS JOIN unit u CROSS JOIN TABLE d
WHERE u.code = k.unit AND ($service = 0 OR k.service = $service) AND ($unit = 0 OR u.id = $unit) AND d.desk = k.id AND d.DAY >= $from AND d.DAY < $to
GROUP BY k.code`, func(a *aside, v *[4]int64) { a.walkIns += v[0] }},
}

// unitServiceOf reads a unit and kind of service as the statements hand them
// over, in one integer: unit × 4 + service.
func unitServiceOf(v int64) unitService { return unitService{v / 4, survey.Service(v % 4)} }

// perService writes a statement for one kind of service, or for both: a constant
// there lets SQLite group without sorting.
func perService(query string, s survey.Service) string {
	if !strings.Contains(query, "SERVICE") {
		return query
	}
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

// byTable writes a statement for rows of days or of months.
func byTable(query, table string, month bool) string {
	unit, number := "day", "d.s1 + d.s2 + d.s3 + d.s4 + d.s5"
	if month {
		unit, number = "month", "d.n"
	}
	return strings.NewReplacer("TABLE", table+unit, "DAY", unit, "NUMBER", number).Replace(query)
}

func readBeside(ctx context.Context, tx *sql.Tx, p survey.Period, only int64, s survey.Service) (map[unitService]aside, error) {
	all := map[unitService]aside{}
	for _, run := range runsOf(p) {
		for _, q := range besideSums {
			err := each(ctx, tx, func(scan scanner) error {
				var at int64
				var v [4]int64
				if err := scan(&at, &v[0], &v[1], &v[2], &v[3]); err != nil || v == [4]int64{} {
					return err
				}
				a := all[unitServiceOf(at)]
				for i := range v {
					v[i] *= run.sign
				}
				q.add(&a, &v)
				all[unitServiceOf(at)] = a
				return nil
			}, perService(byTable(q.query, q.table, run.month), s), periodArgs(run.Period, scope{unit: only, service: s})...)
			if err != nil {
				return nil, err
			}
		}
	}
	if err := addVoided(ctx, tx, all, p, only, s); err != nil {
		return nil, err
	}
	for k, a := range all {
		if a == (aside{}) { // a month of which every day was taken off again
			delete(all, k)
		}
	}
	return all, nil
}
