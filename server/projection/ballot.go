package projection

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// What a ballot is registered as.
const (
	kindNone    uint8 = 0 // nothing yet: its ratings wait
	kindDossier uint8 = 1
	kindSlip    uint8 = 2
	kindWalkIn  uint8 = 3
)

// state is what a row of table ballot says beside its id and key.
type state struct {
	kind                          uint8
	unit, desk                    int64
	service                       uint8
	field, procedure, officer     string
	received, due, last, returned int64
	events                        string
	ratings                       int64
	fact                          int64
	score, binding, channel, step uint8
	at, first                     int64
	day                           int64
	estimated, changed            bool
	beside                        bool // texts or withdrawals are about it
	said                          bool // more is said than a score: answers, ticks or a comment
}

// ballot is a row in memory: as it was written, and as it is becoming.
type ballot struct {
	id       int64
	key      [32]byte
	stored   bool
	was, now state
	anew     bool // compute from all its facts; else now has been kept up
	isDirty  bool
}

func (w *run) dirty(b *ballot) {
	if !b.isDirty {
		b.isDirty = true
		w.order = append(w.order, b)
	}
}

const ballotColumns = `id, key, kind, unit, desk, service, field, procedure, officer, received, due, last, returned, events,
	ratings, fact, score, binding, channel, step, at, first, day, estimated, changed, beside, said`

// loadColumns is what is loaded of a ballot: all that ratings change or that
// rollups are of. The rest of its registration is not needed: it is either
// computed anew from the facts, or left as it stands in the table. Small numbers
// come packed, since each column of each row is a call into C.
const loadColumns = `id, key, (unit << 32) | desk, last, events, ratings, fact, at, first,
	kind | (service << 2) | (score << 4) | (binding << 8) | (channel << 12) | (step << 16) | (estimated << 20) | (changed << 21) | (beside << 22) | (said << 23)`

func scanBallot(r cells) (*ballot, error) {
	b := &ballot{stored: true}
	var key, events []byte
	var place, packed int64
	s := &b.was
	if err := r.Scan(&b.id, &key, &place, &s.last, &events, &s.ratings, &s.fact, &s.at, &s.first, &packed); err != nil {
		return nil, err
	}
	copy(b.key[:], key)
	s.events = string(events)
	s.unit, s.desk = place>>32, place&(1<<32-1)
	s.kind, s.service, s.score, s.binding = uint8(packed&3), uint8(packed>>2&3), uint8(packed>>4&15), uint8(packed>>8&15)
	s.channel, s.step, s.estimated, s.changed = uint8(packed>>12&15), uint8(packed>>16&15), packed>>20&1 != 0, packed>>21&1 != 0
	s.beside, s.said = packed>>22&1 != 0, packed>>23&1 != 0
	if s.score != 0 {
		s.day = int64(survey.DayOfMilli(s.first))
	}
	b.now = b.was
	return b, nil
}

// keep makes a loaded ballot the one in memory, unless there is one already.
func (w *run) keep(b *ballot) *ballot {
	if have := w.ballots[b.id]; have != nil {
		return have
	}
	w.ballots[b.id] = b
	return b
}

func (w *run) ballotByID(at int64) (*ballot, error) {
	if b := w.ballots[at]; b != nil {
		return b, nil
	}
	var b *ballot
	err := w.each(func(r cells) (err error) {
		b, err = scanBallot(r)
		return err
	}, `SELECT `+loadColumns+` FROM ballot WHERE id = ?`, at)
	if err == nil && b == nil {
		err = fmt.Errorf("ballot %d is missing from the database", at)
	}
	if err != nil {
		return nil, err
	}
	return w.keep(b), nil
}

// findBallot gives nil where there is no ballot of that key.
func (w *run) findBallot(key [32]byte) (*ballot, error) {
	if b := w.keys[key]; b != nil {
		return b, nil
	}
	var b *ballot
	err := w.each(func(r cells) (err error) {
		b, err = scanBallot(r)
		return err
	}, `SELECT `+loadColumns+` FROM ballot WHERE key = ?`, key[:])
	if err != nil || b == nil {
		return nil, err
	}
	b = w.keep(b)
	w.keys[key] = b
	return b, nil
}

func (w *run) ballotByKey(key [32]byte) (*ballot, error) {
	b, err := w.findBallot(key)
	if err != nil || b != nil {
		return b, err
	}
	b = &ballot{id: w.p.nextBallot, key: key}
	w.p.nextBallot++
	w.dirty(b)
	w.keys[key] = b
	return w.keep(b), nil
}

