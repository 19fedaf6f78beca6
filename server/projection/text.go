package projection

import (
	"bytes"
	"errors"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// addText puts a text into effect: it is about the ballot that a rating of the
// same sitting is for.
func (w *run) addText(o *origin, f *fact.Fact, t *fact.Text) error {
	b, err := w.beside(o, f, t.Receipt, t.Sealed, t.Session)
	if err != nil {
		return err
	}
	at, err := w.textTime(o, f)
	if err != nil {
		return err
	}
	if len(t.Digest) > 0 {
		w.texts = append(w.texts, wordsKept{[32]byte(t.Digest), survey.Purpose(t.Purpose), at})
	}
	return w.exec(`INSERT INTO text(fact, ballot, session, purpose, digest, size, at) VALUES (?,?,?,?,?,?,?)`,
		id(o.oid, f.Number), b.id, t.Session, t.Purpose, append([]byte{}, t.Digest...), int64(t.Size), at)
}

func (w *run) removeText(o *origin, f *fact.Fact, t *fact.Text) error {
	return errors.Join(
		w.notBeside(o, f, t.Receipt, t.Sealed, t.Session),
		w.exec(`DELETE FROM text WHERE fact = ?`, id(o.oid, f.Number)))
}

// beside notes that a text or withdrawal is about the ballot of its sitting,
// which is then computed anew.
func (w *run) beside(o *origin, f *fact.Fact, receipt, sealed, session []byte) (*ballot, error) {
	b, err := w.route(receipt, sealed, session)
	if err != nil {
		return nil, err
	}
	b.anew = true
	w.dirty(b)
	return b, w.entries.add(b.id, id(o.oid, f.Number))
}

func (w *run) notBeside(o *origin, f *fact.Fact, receipt, sealed, session []byte) error {
	b, err := w.route(receipt, sealed, session)
	if err != nil {
		return err
	}
	b.anew = true
	w.dirty(b)
	if err := w.entries.flush(); err != nil {
		return err
	}
	return w.exec(`DELETE FROM entry WHERE ballot = ? AND fact = ?`, b.id, id(o.oid, f.Number))
}

// spoken is a fact of a sitting, as compute meets it.
type spoken[B any] struct {
	o    *origin
	f    *fact.Fact
	body *B
}

// takenBack says whether one of the withdrawals takes a rating back.
func takenBack(x spoken[fact.Rating], withdrawals []spoken[fact.Withdrawal]) bool {
	for _, y := range withdrawals {
		since := y.f.Mono - x.f.Mono
		if x.o == y.o && x.f.Number < y.f.Number && x.f.Boot == y.f.Boot && since >= 0 && since <= fact.WithdrawTime &&
			bytes.Equal(x.body.Session, y.body.Session) {
			return true
		}
	}
	return false
}

// holdTexts says which of a ballot's texts hold, now that its rating is found.
func (w *run) holdTexts(s *state, texts []spoken[fact.Text], ratings []spoken[fact.Rating]) error {
	var counted *spoken[fact.Rating]
	for i := range ratings {
		if x := &ratings[i]; s.score != 0 && id(x.o.oid, x.f.Number) == s.fact {
			counted = x
		}
	}
	// Somebody may write a thousand texts about one receipt.
	type slot struct {
		o       *origin
		session [16]byte
		purpose uint8
	}
	of := func(x spoken[fact.Text]) slot { return slot{x.o, [16]byte(x.body.Session), x.body.Purpose} }
	last := map[slot]uint64{}
	for _, x := range texts {
		last[of(x)] = max(last[of(x)], x.f.Number)
	}
	for _, x := range texts {
		holds := len(x.body.Digest) > 0 && last[of(x)] == x.f.Number
		if survey.Purpose(x.body.Purpose) == survey.PurposeComment {
			holds = holds && counted != nil && counted.o == x.o && bytes.Equal(counted.body.Session, x.body.Session)
			s.said = s.said || holds
		}
		if err := w.exec(`UPDATE text SET holds = ?1 WHERE fact = ?2 AND holds <> ?1`, bit(holds), id(x.o.oid, x.f.Number)); err != nil {
			return err
		}
	}
	return nil
}
