package projection

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"hailong/internal/fact"
	"hailong/internal/receipt"
)

// route finds the ballot that a rating, or what is beside it, is for: of its
// receipt, of its sealed dossier code, or of its sitting.
func (w *run) route(hash, sealed, session []byte) (*ballot, error) {
	switch {
	case len(hash) > 0:
		return w.routeReceipt([32]byte(hash))
	case len(sealed) > 0:
		code, err := w.p.o.Keys.OpenCode(sealed)
		if err != nil {
			return nil, fmt.Errorf("%w: the sealed dossier code does not open", fact.ErrRefused)
		}
		return w.ballotByKey(w.p.o.Keys.Ballot(code))
	default:
		return w.ballotByKey(receipt.BallotOfWalkIn([16]byte(session)))
	}
}

// routeReceipt finds a receipt's ballot. A receipt that is not known is taken
// for a slip, whose ballot has the receipt's own hash for its key: there its
// ratings wait until the receipt is bound to a ballot.
func (w *run) routeReceipt(hash [32]byte) (*ballot, error) {
	if b := w.routes[hash]; b != nil {
		return b, nil
	}
	var b *ballot
	err := w.each(func(r cells) error {
		x, err := scanBallot(r)
		if err == nil && (b == nil || bytes.Compare(x.key[:], b.key[:]) < 0) {
			b = x
		}
		return err
	}, `SELECT `+loadColumns+` FROM ballot WHERE id IN (SELECT ballot FROM receipt WHERE hash = ?)`, hash[:])
	if err != nil {
		return nil, err
	}
	// A ballot that this run made is not in the table yet.
	for _, made := range w.boundHere[hash] {
		if b == nil || bytes.Compare(made.key[:], b.key[:]) < 0 {
			b = made
		}
	}
	if b == nil {
		b, err = w.ballotByKey(hash)
	} else {
		b = w.keep(b)
	}
	if err == nil {
		w.routes[hash] = b
	}
	return b, err
}

// bind puts a receipt's binding to a ballot into effect, or takes it out, and
// moves what came by that receipt where it now belongs.
func (w *run) bind(r *fact.Receipt, at int64, add bool) error {
	if len(r.Hash) != 32 {
		return fmt.Errorf("%w: a receipt hash of %d bytes", fact.ErrRefused, len(r.Hash))
	}
	to, err := w.linked(r.Ballot)
	if err != nil {
		return err
	}
	hash := [32]byte(r.Hash)
	w.moved.hashes[hash] = true
	before, err := w.findRoute(hash)
	if err != nil {
		return err
	}
	if add {
		err = w.exec(`INSERT INTO receipt(hash, fact, ballot) VALUES (?,?,?)`, hash[:], at, to.id)
		if !to.stored {
			w.boundHere[hash] = append(w.boundHere[hash], to)
		}
	} else {
		err = w.exec(`DELETE FROM receipt WHERE hash = ? AND fact = ?`, hash[:], at)
		if i := slices.Index(w.boundHere[hash], to); i >= 0 {
			w.boundHere[hash] = slices.Delete(w.boundHere[hash], i, i+1)
		}
	}
	if err != nil || before == nil {
		return err
	}
	delete(w.routes, hash)
	after, err := w.routeReceipt(hash)
	if err != nil || after == before {
		return err
	}
	return w.reroute(hash, before, after)
}

// findRoute is routeReceipt without making a ballot for an unknown receipt.
func (w *run) findRoute(hash [32]byte) (*ballot, error) {
	if b := w.routes[hash]; b != nil {
		return b, nil
	}
	var n int
	bound, err := w.one([]any{&n}, `SELECT 1 FROM receipt WHERE hash = ?`, hash[:])
	if err != nil {
		return nil, err
	}
	if bound {
		return w.routeReceipt(hash)
	}
	return w.findBallot(hash)
}

// reroute moves the ratings by one receipt, and what is beside them, from a
// ballot to another.
func (w *run) reroute(hash [32]byte, from, to *ballot) error {
	ids, err := w.factsOf(from)
	if err != nil {
		return err
	}
	for _, at := range ids {
		f, err := w.fact(at)
		if err != nil {
			return err
		}
		by, err := receiptBy(f)
		if err != nil {
			return err
		}
		if !bytes.Equal(by, hash[:]) {
			continue
		}
		err = errors.Join(
			w.exec(`DELETE FROM entry WHERE ballot = ? AND fact = ?`, from.id, at),
			w.entries.add(to.id, at),
			w.exec(`UPDATE undated SET ballot = ? WHERE fact = ?`, to.id, at),
			w.exec(`UPDATE text SET ballot = ? WHERE fact = ?`, to.id, at))
		if err != nil {
			return err
		}
	}
	from.anew, to.anew = true, true
	w.dirty(from)
	w.dirty(to)
	return nil
}

// receiptBy gives the receipt hash by which a fact came to its ballot; none
// where it came otherwise.
func receiptBy(f *fact.Fact) ([]byte, error) {
	if f.Kind != fact.KindRating && f.Kind != fact.KindText && f.Kind != fact.KindWithdrawal {
		return nil, nil
	}
	body, err := decode(f)
	switch b := body.(type) {
	case *fact.Rating:
		return b.Receipt, err
	case *fact.Text:
		return b.Receipt, err
	case *fact.Withdrawal:
		return b.Receipt, err
	}
	return nil, err
}

// factsOf lists the facts about a ballot.
func (w *run) factsOf(b *ballot) ([]int64, error) {
	if err := w.entries.flush(); err != nil {
		return nil, err
	}
	return w.ids(`SELECT fact FROM entry WHERE ballot = ?`, b.id)
}
