package index

import (
	"context"
	"database/sql"

	"hailong/internal/survey"
)

// UnitAnswers is what the ballots of a unit in closed months say beside their
// scores.
type UnitAnswers struct {
	Unit      string // code
	Service   survey.Service
	Questions map[string]survey.Counts // by code
	Full      survey.Tally             // as PublishedSaid's
}

// PublishedAnswers is UnitAnswers for all units, by one reading.
type PublishedAnswers struct {
	Units []UnitAnswers // in no order
	// Sheets are all versions of the questionnaire, that in force on the period's
	// last day first.
	Sheets []*survey.Questionnaire
}

// PublishedAnswers gives what the closed months of a period published of
// questions, of every unit.
func (x *Index) PublishedAnswers(ctx context.Context, period survey.Period) (PublishedAnswers, error) {
	var a PublishedAnswers
	type key struct {
		unit    string
		service survey.Service
	}
	of := map[key]int{}
	err := x.readClosed(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, func(scan scanner) error {
			var k key
			var dim, value string
			var n survey.Counts
			if err := scan(&k.unit, &k.service, &dim, &value, &n[0], &n[1], &n[2], &n[3], &n[4]); err != nil {
				return err
			}
			i, ok := of[k]
			if !ok {
				i, of[k] = len(a.Units), len(a.Units)
				a.Units = append(a.Units, UnitAnswers{Unit: k.unit, Service: k.service, Questions: map[string]survey.Counts{}})
			}
			if dim == "question" {
				a.Units[i].Questions[value] = n
			} else {
				a.Units[i].Full = survey.Tally{Satisfied: n[4], Answers: n[4] + n[0]}
			}
			return nil
		}, `SELECT f.unit, f.service, f.dim, f.value, sum(n1), sum(n2), sum(n3), sum(n4), sum(n5) FROM month m CROSS JOIN figure f
WHERE m.since >= ? AND m.until <= ? AND f.month = m.id AND f.dim IN ('question', 'full') AND f.desk = '' GROUP BY 1, 2, 3, 4`, period.From, period.To)
	})
	if err != nil {
		return a, err
	}
	return a, x.read(ctx, func(tx *sql.Tx) (err error) {
		a.Sheets, err = readSheets(ctx, tx, period.Last())
		return err
	})
}
