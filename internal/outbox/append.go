package outbox

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/mattn/go-sqlite3"

	"hailong/internal/fact"
	"hailong/internal/sqlite"
)

// MaxBody bounds the encoded body of one fact, in bytes, so that every fact fits
// into a message.
const MaxBody = 256 << 10

// request is one call of Append.
type request struct {
	kinds  []fact.Kind
	bodies []cbor.RawMessage
	words  [][]byte // beside each body; nil: beside none
	refs   []fact.Ref
	err    error
	wake   chan bool // true: lead the next commit; false: done
	taken  bool      // by a leader; guarded by Outbox.mu
	leads  bool      // guarded by Outbox.mu
}

// Append records the entries as consecutive facts of the current origin, and
// returns when they are on the disk, a text fact together with its words, of
// which its digest and size must be. Callers that wait at the same time share
// one commit: whoever finds nobody at work commits at once for all who wait.
//
// An error means that the entries are not recorded, with one exception:
// ErrUnsure, where the disk failed during the commit itself; after a restart
// the facts may then turn out to be there. To try again is always harmless: a
// rating carries its ballot, so that one recorded twice counts once. A context
// that ends while the call waits for its turn withdraws the entries; once they
// are being written, the call waits for the outcome. sqlite.IsFull tells a full
// disk; when there is space again, Append works again.
func (o *Outbox) Append(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("outbox: not recorded: %w", context.Cause(ctx))
	}
	if len(entries) == 0 {
		return nil, nil
	}
	r := &request{kinds: make([]fact.Kind, len(entries)), bodies: make([]cbor.RawMessage, len(entries))}
	for i, e := range entries {
		body, err := fact.Marshal(e.Body)
		switch {
		case err != nil:
			return nil, fmt.Errorf("outbox: encode: %w", err)
		case len(body) > MaxBody:
			return nil, fmt.Errorf("outbox: a body of %d bytes, more than %d", len(body), MaxBody)
		case e.Kind == fact.KindOpened:
			return nil, errors.New("outbox: only the outbox itself opens an origin")
		}
		if fact.NamesWords(e.Kind) || len(e.Words) > 0 {
			if err := checkWords(e, body); err != nil {
				return nil, err
			}
			if r.words == nil {
				r.words = make([][]byte, len(entries))
			}
			r.words[i] = e.Words
		}
		r.kinds[i], r.bodies[i] = e.Kind, body
	}
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return nil, ErrClosed
	}
	o.queue = append(o.queue, r)
	if !o.leading {
		o.leading, r.leads = true, true
		o.mu.Unlock()
		o.lead(ctx, r)
		return r.refs, r.err
	}
	r.wake = make(chan bool, 1)
	o.mu.Unlock()
	select {
	case lead := <-r.wake:
		if lead {
			o.lead(ctx, r)
		}
	case <-ctx.Done():
		if o.withdraw(r) {
			return nil, fmt.Errorf("outbox: not recorded: %w", context.Cause(ctx))
		}
		if <-r.wake {
			o.lead(ctx, r)
		}
	}
	return r.refs, r.err
}

// withdraw takes a request out of the queue, unless a leader has it or it has
// been made the leader itself.
func (o *Outbox) withdraw(r *request) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.taken || r.leads {
		return false
	}
	o.queue = slices.DeleteFunc(o.queue, func(q *request) bool { return q == r })
	return true
}

// lead commits everything that waits when the writer's turn comes, then makes
// the first of those who came meanwhile the next leader.
func (o *Outbox) lead(ctx context.Context, own *request) {
	var batch []*request
	err := o.db.Raw(ctx, func(conn *sqlite3.SQLiteConn) error {
		o.mu.Lock()
		batch, o.queue = o.queue, o.spare
		o.spare = nil
		for _, r := range batch {
			r.taken = true
		}
		withMarks := o.marks.due(time.Now())
		o.mu.Unlock()
		o.commit(batch, withMarks)
		return nil
	})
	o.mu.Lock()
	if batch == nil { // the turn never came
		own.err = fmt.Errorf("outbox: not recorded: %w", err)
		o.queue = slices.DeleteFunc(o.queue, func(q *request) bool { return q == own })
	}
	var next *request
	if len(o.queue) > 0 {
		next = o.queue[0]
		next.leads = true
	} else {
		o.leading = false
		o.idle.Broadcast()
	}
	o.mu.Unlock()
	// Those who are done first: they may come back in time for the next commit.
	for _, r := range batch {
		if r != own {
			r.wake <- false
		}
	}
	if next != nil {
		next.wake <- true
	}
	if batch != nil {
		clear(batch)
		o.mu.Lock()
		o.spare = batch[:0]
		o.mu.Unlock()
	}
}

