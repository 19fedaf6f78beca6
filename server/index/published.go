package index

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"hailong/internal/survey"
)

// PublishedRow is what closed months published of a unit and kind of service.
type PublishedRow struct {
	Unit    Unit
	Service survey.Service
	Judged          // of all months, by the target of the last one's last day; Waiting: when they were closed
	Counted int64   // ballots of the months when they were closed
	Now     int64   // ballots of the months by now: the difference came later, or went
	Numbers Numbers // when they were closed
}

// Later is how many ballots more than when they were closed the months have now.
func (r PublishedRow) Later() int64 { return r.Now - r.Counted }

// Numbers are of dossiers and walk-ins, not of answers.
type Numbers struct {
	Dossiers, Rated, WalkIns int64
	Voided                   int64 // ratings; of months that were closed before it was counted, 0
	Times                    survey.Timeliness
	NoDue                    int64
}

// PublishedAnswer is what closed months published.
type PublishedAnswer struct {
	Months []ClosedMonth  // those that are in it
	Rows   []PublishedRow // by unit code and service
}

// Published gives the totals that the closed months of a period published. They
// are never changed: what came later is told as a number beside.
func (x *Index) Published(ctx context.Context, period survey.Period) (PublishedAnswer, error) {
	var a PublishedAnswer
	if err := period.Check(); err != nil {
		return a, err
	}
	type key struct {
		unit    string
		service survey.Service
	}
	rows := map[key]*PublishedRow{}
	err := x.readClosed(ctx, func(tx *sql.Tx) (err error) {
		if a.Months, err = closedIn(ctx, tx, period); err != nil {
			return err
		}
		return each(ctx, tx, func(scan scanner) error {
			var k key
			var dim, value string
			var n [6]int64
			if err := scan(&k.unit, &k.service, &dim, &value, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]); err != nil {
				return err
			}
			r := at(rows, k)
			if dim == "total" {
				r.Counts, r.Waiting = r.Counts.Add(survey.Counts(n[1:])), r.Waiting+n[0]
				return nil
			}
			if to := r.number(value); to != nil {
				*to += n[0]
			}
			return nil
		}, `SELECT f.unit, f.service, f.dim, f.value, sum(n0), sum(n1), sum(n2), sum(n3), sum(n4), sum(n5) FROM month m CROSS JOIN figure f
WHERE m.since >= ? AND m.until <= ? AND f.month = m.id AND f.dim IN ('total', 'number') GROUP BY 1, 2, 3, 4`, period.From, period.To)
	})
	if err != nil || len(a.Months) == 0 {
		return a, err
	}
	last := a.Months[len(a.Months)-1].Month.Last()
	err = x.read(ctx, func(tx *sql.Tx) error {
		org, err := readOrganisation(ctx, tx)
		if err != nil {
			return err
		}
		for _, m := range a.Months {
			err := each(ctx, tx, func(scan scanner) error {
				var k key
				var n int64
				err := scan(&k.unit, &k.service, &n)
				at(rows, k).Now += n
				return err
			}, `SELECT p.code, c.service, sum(d.s1 + d.s2 + d.s3 + d.s4 + d.s5) FROM cell c CROSS JOIN cell_month d CROSS JOIN place p
WHERE d.cell = c.id AND d.month = ? AND p.id = c.unit GROUP BY 1, 2`, m.Month.From)
			if err != nil {
				return err
			}
		}
		for k, r := range rows {
			u := org.byCode[k.unit]
			if u == nil {
				u = &unit{Unit: Unit{Code: k.unit, Name: k.unit, NameEN: k.unit}}
			}
			r.Unit, r.Service = u.Unit, k.service
			r.Covered = survey.Period{From: a.Months[0].Month.From, To: last + 1}
			r.Judged = judge(r.Block, org.targetsIn(u, k.service, last.Single())[0], org.least)
			a.Rows = append(a.Rows, *r)
		}
		return nil
	})
	slices.SortFunc(a.Rows, func(x, y PublishedRow) int {
		return cmp.Or(cmp.Compare(x.Unit.Code, y.Unit.Code), cmp.Compare(x.Service, y.Service))
	})
	return a, err
}

// number gives where a published number is added up.
func (r *PublishedRow) number(name string) *int64 {
	n := &r.Numbers
	return map[string]*int64{"counted": &r.Counted, "dossiers": &n.Dossiers, "rated": &n.Rated, "walkins": &n.WalkIns, "voided": &n.Voided,
		"early": &n.Times.Early, "ontime": &n.Times.OnTime, "late": &n.Times.Late, "nodue": &n.NoDue}[name]
}

// PublishedSaid is what the ballots of closed months say beside their scores.
type PublishedSaid struct {
	Said
	Full   survey.Tally // «chỉ số hài lòng toàn diện»: of those who answered more than the first question, those whose every answer is 4 or 5
	Months []ClosedMonth
}

// PublishedSaid gives what the closed months of a period published of questions
// and ticks of a unit, or with a desk of that cell of it. Errors: CodeNotClosed
// where no month of the period is closed.
func (x *Index) PublishedSaid(ctx context.Context, unit, desk string, service survey.Service, period survey.Period) (PublishedSaid, error) {
	s := PublishedSaid{Said: Said{Service: service}}
	if err := period.Check(); err != nil {
		return s, err
	}
	answers, ticks := map[string]*survey.Counts{}, map[string]int64{}
	err := x.readClosed(ctx, func(tx *sql.Tx) (err error) {
		if s.Months, err = closedIn(ctx, tx, period); err != nil {
			return err
		}
		in := map[int64]bool{}
		for _, m := range s.Months {
			in[m.id] = true
		}
		return each(ctx, tx, func(scan scanner) error {
			var dim, value, of string
			var month int64
			var n [6]int64
			if err := scan(&dim, &month, &of, &value, &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]); err != nil || !in[month] {
				return err
			}
			switch {
			case dim == "total" && (desk == "" || of == desk):
				s.Ballots += survey.Counts(n[1:]).Answers()
			case of != desk:
			case dim == "question":
				plus(answers, value, n)
			case dim == "reason":
				ticks[value] += n[0]
			case dim == "full":
				s.Full.Satisfied, s.Full.Answers = s.Full.Satisfied+n[5], s.Full.Answers+n[5]+n[1]
			}
			return nil
		}, `SELECT dim, month, desk, value, n0, n1, n2, n3, n4, n5 FROM figure WHERE unit = ? AND service = ? AND dim IN ('total', 'question', 'reason', 'full')`,
			unit, service)
	})
	if err == nil && len(s.Months) == 0 {
		err = survey.New(survey.CodeNotClosed, period.From.String())
	}
	if err != nil {
		return s, err
	}
	s.More = s.Full.Answers
	err = x.read(ctx, func(tx *sql.Tx) error {
		sheets, err := readSheets(ctx, tx, period.Last())
		s.put(sheets, answers, ticks)
		return err
	})
	return s, err
}
