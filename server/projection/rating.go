package projection

import (
	"bytes"
	"errors"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// addRating puts a rating into effect.
func (w *run) addRating(o *origin, f *fact.Fact, r *fact.Rating) error {
	b, err := w.route(r.Receipt, r.Sealed, r.Session)
	if err != nil {
		return err
	}
	w.dirty(b)
	if err := w.entries.add(b.id, id(o.oid, f.Number)); err != nil {
		return err
	}
	b.now.ratings++
	if _, _, dated := o.timeOf(f); !dated {
		err = w.exec(`INSERT INTO undated(fact, ballot) VALUES (?, ?)`, id(o.oid, f.Number), b.id)
	} else {
		err = w.voteOrAnew(b, o, f, r)
	}
	if err != nil {
		return err
	}
	return w.spill()
}

func (w *run) removeRating(o *origin, f *fact.Fact, r *fact.Rating) error {
	b, err := w.route(r.Receipt, r.Sealed, r.Session)
	if err != nil {
		return err
	}
	b.anew = true
	w.dirty(b)
	if err := w.entries.flush(); err != nil {
		return err
	}
	at := id(o.oid, f.Number)
	return errors.Join(
		w.notVoided(at),
		w.exec(`DELETE FROM entry WHERE ballot = ? AND fact = ?`, b.id, at),
		w.exec(`DELETE FROM undated WHERE fact = ?`, at))
}

// windowMilli is how long after a dossier's last event ratings count.
const windowMilli = 30 * 24 * 60 * 60 * 1000

// voteOrAnew lets a dated rating compete, unless more than its time and binding
// says what it is worth: then the ballot is computed from all its facts.
func (w *run) voteOrAnew(b *ballot, o *origin, f *fact.Fact, r *fact.Rating) error {
	if b.anew || b.now.beside || w.p.isVoid(o, f.Number) {
		b.anew = true
		w.dirty(b)
		return nil
	}
	return w.vote(b, o, f, r)
}

// vote lets a dated rating compete for its ballot. Whatever the order in which
// the ratings of a ballot are given to it, the outcome is the same.
func (w *run) vote(b *ballot, o *origin, f *fact.Fact, r *fact.Rating) error {
	w.dirty(b)
	if r == nil {
		r = &fact.Rating{}
		if err := fact.Unmarshal(f.Body, r); err != nil {
			return err
		}
	}
	c, err := w.competes(b, o, f, r)
	s := &b.now
	if err != nil || !c.in {
		return err
	}
	if s.score != 0 && c.binding > s.binding {
		return nil // a guessable code never goes before the receipt
	}
	fresh := s.score == 0 || c.binding < s.binding
	if fresh {
		s.first, s.changed = c.at, false
	} else {
		s.first = min(s.first, c.at)
		s.changed = s.changed || s.score != r.Score
	}
	s.day = int64(survey.DayOfMilli(s.first))
	me := id(o.oid, f.Number)
	if fresh || w.after(c.at, me, s.at, s.fact) {
		s.fact, s.score, s.binding, s.channel, s.at, s.estimated = me, r.Score, c.binding, r.Channel, c.at, c.estimated
		s.said = r.SaysMore()
		s.step = stepAt(s.events, c.at)
		if s.kind == kindDossier && s.step == 0 {
			s.step = uint8(survey.StepReceived)
		}
		if s.kind == kindWalkIn {
			s.desk = 0
			if r.Desk != "" {
				if s.desk, err = w.place(place{sortDesk, r.Desk}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// candidate is a dated rating before its ballot's others are looked at.
type candidate struct {
	at        int64
	estimated bool
	binding   uint8
	in        bool // its receipt or dossier is registered, and the window was open; or it is a walk-in's
}

// competes says as what a dated rating stands for its ballot. Only a walk-in's
// rating makes its ballot one.
func (w *run) competes(b *ballot, o *origin, f *fact.Fact, r *fact.Rating) (c candidate, err error) {
	c.at, c.estimated, _ = o.timeOf(f)
	if c.estimated {
		err = w.estimate(o, f.Boot)
	}
	switch {
	case len(r.Receipt) > 0:
		c.binding = uint8(survey.BindingReceipt)
	case len(r.Sealed) > 0:
		c.binding = uint8(survey.BindingDossier)
	default:
		c.binding, b.now.kind = uint8(survey.BindingNone), kindWalkIn
	}
	s := &b.now
	c.in = s.kind == kindWalkIn || s.kind != kindNone && c.at <= s.last+windowMilli
	return c, err
}

// after orders two ratings: by corrected time, then origin, then number.
func (w *run) after(at int64, f int64, at2 int64, f2 int64) bool {
	if at != at2 {
		return at > at2
	}
	o, n := split(f)
	o2, n2 := split(f2)
	if c := bytes.Compare(w.p.byOID[o].id[:], w.p.byOID[o2].id[:]); c != 0 {
		return c > 0
	}
	return n > n2
}
