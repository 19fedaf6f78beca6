package projection

import (
	"errors"
	"maps"
	"slices"

	"hailong/internal/survey"
)

// Sorts of place.
const (
	sortUnit uint8 = 1
	sortDesk uint8 = 2
)

// place is a unit or desk by its code; the database has a small number for each.
type place struct {
	sort uint8
	code string
}

// place gives a place's number, and makes one for a code not seen before:
// figures of a unit that is not known yet are kept, and shown once it is.
func (w *run) place(x place) (int64, error) {
	if at, ok := w.p.places[x]; ok {
		return at, nil
	}
	at := int64(len(w.p.places) + 1)
	w.p.places[x], w.p.codes[at] = at, x
	return at, w.exec(`INSERT INTO place(id, sort, code) VALUES (?,?,?)`, at, x.sort, x.code)
}

// cellKey is what a cell is of: settling unit, kind of service, receiving desk.
type cellKey struct {
	unit    int64
	service uint8
	desk    int64
}

// cellOf gives the number of the cell in which a ballot counts, and makes one
// at first; 0 where it counts in none.
func (w *run) cellOf(s *state) (int64, error) {
	if !s.counts() || s.unit == 0 {
		return 0, nil
	}
	k := cellKey{s.unit, s.service, s.desk}
	if at, ok := w.p.cells[k]; ok {
		return at, nil
	}
	at := int64(len(w.p.cells) + 1)
	w.p.cells[k] = at
	return at, w.exec(`INSERT INTO cell(id, unit, service, desk) VALUES (?,?,?,?)`, at, k.unit, k.service, k.desk)
}

type cellDay struct{ cell, day int64 }

type cellSums struct {
	s                       [5]int64
	kiosk, receipt, changed int64
}

type deskDay struct{ desk, day int64 }

type deskHour struct{ desk, day, hour int64 }

type unitDay struct {
	unit    int64
	service uint8
	day     int64
}

type dossierSums struct{ dossiers, rated int64 }

// returns are early, on time, late, and without a date promised.
type returns [4]int64

// rollups is what a run adds to the tables.
type rollups struct {
	cells   map[cellDay]*cellSums
	walkIns map[deskDay]*[5]int64
	hours   map[deskHour]int64
	docs    map[unitDay]*dossierSums
	returns map[unitDay]*returns
}

func newRollups() rollups {
	return rollups{map[cellDay]*cellSums{}, map[deskDay]*[5]int64{}, map[deskHour]int64{}, map[unitDay]*dossierSums{}, map[unitDay]*returns{}}
}

