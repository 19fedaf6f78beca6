package projection

import (
	"context"
	"errors"
	"fmt"

	"hailong/internal/fact"
)

// settle brings every queued origin's effect to where its chain and its
// admission let it be. A server's facts may change other origins' limits, which
// are then queued in turn; servers' limits depend on nobody, so it ends.
func (w *run) settle() error {
	for len(w.queue) > 0 {
		o := w.queue[0]
		w.queue = w.queue[1:]
		o.queued = false
		limit, err := w.limit(o)
		if err != nil {
			return err
		}
		limit = min(limit, o.head)
		if err := w.lower(o, limit); err != nil {
			return err
		}
		for o.applied < limit {
			if err := w.raise(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// raise puts the next fact of an origin into effect.
func (w *run) raise(o *origin) error {
	n := o.applied + 1
	if w.prefetched[o] <= n {
		if err := w.prefetch(o, n); err != nil {
			return err
		}
	}
	r, err := w.record(o, n)
	if err != nil {
		return err
	}
	f, body, err := judge(o.role, r)
	if err == nil {
		err = w.add(o, f, body)
	}
	if errors.Is(err, fact.ErrRefused) {
		w.p.o.Log.Warn("a fact is in quarantine", "origin", o.id, "number", n, "reason", err)
		err = w.exec(`INSERT INTO quarantine(id, reason) VALUES (?, ?)`, id(o.oid, n), err.Error())
	}
	o.applied = n
	return err
}

// lower takes facts out of effect, the last first, until only those up to
// limit are.
func (w *run) lower(o *origin, limit uint64) error {
	for o.applied > limit {
		n := o.applied
		o.applied = n - 1
		w.touched[o] = true
		var x int
		refused, err := w.one([]any{&x}, `SELECT 1 FROM quarantine WHERE id = ?`, id(o.oid, n))
		if err != nil {
			return err
		}
		if refused {
			if err := w.exec(`DELETE FROM quarantine WHERE id = ?`, id(o.oid, n)); err != nil {
				return err
			}
			continue
		}
		r, err := w.record(o, n)
		if err != nil {
			return err
		}
		f, body, err := judge(o.role, r)
		if err != nil {
			return fmt.Errorf("fact %d of %s was in effect and is refused now: %w", n, o.id, err)
		}
		if err := w.remove(o, f, body); err != nil {
			return err
		}
	}
	return nil
}

// judgeVersion rises when judge accepts more than before.
const judgeVersion = 4

// judge decodes a fact's body and says whether it may count, as a function of
// its bytes and its origin's role alone. The error wraps fact.ErrRefused.
func judge(role uint8, r *fact.Record) (*fact.Fact, any, error) {
	if r.Fact == nil {
		return nil, nil, fmt.Errorf("%w: envelope of a version not known here", fact.ErrRefused)
	}
	f := r.Fact
	b := r.Decoded
	if b == nil {
		var err error
		if b, err = decode(f); err != nil {
			return nil, nil, err
		}
	}
	if (f.Kind == fact.KindOpened) != (f.Number == 1) {
		return nil, nil, fmt.Errorf("%w: kind %d as number %d", fact.ErrRefused, f.Kind, f.Number)
	}
	if role != fact.RoleServer && f.Kind > fact.KindRating && f.Kind != fact.KindText && f.Kind != fact.KindWithdrawal {
		return nil, nil, fmt.Errorf("%w: kind %d from a kiosk", fact.ErrRefused, f.Kind)
	}
	if !f.CanDate() || (role == fact.RoleServer && f.Wall < 0) {
		return nil, nil, fmt.Errorf("%w: its times are out of range", fact.ErrRefused)
	}
	if v, ok := b.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			return nil, nil, err
		}
	}
	return f, b, nil
}

// decode reads a fact's body, by its kind.
func decode(f *fact.Fact) (any, error) {
	body := bodies[f.Kind]
	if body == nil {
		return nil, fmt.Errorf("%w: kind %d is not known here", fact.ErrRefused, f.Kind)
	}
	b := body()
	if err := fact.Unmarshal(f.Body, b); err != nil {
		return nil, fmt.Errorf("%w: %v", fact.ErrRefused, err)
	}
	return b, nil
}

var bodies = map[fact.Kind]func() any{
	fact.KindOpened:     func() any { return &fact.Opened{} },
	fact.KindClock:      func() any { return &fact.Clock{} },
	fact.KindRating:     func() any { return &fact.Rating{} },
	fact.KindAdmission:  func() any { return &fact.Admission{} },
	fact.KindRevocation: func() any { return &fact.Revocation{} },
	fact.KindDecision:   func() any { return &fact.Decision{} },
	fact.KindDossier:    func() any { return &fact.Dossier{} },
	fact.KindReceipt:    func() any { return &fact.Receipt{} },
	fact.KindSlip:       func() any { return &fact.Slip{} },
	fact.KindEvent:      func() any { return &fact.Event{} },
	fact.KindUnitKind:   func() any { return &fact.UnitKind{} },
	fact.KindUnit:       func() any { return &fact.Unit{} },
	fact.KindDesk:       func() any { return &fact.Desk{} },
	fact.KindKiosk:      func() any { return &fact.Kiosk{} },
	fact.KindTarget:     func() any { return &fact.Target{} },
	fact.KindSetting:    func() any { return &fact.Setting{} },

	fact.KindQuestionnaire: func() any { return &fact.Questionnaire{} },
	fact.KindText:          func() any { return &fact.Text{} },
	fact.KindWithdrawal:    func() any { return &fact.Withdrawal{} },
	fact.KindClosing:       func() any { return &fact.Closing{} },

	fact.KindAct:        func() any { return &fact.Act{} },
	fact.KindAccount:    func() any { return &fact.Account{} },
	fact.KindCheckpoint: func() any { return &fact.Checkpoint{} },
	fact.KindVoid:       func() any { return &fact.Void{} },
	fact.KindErasure:    func() any { return &fact.Erasure{} },
}

// add puts one judged fact into effect. It refuses only before it has changed
// anything, and only for what the fact's bytes say.
func (w *run) add(o *origin, f *fact.Fact, body any) error {
	at := id(o.oid, f.Number)
	switch b := body.(type) {
	case *fact.Clock:
		return w.addClock(o, clockPoint{number: f.Number, boot: b.Boot, mono: b.Mono, server: b.Server})
	case *fact.Rating:
		return w.addRating(o, f, b)
	case *fact.Text:
		return w.addText(o, f, b)
	case *fact.Withdrawal:
		_, err := w.beside(o, f, b.Receipt, b.Sealed, b.Session)
		return err
	case *fact.Dossier:
		return w.link(b.Ballot, at)
	case *fact.Event:
		return w.link(b.Ballot, at)
	case *fact.Slip:
		return w.link(b.Hash, at)
	case *fact.Receipt:
		return w.bind(b, at, true)
	case *fact.Admission:
		w.touchKey(b.Public)
		return w.exec(`INSERT INTO admission(public, fact, kiosk) VALUES (?,?,?)`, b.Public, at, b.Kiosk)
	case *fact.Revocation:
		w.touchKey(b.Public)
		return w.exec(`INSERT INTO revocation(public, fact) VALUES (?,?)`, b.Public, at)
	case *fact.Decision:
		err := w.exec(`INSERT INTO decision(origin, number, hash, fact) VALUES (?,?,?,?)`, b.Origin[:], int64(b.Number), b.Hash[:], at)
		return errors.Join(err, w.chooseAt(b))
	case *fact.Closing:
		return w.exec(`INSERT INTO closing(fact, since, until, wall) VALUES (?,?,?,?)`, at, b.From, b.To, f.Wall)
	case *fact.Act:
		return w.addAct(at, f.Wall, b)
	case *fact.Checkpoint:
		return w.exec(`INSERT INTO checkpoint(fact, log, size, root, note, at) VALUES (?,?,?,?,?,?)`, at, b.Log, int64(b.Size), b.Root, b.Note, f.Wall)
	case *fact.Erasure:
		w.erased = append(w.erased, [32]byte(b.Digest))
		return w.exec(`INSERT INTO erased(digest, fact, reason) VALUES (?,?,?)`, b.Digest, at, b.Reason)
	case *fact.Void:
		key := voidKey(b)
		return errors.Join(w.exec(`INSERT INTO claim(kind, key, fact) VALUES (?,?,?)`, key.kind, key.key, at), w.void(key, b))
	}
	if key, ok := claimOf(body); ok {
		key.kind = f.Kind
		w.claims[key] = true
		return w.exec(`INSERT INTO claim(kind, key, fact) VALUES (?,?,?)`, key.kind, key.key, at)
	}
	return nil
}

// remove takes one fact out of effect: the reverse of add.
func (w *run) remove(o *origin, f *fact.Fact, body any) error {
	at := id(o.oid, f.Number)
	switch b := body.(type) {
	case *fact.Clock:
		return w.removeClock(o, f.Number)
	case *fact.Rating:
		return w.removeRating(o, f, b)
	case *fact.Text:
		return w.removeText(o, f, b)
	case *fact.Withdrawal:
		return w.notBeside(o, f, b.Receipt, b.Sealed, b.Session)
	case *fact.Dossier:
		return w.unlink(b.Ballot, at)
	case *fact.Event:
		return w.unlink(b.Ballot, at)
	case *fact.Slip:
		return w.unlink(b.Hash, at)
	case *fact.Receipt:
		return w.bind(b, at, false)
	case *fact.Admission:
		w.touchKey(b.Public)
		return w.exec(`DELETE FROM admission WHERE public = ? AND fact = ?`, b.Public, at)
	case *fact.Revocation:
		w.touchKey(b.Public)
		return w.exec(`DELETE FROM revocation WHERE public = ? AND fact = ?`, b.Public, at)
	case *fact.Decision:
		err := w.exec(`DELETE FROM decision WHERE origin = ? AND fact = ?`, b.Origin[:], at)
		return errors.Join(err, w.chooseAt(b))
	case *fact.Closing:
		return w.exec(`DELETE FROM closing WHERE fact = ?`, at)
	case *fact.Act:
		return w.exec(`DELETE FROM act WHERE fact = ?`, at)
	case *fact.Checkpoint:
		return w.exec(`DELETE FROM checkpoint WHERE fact = ?`, at)
	case *fact.Erasure:
		return w.exec(`DELETE FROM erased WHERE digest = ? AND fact = ?`, b.Digest, at)
	case *fact.Void:
		key := voidKey(b)
		return errors.Join(w.exec(`DELETE FROM claim WHERE kind = ? AND key = ? AND fact = ?`, key.kind, key.key, at), w.void(key, b))
	}
	if key, ok := claimOf(body); ok {
		key.kind = f.Kind
		w.claims[key] = true
		return w.exec(`DELETE FROM claim WHERE kind = ? AND key = ? AND fact = ?`, key.kind, key.key, at)
	}
	return nil
}

// touchKey queues every origin of a public key, which was admitted or revoked.
func (w *run) touchKey(public []byte) {
	w.revoked = true
	for _, o := range w.p.origins {
		if string(o.public) == string(public) {
			w.touch(o)
		}
	}
}

func (w *run) chooseAt(b *fact.Decision) error {
	if o := w.p.origins[b.Origin]; o != nil && b.Number > 0 && o.role != fact.RoleServer {
		return w.choose(o, b.Number)
	}
	return nil
}

// linked finds the ballot of a key of 32 bytes, or makes it.
func (w *run) linked(key []byte) (*ballot, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("%w: a ballot key of %d bytes", fact.ErrRefused, len(key))
	}
	return w.ballotByKey([32]byte(key))
}

// link notes that a fact is about a ballot, which is then computed anew.
func (w *run) link(key []byte, at int64) error {
	b, err := w.linked(key)
	if err != nil {
		return err
	}
	b.anew = true
	w.dirty(b)
	return w.entries.add(b.id, at)
}

func (w *run) unlink(key []byte, at int64) error {
	b, err := w.linked(key)
	if err != nil {
		return err
	}
	b.anew = true
	w.dirty(b)
	if err := w.entries.flush(); err != nil {
		return err
	}
	return w.exec(`DELETE FROM entry WHERE ballot = ? AND fact = ?`, b.id, at)
}

// judgeAgain puts facts that an earlier program refused into effect where this
// one accepts them.
func (p *Projection) judgeAgain(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := p.write(ctx, func(w *run) error {
		var was int
		if _, err := w.one([]any{&was}, `SELECT value FROM meta WHERE key = 'judge'`); err != nil || was == judgeVersion {
			return err
		}
		ids, err := w.ids(`SELECT id FROM quarantine`)
		for _, id := range ids {
			if err == nil {
				err = w.judgeOne(id)
			}
		}
		if err != nil {
			return err
		}
		if err := w.settle(); err != nil {
			return err
		}
		for _, o := range p.origins { // earlier programs did not date texts
			if err := w.dateTexts(o, textsAll); err != nil {
				return err
			}
		}
		return w.exec(`INSERT INTO meta(key, value) VALUES ('judge', ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value`, judgeVersion)
	})
	return err
}

func (w *run) judgeOne(at int64) error {
	oid, n := split(at)
	o := w.p.byOID[oid]
	r, err := w.record(o, n)
	if err != nil {
		return err
	}
	if r.Number == 1 {
		w.open(o, r)
		w.touch(o)
	}
	f, body, err := judge(o.role, r)
	if err == nil {
		err = w.add(o, f, body)
	}
	if errors.Is(err, fact.ErrRefused) {
		// In this program's words, as a server says that never had another.
		return w.exec(`UPDATE quarantine SET reason = ? WHERE id = ?`, err.Error(), at)
	}
	if err == nil {
		w.touched[o] = true
		err = w.exec(`DELETE FROM quarantine WHERE id = ?`, at)
	}
	return err
}