// commit writes the requests' facts in one transaction, and gives each its
// outcome. The caller has the writer's turn.
func (o *Outbox) commit(batch []*request, withMarks bool) {
	err := o.freshen()
	var next chain
	var rows []row
	if err == nil {
		next, rows = o.encode(batch)
		if len(rows) == 0 {
			return
		}
		err = o.w.put(rows, o.w.words, o.marks.pick(o, withMarks))
		if err != nil && withMarks && sqlite.IsFull(err) {
			withMarks = false // what people say comes before what servers say
			err = o.w.put(rows, o.w.words, nil)
		}
		if err != nil {
			err = o.settle(err, &next)
		}
	}
	o.mu.Lock()
	o.failure.note(err, time.Now())
	if err == nil {
		*o.current() = next
		if withMarks {
			o.marks.written(time.Now())
		}
		for _, r := range batch {
			o.noteClock(r)
		}
	}
	o.mu.Unlock()
	if err != nil {
		for _, r := range batch {
			if r.err == nil {
				r.refs, r.err = nil, fmt.Errorf("outbox: %w", err)
			}
		}
		return
	}
	o.signal()
	if len(o.w.words) > 0 {
		clear(o.w.words) // they are large
		notify(o.written)
	}
}

// encode gives the facts their numbers and hashes, from the head onwards, and
// puts the words beside them into the writer's list.
func (o *Outbox) encode(batch []*request) (chain, []row) {
	next, rows, words := *o.current(), o.w.rows[:0], o.w.words[:0]
	stamp := o.opt.Stamp()
	for _, r := range batch {
		before, n, m := next, len(rows), len(words)
		r.refs = make([]fact.Ref, len(r.bodies))
		for i, body := range r.bodies {
			var err error
			if rows, err = next.extend(rows, r.kinds[i], stamp, body); err != nil {
				next, rows, words, r.refs, r.err = before, rows[:n], words[:m], nil, err
				break
			}
			if r.words != nil && len(r.words[i]) > 0 {
				words = append(words, wordsRow{sha256.Sum256(r.words[i]), r.words[i], next.row(next.last)})
			}
			r.refs[i] = fact.Ref{Origin: next.origin, Number: next.last, Stamp: stamp}
		}
	}
	o.w.rows, o.w.words = rows, words
	return next, rows
}

// extend appends one fact to the chain and its row to rows.
func (c *chain) extend(rows []row, kind fact.Kind, stamp fact.Stamp, body cbor.RawMessage) ([]row, error) {
	if c.last >= fact.MaxNumber {
		return rows, errors.New("outbox: the origin's numbers are used up")
	}
	f := fact.Fact{Version: fact.Version, Origin: c.origin, Number: c.last + 1, Prev: c.lastHash, Kind: kind, Body: body}
	f.SetStamp(stamp)
	bytes, err := f.Encode()
	if err != nil {
		return rows, fmt.Errorf("outbox: encode: %w", err)
	}
	c.last, c.lastHash = f.Number, fact.HashOf(bytes)
	return append(rows, row{c.row(f.Number), bytes}), nil
}

// freshen reads the chains anew where the outcome of the last write is unknown.
func (o *Outbox) freshen() error {
	if !o.stale {
		return nil
	}
	chains, err := o.w.chains()
	if err != nil {
		return err
	}
	o.mu.Lock()
	o.chains = chains
	o.mu.Unlock()
	o.stale = false
	return nil
}

// settle finds out what a failed commit left behind: nil where the facts are in
// the file after all.
func (o *Outbox) settle(failed error, next *chain) error {
	c, err := o.w.head(*o.current())
	if err != nil {
		o.stale = true
		return errors.Join(ErrUnsure, failed, err)
	}
	if c.last == next.last && c.lastHash == next.lastHash {
		return nil
	}
	var e sqlite3.Error
	if errors.As(failed, &e) && e.Code == sqlite3.ErrIoErr && !sqlite.IsFull(failed) {
		// Frames may have reached the disk though the sync failed. The next commit
		// overwrites them; a crash before it may bring them back.
		return errors.Join(ErrUnsure, failed)
	}
	return failed
}

// noteClock keeps the last clock fact, by which Prune tells the time.
func (o *Outbox) noteClock(r *request) {
	if r.err != nil {
		return
	}
	for i, k := range r.kinds {
		var c fact.Clock
		if k == fact.KindClock && fact.Unmarshal(r.bodies[i], &c) == nil {
			o.clock = &c
		}
	}
}