// at gives the entry of a key, made at first.
func at[K comparable, V any](m map[K]*V, k K) *V {
	v := m[k]
	if v == nil {
		v = new(V)
		m[k] = v
	}
	return v
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// counts says whether a state is a counted rating of a dossier or slip.
func (s *state) counts() bool {
	return s.score != 0 && (s.kind == kindDossier || s.kind == kindSlip)
}

// contribute adds a ballot's state to the rollups, sign times.
func (w *run) contribute(b *ballot, s *state, sign int64) error {
	if (s.kind == kindDossier || s.kind == kindSlip) && s.unit != 0 {
		c := at(w.docs, unitDay{s.unit, s.service, int64(survey.DayOfMilli(s.last))})
		c.dossiers += sign
		c.rated += sign * bit(s.score != 0)
		if s.kind == kindDossier && s.returned != 0 {
			at(w.returns, unitDay{s.unit, s.service, int64(survey.DayOfMilli(s.returned))})[timeliness(s)] += sign
		}
	}
	if s.score == 0 {
		return nil
	}
	if s.desk != 0 {
		w.desked[s.desk] = true
	}
	if !s.counts() {
		if s.desk != 0 {
			at(w.walkIns, deskDay{s.desk, s.day})[s.score-1] += sign
		}
		return nil
	}
	if s.desk != 0 {
		w.hours[deskHour{s.desk, s.day, deskHourOf(s.first)}] += sign
	}
	cell, err := w.cellOf(s)
	if err != nil || cell == 0 {
		return err
	}
	c := at(w.cells, cellDay{cell, s.day})
	c.s[s.score-1] += sign
	c.kiosk += sign * bit(s.channel == uint8(survey.ChannelKiosk))
	c.receipt += sign * bit(s.binding == uint8(survey.BindingReceipt))
	c.changed += sign * bit(s.changed)
	switch {
	case !s.said:
		return nil
	case sign > 0:
		return w.exec(`INSERT INTO said(cell, day, ballot, fact) VALUES (?,?,?,?)`, cell, s.day, b.id, s.fact)
	default:
		return w.exec(`DELETE FROM said WHERE cell = ? AND day = ? AND ballot = ?`, cell, s.day, b.id)
	}
}

// timeliness is the place of a returned dossier among returns.
func timeliness(s *state) int {
	switch {
	case s.due == 0:
		return 3
	case s.returned > s.due:
		return 2
	case survey.DayOfMilli(s.returned) < survey.DayOfMilli(s.due):
		return 0
	}
	return 1
}

// spill writes the ballots out when many are in memory.
func (w *run) spill() error {
	if len(w.order) < 32768 {
		return nil
	}
	err := w.flushBallots()
	w.forget()
	return err
}

// flushBallots computes and writes the ballots that changed, and adds what
// changed of them to the rollups.
func (w *run) flushBallots() error {
	insert := rows{w: w, head: `INSERT INTO ballot(` + ballotColumns + `) VALUES `, width: 27}
	for i := 0; i < len(w.order); i++ {
		b := w.order[i]
		if b.anew {
			if err := errors.Join(w.loadReturn(b), w.compute(b)); err != nil {
				return err
			}
		}
		b.isDirty = false
		if b.stored && b.was == b.now {
			continue
		}
		if err := errors.Join(w.contribute(b, &b.was, -1), w.contribute(b, &b.now, 1), w.hold(b)); err != nil {
			return err
		}
		s := &b.now
		var err error
		switch {
		case !b.stored:
			err = insert.add(b.id, b.key[:], s.kind, s.unit, s.desk, s.service, s.field, s.procedure, s.officer, s.received, s.due, s.last, s.returned, []byte(s.events),
				s.ratings, s.fact, s.score, s.binding, s.channel, s.step, s.at, s.first, s.day, bit(s.estimated), bit(s.changed), bit(s.beside), bit(s.said))
		case registration(b.was) == registration(b.now):
			err = w.exec(`UPDATE ballot SET ratings=?, fact=?, score=?, binding=?, channel=?, step=?, at=?, first=?, day=?, estimated=?, changed=?, said=? WHERE id=?`,
				s.ratings, s.fact, int64(s.score), int64(s.binding), int64(s.channel), int64(s.step), s.at, s.first, s.day, bit(s.estimated), bit(s.changed), bit(s.said), b.id)
		default:
			err = w.exec(`UPDATE ballot SET kind=?, unit=?, desk=?, service=?, field=?, procedure=?, officer=?, received=?, due=?, last=?, returned=?, events=?,
				ratings=?, fact=?, score=?, binding=?, channel=?, step=?, at=?, first=?, day=?, estimated=?, changed=?, beside=?, said=? WHERE id=?`,
				s.kind, s.unit, s.desk, s.service, s.field, s.procedure, s.officer, s.received, s.due, s.last, s.returned, []byte(s.events),
				s.ratings, s.fact, s.score, s.binding, s.channel, s.step, s.at, s.first, s.day, bit(s.estimated), bit(s.changed), bit(s.beside), bit(s.said), b.id)
		}
		if err != nil {
			return err
		}
		b.was, b.stored = b.now, true
		w.moved.ballots[b.id] = true
	}
	w.order = w.order[:0]
	if err := insert.flush(); err != nil {
		return err
	}
	return w.entries.flush()
}

// loadReturn completes what a loaded ballot was by its return, of which there is
// a rollup: only a ballot that is computed anew may change there.
func (w *run) loadReturn(b *ballot) error {
	if !b.stored || b.was.kind != kindDossier {
		return nil
	}
	_, err := w.one([]any{&b.was.due, &b.was.returned}, `SELECT due, returned FROM ballot WHERE id = ?`, b.id)
	return err
}

// registration is the part of a state that ratings alone do not change.
func registration(s state) state {
	return state{kind: s.kind, unit: s.unit, desk: s.desk, service: s.service, field: s.field, procedure: s.procedure, officer: s.officer,
		received: s.received, due: s.due, last: s.last, returned: s.returned, events: s.events, beside: s.beside}
}

// flushRollups adds the changes to the tables, and drops rows that became empty.
func (w *run) flushRollups() error {
	cells := rows{w: w, width: 10, head: `INSERT INTO cell_day(cell, day, s1, s2, s3, s4, s5, kiosk, receipt, changed) VALUES `,
		tail: ` ON CONFLICT(cell, day) DO UPDATE SET s1=s1+excluded.s1, s2=s2+excluded.s2, s3=s3+excluded.s3, s4=s4+excluded.s4, s5=s5+excluded.s5,
		kiosk=kiosk+excluded.kiosk, receipt=receipt+excluded.receipt, changed=changed+excluded.changed`}
	for _, k := range sorted(w.cells, func(k cellDay) [3]int64 { return [3]int64{k.cell, k.day} }) {
		c := w.cells[k]
		if *c == (cellSums{}) {
			continue
		}
		if err := cells.add(k.cell, k.day, c.s[0], c.s[1], c.s[2], c.s[3], c.s[4], c.kiosk, c.receipt, c.changed); err != nil {
			return err
		}
	}
	walkIns := rows{w: w, width: 7, head: `INSERT INTO walkin_day(desk, day, s1, s2, s3, s4, s5) VALUES `,
		tail: ` ON CONFLICT(desk, day) DO UPDATE SET s1=s1+excluded.s1, s2=s2+excluded.s2, s3=s3+excluded.s3, s4=s4+excluded.s4, s5=s5+excluded.s5`}
	for k, s := range w.walkIns {
		if *s != [5]int64{} {
			if err := walkIns.add(k.desk, k.day, s[0], s[1], s[2], s[3], s[4]); err != nil {
				return err
			}
		}
	}
	hours := rows{w: w, width: 4, head: `INSERT INTO desk_hour(desk, day, hour, n) VALUES `, tail: ` ON CONFLICT(desk, day, hour) DO UPDATE SET n=n+excluded.n`}
	for k, n := range w.hours {
		if n != 0 {
			if err := hours.add(k.desk, k.day, k.hour, n); err != nil {
				return err
			}
		}
	}
	byUnit := func(k unitDay) [3]int64 { return [3]int64{k.unit, int64(k.service), k.day} }
	docs := rows{w: w, width: 5, head: `INSERT INTO dossier_day(unit, service, day, dossiers, rated) VALUES `,
		tail: ` ON CONFLICT(unit, service, day) DO UPDATE SET dossiers=dossiers+excluded.dossiers, rated=rated+excluded.rated`}
	for _, k := range sorted(w.docs, byUnit) {
		if c := w.docs[k]; *c != (dossierSums{}) {
			if err := docs.add(k.unit, k.service, k.day, c.dossiers, c.rated); err != nil {
				return err
			}
		}
	}
	back := rows{w: w, width: 7, head: `INSERT INTO return_day(unit, service, day, early, ontime, late, nodue) VALUES `,
		tail: ` ON CONFLICT(unit, service, day) DO UPDATE SET early=early+excluded.early, ontime=ontime+excluded.ontime, late=late+excluded.late, nodue=nodue+excluded.nodue`}
	for _, k := range sorted(w.returns, byUnit) {
		if c := w.returns[k]; *c != (returns{}) {
			if err := back.add(k.unit, k.service, k.day, c[0], c[1], c[2], c[3]); err != nil {
				return err
			}
		}
	}
	for _, r := range []*rows{&cells, &walkIns, &hours, &docs, &back} {
		if err := r.flush(); err != nil {
			return err
		}
	}
	if err := w.dropEmpty(); err != nil {
		return err
	}
	w.months.take(&w.rollups)
	w.rollups = newRollups()
	return nil
}

// dropEmpty deletes the rows that this run brought to nothing, so that a
// rollup is the same however often a ballot was moved into and out of it.
func (w *run) dropEmpty() error {
	for k, c := range w.cells {
		if slices.Min(c.s[:]) >= 0 {
			continue // nothing was taken out
		}
		if err := w.exec(`DELETE FROM cell_day WHERE cell=? AND day=? AND s1+s2+s3+s4+s5=0`, k.cell, k.day); err != nil {
			return err
		}
	}
	for k, s := range w.walkIns {
		if slices.Min(s[:]) >= 0 {
			continue
		}
		if err := w.exec(`DELETE FROM walkin_day WHERE desk=? AND day=? AND s1+s2+s3+s4+s5=0`, k.desk, k.day); err != nil {
			return err
		}
	}
	for k, n := range w.hours {
		if n < 0 {
			if err := w.exec(`DELETE FROM desk_hour WHERE desk=? AND day=? AND hour=? AND n=0`, k.desk, k.day, k.hour); err != nil {
				return err
			}
		}
	}
	for k, c := range w.docs {
		if c.dossiers < 0 {
			if err := w.exec(`DELETE FROM dossier_day WHERE unit=? AND service=? AND day=? AND dossiers=0`, k.unit, k.service, k.day); err != nil {
				return err
			}
		}
	}
	for k, c := range w.returns {
		if slices.Min(c[:]) < 0 {
			if err := w.exec(`DELETE FROM return_day WHERE unit=? AND service=? AND day=? AND early+ontime+late+nodue=0`, k.unit, k.service, k.day); err != nil {
				return err
			}
		}
	}
	return nil
}

// sorted gives a map's keys in the order of a table's key: rows that lie beside
// each other are written one after the other.
func sorted[K comparable, V any](m map[K]V, key func(K) [3]int64) []K {
	return slices.SortedFunc(maps.Keys(m), func(a, b K) int {
		x, y := key(a), key(b)
		return slices.Compare(x[:], y[:])
	})
}

// deskHourOf gives the hour of day in Vietnam of a time in Unix milliseconds.
func deskHourOf(ms int64) int64 {
	start := survey.DayOfMilli(ms).Start().UnixMilli()
	return (ms - start) / 3_600_000
}
