package closing

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// rating decodes a fact that should be one; nil where it is none.
func rating(raw []byte) *fact.Rating {
	f, err := fact.Decode(raw)
	if err != nil || f.Kind != fact.KindRating {
		return nil
	}
	r := &fact.Rating{}
	if fact.Unmarshal(f.Body, r) != nil {
		return nil
	}
	return r
}

// sayings are what the ballots of a unit or cell say beside their scores. What
// one question or tick counts, it counts among all of them, of which none says
// more alone than the whole set does: it needs no merging of its own.
type sayings struct {
	ballots   int64
	questions map[string]*[6]int64
	reasons   map[string]int64
	full      [6]int64
}

func (s *sayings) add(b *ballot, r *fact.Rating) {
	if s.questions == nil {
		s.questions, s.reasons = map[string]*[6]int64{}, map[string]int64{}
	}
	s.ballots++
	if r == nil {
		return
	}
	answered, full := map[string]bool{}, survey.Score(b.score).Satisfied()
	for _, a := range r.Answers {
		if !answered[a.Question] { // one ballot is one answer
			answered[a.Question] = true
			at(s.questions, a.Question)[a.Score]++
		}
		full = full && survey.Score(a.Score).Satisfied()
	}
	if len(answered) > 0 {
		if full {
			s.full[5]++
		} else {
			s.full[1]++
		}
	}
	ticked := map[string]bool{}
	for _, t := range r.Reasons {
		if !ticked[t] {
			ticked[t] = true
			s.reasons[t]++
		}
	}
}

func (s *sayings) put(p *Published, k cellKey) {
	row := func(by, value string, n [6]int64) {
		p.Figures = append(p.Figures, Figure{k.unit, k.service, k.desk, by, value, n})
	}
	for q, n := range s.questions {
		n[0] = s.ballots - n[1] - n[2] - n[3] - n[4] - n[5]
		row(Question, q, *n)
	}
	for t, n := range s.reasons {
		row(Reason, t, [6]int64{n})
	}
	if s.full != [6]int64{} {
		row(Full, "", s.full)
	}
}

// readSaid adds what the month's ballots say beside their scores.
func (m *month) readSaid(ctx context.Context, tx *sql.Tx, p *Published) error {
	st, err := tx.PrepareContext(ctx, `SELECT bytes FROM fact WHERE id = ?`)
	if err != nil {
		return err
	}
	defer st.Close()
	of := map[cellKey]*sayings{}
	for i := range m.ballots {
		b := &m.ballots[i]
		var r *fact.Rating
		if b.rating != 0 {
			var raw []byte
			if err := st.QueryRowContext(ctx, b.rating).Scan(&raw); err != nil {
				return fmt.Errorf("rating of a ballot: %w", err)
			}
			r = rating(raw)
		}
		unit := cellKey{unit: b.cell.unit, service: b.cell.service}
		at(of, unit).add(b, r)
		if b.cell != unit {
			at(of, b.cell).add(b, r)
		}
	}
	for k, s := range of {
		s.put(p, k)
	}
	return nil
}

// numberOf are the numbers of units, which say nothing of answers.
var numberOf = []struct{ table, names string }{
	{"dossier_day", "dossiers rated"},
	{"return_day", "early ontime late nodue"},
}

// readNumbers adds the numbers of dossiers and walk-ins of the calendar month.
func (m *month) readNumbers(ctx context.Context, tx *sql.Tx, p *Published) error {
	put := func(unit string, service survey.Service, name string, n int64) {
		if n != 0 {
			p.Figures = append(p.Figures, Figure{unit, service, "", Number, name, [6]int64{n}})
		}
	}
	for _, x := range numberOf {
		names := strings.Fields(x.names)
		err := each(ctx, tx, func(scan func(...any) error) error {
			var unit string
			var service survey.Service
			n := make([]int64, len(names))
			to := []any{&unit, &service}
			for i := range n {
				to = append(to, &n[i])
			}
			if err := scan(to...); err != nil {
				return err
			}
			for i, name := range names {
				put(unit, service, name, n[i])
			}
			return nil
		}, `SELECT u.code, d.service, sum(`+strings.Join(names, "), sum(")+`) FROM `+x.table+` d JOIN place u ON u.id = d.unit
			WHERE d.day >= ? AND d.day < ? GROUP BY 1, 2`, m.period.From, m.period.To)
		if err != nil {
			return err
		}
	}
	one := func(name, query string) error {
		return each(ctx, tx, func(scan func(...any) error) error {
			var unit string
			var service survey.Service
			var n int64
			err := scan(&unit, &service, &n)
			put(unit, service, name, n)
			return err
		}, query, m.period.From, m.period.To)
	}
	err := one("counted", `SELECT u.code, c.service, sum(d.s1 + d.s2 + d.s3 + d.s4 + d.s5) FROM cell c CROSS JOIN cell_day d JOIN place u ON u.id = c.unit
		WHERE d.cell = c.id AND d.day >= ? AND d.day < ? GROUP BY 1, 2`)
	if err != nil {
		return err
	}
	err = one("walkins", `SELECT k.unit, k.service, sum(d.s1 + d.s2 + d.s3 + d.s4 + d.s5) FROM walkin_day d JOIN desk k ON k.id = d.desk
		WHERE d.day >= ? AND d.day < ? GROUP BY 1, 2`)
	if err != nil {
		return err
	}
	return one("voided", `SELECT coalesce(u.code, k.unit), iif(v.unit = 0, k.service, v.service), sum(v.n) FROM void_day v LEFT JOIN place u ON u.id = v.unit LEFT JOIN desk k ON k.id = v.desk
		WHERE v.day >= ? AND v.day < ? AND (v.unit <> 0 OR k.unit IS NOT NULL) GROUP BY 1, 2`)
}
