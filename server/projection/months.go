package projection

import (
	"maps"
	"slices"

	"hailong/internal/survey"
)

// months are the sums of days by month, so that a quarter of the province is
// three rows a cell: what a run adds to them. A month is its first day.
type months struct {
	cells   map[cellDay]*cellSums // of cell_day
	blocks  map[cellDay]*cellSums // of the blocks that end in the month
	walkIns map[deskDay]*int64
	docs    map[unitDay]*dossierSums
	returns map[unitDay]*returns
	of      map[int64]int64 // month by day
}

func newMonths() months {
	return months{map[cellDay]*cellSums{}, map[cellDay]*cellSums{}, map[deskDay]*int64{}, map[unitDay]*dossierSums{}, map[unitDay]*returns{}, map[int64]int64{}}
}

// month gives the first day of a day's month.
func (m *months) month(day int64) int64 {
	first, ok := m.of[day]
	if !ok {
		first = int64(survey.Day(day).Month().From)
		m.of[day] = first
	}
	return first
}

func (c *cellSums) plus(d *cellSums, sign int64) {
	for i := range c.s {
		c.s[i] += sign * d.s[i]
	}
	c.kiosk, c.receipt, c.changed = c.kiosk+sign*d.kiosk, c.receipt+sign*d.receipt, c.changed+sign*d.changed
}

// take adds a run's days.
func (m *months) take(r *rollups) {
	for k, c := range r.cells {
		at(m.cells, cellDay{k.cell, m.month(k.day)}).plus(c, 1)
	}
	for k, s := range r.walkIns {
		*at(m.walkIns, deskDay{k.desk, m.month(k.day)}) += s[0] + s[1] + s[2] + s[3] + s[4]
	}
	for k, c := range r.docs {
		sum := at(m.docs, unitDay{k.unit, k.service, m.month(k.day)})
		sum.dossiers, sum.rated = sum.dossiers+c.dossiers, sum.rated+c.rated
	}
	for k, c := range r.returns {
		sum := at(m.returns, unitDay{k.unit, k.service, m.month(k.day)})
		for i := range sum {
			sum[i] += c[i]
		}
	}
}

// flushMonths adds the changes to the tables, and drops rows that became empty.
func (w *run) flushMonths() error {
	for table, sums := range map[string]map[cellDay]*cellSums{"cell_month": w.months.cells, "block_month": w.months.blocks} {
		insert := rows{w: w, width: 10, head: `INSERT INTO ` + table + `(cell, month, s1, s2, s3, s4, s5, kiosk, receipt, changed) VALUES `,
			tail: ` ON CONFLICT(cell, month) DO UPDATE SET s1=s1+excluded.s1, s2=s2+excluded.s2, s3=s3+excluded.s3, s4=s4+excluded.s4, s5=s5+excluded.s5,
			kiosk=kiosk+excluded.kiosk, receipt=receipt+excluded.receipt, changed=changed+excluded.changed`}
		var fell []cellDay
		for _, k := range sorted(sums, func(k cellDay) [3]int64 { return [3]int64{k.cell, k.day} }) {
			c := sums[k]
			if *c == (cellSums{}) {
				continue
			}
			if slices.Min(c.s[:]) < 0 {
				fell = append(fell, k)
			}
			if err := insert.add(k.cell, k.day, c.s[0], c.s[1], c.s[2], c.s[3], c.s[4], c.kiosk, c.receipt, c.changed); err != nil {
				return err
			}
		}
		if err := insert.flush(); err != nil {
			return err
		}
		for _, k := range fell {
			if err := w.exec(`DELETE FROM `+table+` WHERE cell=? AND month=? AND s1+s2+s3+s4+s5=0`, k.cell, k.day); err != nil {
				return err
			}
		}
	}
	walkIns := rows{w: w, width: 3, head: `INSERT INTO walkin_month(desk, month, n) VALUES `, tail: ` ON CONFLICT(desk, month) DO UPDATE SET n=n+excluded.n`}
	for k, n := range w.months.walkIns {
		if *n != 0 {
			if err := walkIns.add(k.desk, k.day, *n); err != nil {
				return err
			}
		}
	}
	docs := rows{w: w, width: 5, head: `INSERT INTO dossier_month(unit, service, month, dossiers, rated) VALUES `,
		tail: ` ON CONFLICT(unit, service, month) DO UPDATE SET dossiers=dossiers+excluded.dossiers, rated=rated+excluded.rated`}
	for k, c := range w.months.docs {
		if *c != (dossierSums{}) {
			if err := docs.add(k.unit, k.service, k.day, c.dossiers, c.rated); err != nil {
				return err
			}
		}
	}
	back := rows{w: w, width: 7, head: `INSERT INTO return_month(unit, service, month, early, ontime, late, nodue) VALUES `,
		tail: ` ON CONFLICT(unit, service, month) DO UPDATE SET early=early+excluded.early, ontime=ontime+excluded.ontime, late=late+excluded.late, nodue=nodue+excluded.nodue`}
	for k, c := range w.months.returns {
		if *c != (returns{}) {
			if err := back.add(k.unit, k.service, k.day, c[0], c[1], c[2], c[3]); err != nil {
				return err
			}
		}
	}
	for _, r := range []*rows{&walkIns, &docs, &back} {
		if err := r.flush(); err != nil {
			return err
		}
	}
	of := w.months.of
	w.months = newMonths()
	maps.Copy(w.months.of, of)
	return nil
}
