package verify

import (
	"bytes"
	"crypto/sha256"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

// stream verifies the stream's messages against the database: each is there, is
// signed, lies where its sender put it, and every fact in it is one that the
// database has.
func (v *verifier) stream() (err error) {
	if v.o.Stream == nil {
		return v.say("stream: left out")
	}
	// What the database has read by now is in any copy of the stream that is made
	// from now on.
	var identity, sequence int64
	var digest []byte
	read, err := v.one([]any{&identity, &sequence, &digest}, `SELECT stream, sequence, digest FROM cursor`)
	if err != nil {
		return err
	}
	s, err := v.o.Stream(v.ctx)
	if err != nil {
		return err
	}
	defer func() {
		if closed := s.Close(); err == nil {
			err = closed
		}
	}()
	state := s.State()
	at := uint64(sequence)
	switch {
	case !read:
		return v.say("stream: nothing was read of it yet")
	case state.Identity != identity:
		return v.say("stream: another one than the database has read, so it is read anew: nothing to compare")
	case state.Last < at:
		return broken("the stream ends with message %d, and the database has read up to %d", state.Last, at)
	}
	order := newOrder()
	facts := uint64(0)
	for n := max(state.First, 1); n <= at; n++ {
		m, ok, err := s.Message(v.ctx, n)
		if err != nil {
			return err
		}
		if !ok {
			return broken("message %d is missing from the stream, or can't be read", n)
		}
		if sum := sha256.Sum256(m.Data); n == at && !bytes.Equal(sum[:], digest) {
			return broken("message %d of the stream is not the one that the database has read", n)
		}
		b, err := v.message(m)
		if err != nil {
			return err
		}
		if b != nil {
			facts += uint64(len(b.Records))
			if err := order.take(m, b); err != nil {
				return err
			}
		}
		v.o.Progress("stream", n, at)
	}
	if err := order.end(v); err != nil {
		return err
	}
	return v.say("stream: messages %d to %d hold, with %d facts that the database has", max(state.First, 1), at, facts)
}

// message verifies one. What no device signed is dropped wherever it is read,
// and may be sent by anybody who may send at all; it is no batch then.
func (v *verifier) message(m bus.Stored) (*fact.Batch, error) {
	b, err := fact.Open(m.Data)
	if err != nil {
		return nil, broken("message %d of the stream is not what a device signed: %v", m.Sequence, err)
	}
	if b.Origin != m.Origin {
		return nil, broken("message %d of the stream lies under origin %.8s, and has facts of %.8s", m.Sequence, m.Origin, b.Origin)
	}
	o := v.byID[b.Origin]
	if o == nil {
		return nil, broken("message %d of the stream has facts of origin %.8s, and the database has none", m.Sequence, b.Origin)
	}
	// One equal hash tells that all before it are equal.
	last := b.Last()
	var raw []byte
	if ok, err := v.one([]any{&raw}, `SELECT bytes FROM fact WHERE id = ?`, id(o.oid, last.Number)); err != nil || ok && fact.HashOf(raw) == last.Hash {
		return b, err
	}
	for i := range b.Records {
		r := &b.Records[i]
		if ok, err := v.one([]any{&raw}, `SELECT bytes FROM fact WHERE id = ?`, id(o.oid, r.Number)); err != nil || ok && fact.HashOf(raw) == r.Hash {
			if err != nil {
				return nil, err
			}
			continue
		}
		var known int
		if ok, err := v.one([]any{&known}, `SELECT 1 FROM aside WHERE oid = ? AND number = ? AND hash = ?`, o.oid, int64(r.Number), r.Hash[:]); err != nil {
			return nil, err
		} else if !ok {
			return nil, broken("message %d of the stream has number %d of %s, and the database does not", m.Sequence, r.Number, o)
		}
	}
	return b, nil
}

// order finds messages that changed places. A device sends its facts in their
// order, and where it could not, sends all from there again.
type order struct {
	sent map[fact.OriginID]*sent
}

// sent is what an origin's own device has sent so far.
type sent struct {
	last    uint64 // furthest number
	open    bool   // facts before some that were sent had not been sent
	message uint64 // that one
	from    uint64 // its first number
	before  uint64 // what had been sent before it
	filled  uint64 // the message that then had what was missing; 0: none yet
}

func newOrder() *order { return &order{map[fact.OriginID]*sent{}} }

func (x *order) take(m bus.Stored, b *fact.Batch) error {
	if !bytes.Equal(m.Sender, b.Public) {
		return nil // another server gave what somebody lacked
	}
	first, last := b.Records[0].Number, b.Last().Number
	s := x.sent[b.Origin]
	if s == nil {
		// What comes before may have aged out: then it does not come later.
		x.sent[b.Origin] = &sent{last: last, open: first > 1, message: m.Sequence, from: first}
		return nil
	}
	switch {
	case s.open && s.filled == 0 && first <= s.before+1 && last > s.before:
		s.filled = m.Sequence
		if last >= s.from { // and went on from there
			s.open = false
		}
	case s.open && s.filled != 0 && first <= s.from && last >= s.from:
		s.open = false // sent again
	case !s.open && first > s.last+1:
		*s = sent{last: s.last, open: true, message: m.Sequence, from: first, before: s.last}
	}
	s.last = max(s.last, last)
	return nil
}

func (x *order) end(v *verifier) error {
	for _, o := range v.origins {
		if s := x.sent[o.id]; s != nil && s.open && s.filled != 0 {
			return broken("messages %d and %d of the stream changed places: the one begins with number %d of %s, the other has what comes before", s.message, s.filled, s.from, o)
		}
	}
	return nil
}
