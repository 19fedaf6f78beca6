package projection

import (
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

type unitDay struct {
	unit    int64
	service uint8
	day     int64
}

type unitCell struct {
	s                                       [5]int64
	kiosk, phone, receipt, dossier, changed int64
}

type deskDay struct{ desk, day int64 }

type deskCell struct {
	s, walkIn [5]int64
	changed   int64
}

type deskHour struct{ desk, day, hour int64 }

type dossierCell struct{ dossiers, rated int64 }

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
func (w *run) contribute(s *state, sign int64) {
	if s.kind == kindDossier || s.kind == kindSlip {
		if s.unit != 0 {
			k := unitDay{s.unit, s.service, int64(survey.DayOfMilli(s.last))}
			c := w.docs[k]
			if c == nil {
				c = &dossierCell{}
				w.docs[k] = c
			}
			c.dossiers += sign
			c.rated += sign * bit(s.score != 0)
		}
	}
	if s.counts() && s.unit != 0 {
		k := unitDay{s.unit, s.service, s.day}
		c := w.units[k]
		if c == nil {
			c = &unitCell{}
			w.units[k] = c
		}
		c.s[s.score-1] += sign
		c.kiosk += sign * bit(s.channel == uint8(survey.ChannelKiosk))
		c.phone += sign * bit(s.channel == uint8(survey.ChannelPhone))
		c.receipt += sign * bit(s.binding == uint8(survey.BindingReceipt))
		c.dossier += sign * bit(s.binding == uint8(survey.BindingDossier))
		c.changed += sign * bit(s.changed)
	}
	if s.score != 0 && s.desk != 0 {
		k := deskDay{s.desk, s.day}
		c := w.desks[k]
		if c == nil {
			c = &deskCell{}
			w.desks[k] = c
		}
		if s.counts() {
			c.s[s.score-1] += sign
			c.changed += sign * bit(s.changed)
			w.hours[deskHour{s.desk, s.day, deskHourOf(s.first)}] += sign
		} else {
			c.walkIn[s.score-1] += sign
		}
		w.desked[s.desk] = true
	}
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
	insert := rows{w: w, head: `INSERT INTO ballot(` + ballotColumns + `) VALUES `, width: 26}
	for i := 0; i < len(w.order); i++ {
		b := w.order[i]
		if b.anew {
			if err := w.compute(b); err != nil {
				return err
			}
		}
		b.isDirty = false
		if b.stored && b.was == b.now {
			continue
		}
		w.contribute(&b.was, -1)
		w.contribute(&b.now, 1)
		w.hold(b)
		s := &b.now
		var err error
		switch {
		case !b.stored:
			err = insert.add(b.id, b.key[:], s.kind, s.unit, s.desk, s.service, s.field, s.procedure, s.officer, s.received, s.due, s.last, s.returned, []byte(s.events),
				s.ratings, s.fact, s.score, s.binding, s.channel, s.step, s.at, s.first, s.day, bit(s.estimated), bit(s.changed), bit(s.beside))
		case registration(b.was) == registration(b.now):
			err = w.exec(`UPDATE ballot SET ratings=?, fact=?, score=?, binding=?, channel=?, step=?, at=?, first=?, day=?, estimated=?, changed=? WHERE id=?`,
				s.ratings, s.fact, int64(s.score), int64(s.binding), int64(s.channel), int64(s.step), s.at, s.first, s.day, bit(s.estimated), bit(s.changed), b.id)
		default:
			err = w.exec(`UPDATE ballot SET kind=?, unit=?, desk=?, service=?, field=?, procedure=?, officer=?, received=?, due=?, last=?, returned=?, events=?,
				ratings=?, fact=?, score=?, binding=?, channel=?, step=?, at=?, first=?, day=?, estimated=?, changed=?, beside=? WHERE id=?`,
				s.kind, s.unit, s.desk, s.service, s.field, s.procedure, s.officer, s.received, s.due, s.last, s.returned, []byte(s.events),
				s.ratings, s.fact, s.score, s.binding, s.channel, s.step, s.at, s.first, s.day, bit(s.estimated), bit(s.changed), bit(s.beside), b.id)
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

// registration is the part of a state that ratings alone do not change.
func registration(s state) state {
	return state{kind: s.kind, unit: s.unit, desk: s.desk, service: s.service, field: s.field, procedure: s.procedure, officer: s.officer,
		received: s.received, due: s.due, last: s.last, returned: s.returned, events: s.events, beside: s.beside}
}

// flushRollups adds the changes to the tables, drops rows that became empty
// and finds again where the blocks of five end.
func (w *run) flushRollups() error {
	units := rows{w: w, width: 13, head: `INSERT INTO unit_day(unit, service, day, s1, s2, s3, s4, s5, kiosk, phone, receipt, dossier, changed) VALUES `,
		tail: ` ON CONFLICT(unit, service, day) DO UPDATE SET s1=s1+excluded.s1, s2=s2+excluded.s2, s3=s3+excluded.s3, s4=s4+excluded.s4, s5=s5+excluded.s5,
		kiosk=kiosk+excluded.kiosk, phone=phone+excluded.phone, receipt=receipt+excluded.receipt, dossier=dossier+excluded.dossier, changed=changed+excluded.changed`}
	unitSpans := map[[2]int64]span{}
	for _, k := range sorted(w.units, func(k unitDay) [3]int64 { return [3]int64{k.unit, int64(k.service), k.day} }) {
		c := w.units[k]
		if *c == (unitCell{}) {
			continue
		}
		if err := units.add(k.unit, k.service, k.day, c.s[0], c.s[1], c.s[2], c.s[3], c.s[4], c.kiosk, c.phone, c.receipt, c.dossier, c.changed); err != nil {
			return err
		}
		widen(unitSpans, [2]int64{k.unit, int64(k.service)}, k.day)
	}
	desks := rows{w: w, width: 13, head: `INSERT INTO desk_day(desk, day, s1, s2, s3, s4, s5, w1, w2, w3, w4, w5, changed) VALUES `,
		tail: ` ON CONFLICT(desk, day) DO UPDATE SET s1=s1+excluded.s1, s2=s2+excluded.s2, s3=s3+excluded.s3, s4=s4+excluded.s4, s5=s5+excluded.s5,
		w1=w1+excluded.w1, w2=w2+excluded.w2, w3=w3+excluded.w3, w4=w4+excluded.w4, w5=w5+excluded.w5, changed=changed+excluded.changed`}
	deskSpans := map[[2]int64]span{}
	for _, k := range sorted(w.desks, func(k deskDay) [3]int64 { return [3]int64{k.desk, k.day} }) {
		c := w.desks[k]
		if *c == (deskCell{}) {
			continue
		}
		s, x := c.s, c.walkIn
		if err := desks.add(k.desk, k.day, s[0], s[1], s[2], s[3], s[4], x[0], x[1], x[2], x[3], x[4], c.changed); err != nil {
			return err
		}
		widen(deskSpans, [2]int64{k.desk, 0}, k.day)
	}
	hours := rows{w: w, width: 4, head: `INSERT INTO desk_hour(desk, day, hour, n) VALUES `, tail: ` ON CONFLICT(desk, day, hour) DO UPDATE SET n=n+excluded.n`}
	for k, n := range w.hours {
		if n != 0 {
			if err := hours.add(k.desk, k.day, k.hour, n); err != nil {
				return err
			}
		}
	}
	docs := rows{w: w, width: 5, head: `INSERT INTO dossier_day(unit, service, day, dossiers, rated) VALUES `,
		tail: ` ON CONFLICT(unit, service, day) DO UPDATE SET dossiers=dossiers+excluded.dossiers, rated=rated+excluded.rated`}
	for _, k := range sorted(w.docs, func(k unitDay) [3]int64 { return [3]int64{k.unit, int64(k.service), k.day} }) {
		if c := w.docs[k]; *c != (dossierCell{}) {
			if err := docs.add(k.unit, k.service, k.day, c.dossiers, c.rated); err != nil {
				return err
			}
		}
	}
	for _, r := range []*rows{&units, &desks, &hours, &docs} {
		if err := r.flush(); err != nil {
			return err
		}
	}
	if err := w.dropEmpty(unitSpans, deskSpans); err != nil {
		return err
	}
	self := func(k [2]int64) [3]int64 { return [3]int64{k[0], k[1]} }
	for _, k := range sorted(unitSpans, self) {
		if err := w.carry(`unit_day`, `unit = ? AND service = ?`, []any{k[0], k[1]}, unitSpans[k]); err != nil {
			return err
		}
	}
	for _, k := range sorted(deskSpans, self) {
		if err := w.carry(`desk_day`, `desk = ?`, []any{k[0]}, deskSpans[k]); err != nil {
			return err
		}
	}
	return nil
}

// dropEmpty deletes the rows that this run brought to nothing, so that a
// rollup is the same however often a ballot was moved into and out of it.
func (w *run) dropEmpty(units, desks map[[2]int64]span) error {
	for k, c := range w.units {
		if slices.Min(c.s[:]) >= 0 {
			continue // nothing was taken out
		}
		if err := w.exec(`DELETE FROM unit_day WHERE unit=? AND service=? AND day=? AND s1+s2+s3+s4+s5=0`, k.unit, k.service, k.day); err != nil {
			return err
		}
	}
	for k, c := range w.desks {
		if min(slices.Min(c.s[:]), slices.Min(c.walkIn[:])) >= 0 {
			continue
		}
		if err := w.exec(`DELETE FROM desk_day WHERE desk=? AND day=? AND s1+s2+s3+s4+s5+w1+w2+w3+w4+w5=0`, k.desk, k.day); err != nil {
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
	return nil
}

// span is the days of one place that a run touched, both included.
type span struct{ from, to int64 }

func widen(m map[[2]int64]span, k [2]int64, day int64) {
	x, ok := m[k]
	if !ok {
		x = span{day, day}
	}
	m[k] = span{min(x.from, day), max(x.to, day)}
}

// carry merges consecutive days until they hold survey.LeastShown ballots, from
// the first touched day on, and stops where nothing changes any more.
func (w *run) carry(table, where string, key []any, x span) error {
	var open int64
	before := true // the first row may be the day before, for what it carries over
	const page = 64
	from := x.from
	for {
		type row struct{ day, n, carry int64 }
		var found []row
		err := w.each(func(r cells) error {
			var y row
			err := r.Scan(&y.day, &y.n, &y.carry)
			found = append(found, y)
			return err
		}, `SELECT day, s1+s2+s3+s4+s5, carry FROM `+table+` WHERE `+where+` AND day >= coalesce((SELECT max(day) FROM `+table+`
			WHERE `+where+` AND day < ?), ?) ORDER BY day LIMIT 64`, slices.Concat(key, key, []any{from, from})...)
		if err != nil {
			return err
		}
		for _, y := range found {
			if before && y.day < from {
				open = y.carry
				continue
			}
			before = false
			if open += y.n; open >= survey.LeastShown {
				open = 0
			}
			if open == y.carry {
				if y.day > x.to {
					return nil
				}
				continue
			}
			if err := w.exec(`UPDATE `+table+` SET carry = ? WHERE `+where+` AND day = ?`, append(append([]any{open}, key...), y.day)...); err != nil {
				return err
			}
		}
		if len(found) < page {
			return nil
		}
		from, open = found[len(found)-1].day+1, 0
		before = true
	}
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