// compute makes a ballot's state from all the facts about it.
func (w *run) compute(b *ballot) error {
	ids, err := w.factsOf(b)
	if err != nil {
		return err
	}
	b.now, b.anew = state{}, false
	var ratings []spoken[fact.Rating]
	var texts []spoken[fact.Text]
	var withdrawals []spoken[fact.Withdrawal]
	var registered *fact.Fact
	var events []string
	for _, at := range ids {
		oid, n := split(at)
		o := w.p.byOID[oid]
		r, err := w.record(o, n)
		if err != nil {
			return err
		}
		f, body, err := judge(o.role, r)
		if err != nil {
			return err
		}
		switch x := body.(type) {
		case *fact.Rating:
			ratings = append(ratings, spoken[fact.Rating]{o, f, x})
		case *fact.Text:
			texts = append(texts, spoken[fact.Text]{o, f, x})
		case *fact.Withdrawal:
			withdrawals = append(withdrawals, spoken[fact.Withdrawal]{o, f, x})
		case *fact.Event:
			events = append(events, packEvent(x))
		case *fact.Dossier, *fact.Slip:
			if registered != nil && !later(f.Wall, f.Origin, f.Number, registered.Wall, registered.Origin, registered.Number) {
				continue
			}
			registered = f
			if err := w.register(b, x); err != nil {
				return err
			}
		}
	}
	slices.Sort(events)
	for _, e := range slices.Compact(events) {
		b.now.events += e
		at, step := unpackEvent(e)
		if b.now.kind != kindNone {
			b.now.last = max(b.now.last, at)
		}
		if step == uint8(survey.StepReturned) && b.now.returned == 0 {
			b.now.returned = at
		}
	}
	b.now.ratings = int64(len(ratings))
	b.now.beside = len(texts)+len(withdrawals) > 0
	var back, void []spoken[fact.Rating]
	for _, x := range ratings {
		if err := w.notVoided(id(x.o.oid, x.f.Number)); err != nil {
			return err
		}
		if _, _, dated := x.o.timeOf(x.f); !dated {
			continue
		}
		if w.p.isVoid(x.o, x.f.Number) {
			void = append(void, x)
		} else if takenBack(x, withdrawals) {
			back = append(back, x)
		} else if err := w.vote(b, x.o, x.f, x.body); err != nil {
			return err
		}
	}
	// What was taken back counts nowhere, but the ballot changed where it would
	// have competed.
	for _, x := range back {
		c, err := w.competes(b, x.o, x.f, x.body)
		if err != nil {
			return err
		}
		b.now.changed = b.now.changed || c.in && b.now.score != 0 && c.binding == b.now.binding
	}
	for _, x := range void {
		if err := w.voidIn(b, x); err != nil {
			return err
		}
	}
	return w.holdTexts(&b.now, texts, ratings)
}

// register sets what a dossier's or slip's registration says; the latest counts.
func (w *run) register(b *ballot, body any) (err error) {
	s := &b.now
	desk, unit := "", ""
	switch x := body.(type) {
	case *fact.Dossier:
		s.kind, s.service, s.field, s.procedure, s.officer = kindDossier, x.Service, x.Field, x.Procedure, x.Officer
		s.received, s.due, desk, unit = x.Received, x.Due, x.Desk, x.Unit
	case *fact.Slip:
		s.kind, s.service, s.field, s.procedure, s.officer = kindSlip, x.Service, "", "", ""
		s.received, s.due, desk, unit = x.Issued, 0, x.Desk, x.Unit
	}
	s.last = s.received
	s.unit, s.desk = 0, 0
	if unit != "" {
		s.unit, err = w.place(place{sortUnit, unit})
	}
	if err == nil && desk != "" {
		s.desk, err = w.place(place{sortDesk, desk})
	}
	return err
}

func packEvent(e *fact.Event) string {
	return string(append(binary.BigEndian.AppendUint64(nil, uint64(e.At)), e.Step))
}

func unpackEvent(s string) (at int64, step uint8) {
	return int64(binary.BigEndian.Uint64([]byte(s[:8]))), s[8]
}

// stepAt gives the step of the last event at or before a time; 0 for none.
func stepAt(events string, at int64) (step uint8) {
	for ; len(events) >= 9; events = events[9:] {
		t, s := unpackEvent(events[:9])
		if t > at {
			break
		}
		step = s
	}
	return step
}

// stepNow gives the step that a dossier with these events has reached.
func stepNow(events string) uint8 {
	return max(stepAt(events, math.MaxInt64), uint8(survey.StepReceived))
}
