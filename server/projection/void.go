package projection

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// span is a run of numbers of an origin.
type span struct{ first, last uint64 }

// isVoid says whether a fact lies in a run that is void.
func (p *Projection) isVoid(o *origin, n uint64) bool {
	if len(p.voids) == 0 {
		return false
	}
	return slices.ContainsFunc(p.voids[o.id], func(s span) bool { return s.first <= n && n <= s.last })
}

func voidKey(v *fact.Void) claimKey {
	return claimKey{fact.KindVoid, fmt.Sprintf("%s|%d|%d", v.Origin, v.First, v.Last)}
}

// void makes a run void, or not, as the latest fact about it says, and has the
// ballots of its ratings computed anew where that changed. It does not wait, as
// other claims do, until the ballots are written.
func (w *run) void(key claimKey, of *fact.Void) error {
	s := span{of.First, of.Last}
	was := slices.Contains(w.p.voids[of.Origin], s)
	latest, at, err := w.latest(key)
	if err != nil {
		return err
	}
	is := false
	if latest == nil {
		err = w.exec(`DELETE FROM void WHERE origin = ? AND first = ? AND last = ?`, of.Origin[:], int64(s.first), int64(s.last))
	} else {
		var v fact.Void
		if err := fact.Unmarshal(latest.Body, &v); err != nil {
			return err
		}
		is = !v.Lift
		err = w.exec(`REPLACE INTO void(origin, first, last, lift, reason, fact, at) VALUES (?,?,?,?,?,?,?)`,
			v.Origin[:], int64(v.First), int64(v.Last), bit(v.Lift), v.Reason, at, latest.Wall)
	}
	if err != nil || is == was {
		return err
	}
	if is {
		w.p.voids[of.Origin] = append(w.p.voids[of.Origin], s)
	} else if left := slices.DeleteFunc(w.p.voids[of.Origin], func(x span) bool { return x == s }); len(left) > 0 {
		w.p.voids[of.Origin] = left
	} else {
		delete(w.p.voids, of.Origin)
	}
	return w.anewIn(of.Origin, s)
}

// anewIn has the ballots of a run's ratings computed anew.
func (w *run) anewIn(origin fact.OriginID, s span) error {
	o := w.p.origins[origin]
	if o == nil {
		return nil
	}
	return w.eachRating(o, s.first, s.last, func(*fact.Fact, *ballot) error { return nil })
}

// voidIn notes a void rating under the place where it would have counted, if it
// would have competed in its ballot.
func (w *run) voidIn(b *ballot, x spoken[fact.Rating]) error {
	c, err := w.competes(b, x.o, x.f, x.body)
	if err != nil || !c.in {
		return err
	}
	unit, desk, service := b.now.unit, b.now.desk, b.now.service
	if b.now.kind == kindWalkIn {
		unit, desk, service = 0, 0, 0
		if x.body.Desk != "" {
			if desk, err = w.place(place{sortDesk, x.body.Desk}); err != nil {
				return err
			}
		}
	}
	at := id(x.o.oid, x.f.Number)
	w.p.voided[at] = true
	if desk != 0 {
		w.desked[desk] = true
	}
	day := int64(survey.DayOfMilli(c.at))
	return errors.Join(w.exec(`INSERT INTO voided(fact, unit, desk, service, day) VALUES (?,?,?,?,?)`, at, unit, desk, service, day),
		w.exec(`INSERT INTO void_day(day, unit, service, desk, n) VALUES (?,?,?,?,1) ON CONFLICT DO UPDATE SET n = n + 1`, day, unit, service, desk))
}

// notVoided takes a rating out of those that are void.
func (w *run) notVoided(at int64) error {
	if !w.p.voided[at] {
		return nil
	}
	delete(w.p.voided, at)
	return errors.Join(
		w.exec(`UPDATE void_day SET n = n - 1 FROM voided v WHERE v.fact = ? AND void_day.day = v.day AND void_day.unit = v.unit AND void_day.service = v.service AND void_day.desk = v.desk`, at),
		w.exec(`DELETE FROM void_day WHERE n = 0 AND day = (SELECT day FROM voided WHERE fact = ?)`, at),
		w.exec(`DELETE FROM voided WHERE fact = ?`, at))
}

func (p *Projection) loadVoids(scan func(string, func(*sql.Rows) error) error) error {
	p.voids, p.voided = map[fact.OriginID][]span{}, map[int64]bool{}
	return errors.Join(
		scan(`SELECT origin, first, last FROM void WHERE lift = 0`, func(r *sql.Rows) error {
			var raw []byte
			var s span
			err := r.Scan(&raw, &s.first, &s.last)
			if err == nil {
				p.voids[fact.OriginID(raw)] = append(p.voids[fact.OriginID(raw)], s)
			}
			return err
		}),
		scan(`SELECT fact FROM voided`, func(r *sql.Rows) error {
			var at int64
			err := r.Scan(&at)
			p.voided[at] = true
			return err
		}))
}
