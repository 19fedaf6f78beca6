package uplink

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

// Status is what pages and metrics show of an uplink.
type Status struct {
	Connected bool
	// Err is why it is not connected, or the last fault since facts were last
	// acked; nil: none. For logs and operators.
	Err error
	// Origin and Head of the current chain; Sent and Acked by the stream on this
	// connection.
	Origin fact.OriginID
	Head   uint64
	Sent   uint64
	Acked  uint64
	// Unsent counts the facts of all origins that the stream has not acked.
	Unsent uint64
	// OldestUnsent is when the oldest of them in the current chain was recorded,
	// by this device; zero where there is none.
	OldestUnsent fact.Stamp
	// Unconfirmed counts those of the current chain that a listed server is not
	// known to hold.
	Unconfirmed uint64
	// WordsUnsent counts the words that their stream has not taken.
	WordsUnsent int64
	// Servers, by id, the listed ones first.
	Servers []Server
	// LastContact is when a server or the stream last said anything.
	LastContact time.Time
	// Since the start: messages and facts acked, and new origins opened.
	Messages, Facts, Reopens uint64
}

// Server is what a server says of the current origin.
type Server struct {
	ID     string
	Listed bool
	// Mark is the last word, perhaps from before this start; Known is false where
	// there never was one.
	Mark  fact.Mark
	Known bool
	// Heard is when it was said; zero: before this start.
	Heard time.Time
}

// seen is what Status tells, kept under Uplink.mu.
type seen struct {
	err      error
	origin   fact.OriginID
	sent     uint64
	acked    uint64
	older    uint64 // facts of given-up origins not acked
	contact  time.Time
	messages uint64
	facts    uint64
	reopens  uint64
	marks    map[peerKey]heard
	stranger int
}

type heard struct {
	mark   fact.Mark
	at     time.Time
	listed bool
}

// strangers bounds the marks of unlisted servers that are kept for display.
const strangers = 32

func newSeen() seen { return seen{marks: map[peerKey]heard{}} }

func (u *Uplink) contact() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen.contact = time.Now()
}

func (u *Uplink) heard(m fact.Mark, listed bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now, k := time.Now(), peerKey{m.Server, m.Origin}
	old, ok := u.seen.marks[k]
	if !listed && (!ok || old.listed) {
		if u.seen.stranger >= strangers {
			return
		}
		u.seen.stranger++
	} else if listed && ok && !old.listed {
		u.seen.stranger--
	}
	u.seen.contact = now
	u.seen.marks[k] = heard{m, now, listed}
}

func (u *Uplink) failed(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen.err = err
}

func (u *Uplink) acknowledged(r result) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen.err = nil
	u.seen.contact = time.Now()
	u.seen.messages++
	u.seen.facts += r.facts
}

func (u *Uplink) acks() uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.seen.messages
}

// progress notes how far a session is.
func (u *Uplink) progress(s *session) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen.older = 0
	for _, c := range s.chains {
		if c.current {
			u.seen.origin, u.seen.sent, u.seen.acked = c.origin, c.sent, c.acked
		} else {
			u.seen.older += c.head.Number - min(c.acked, c.head.Number)
		}
	}
	if s.allAcked() {
		u.seen.err = nil
	}
}

func (s *session) allAcked() bool {
	return !slices.ContainsFunc(s.chains, func(c *chain) bool { return c.rewind || c.acked < c.head.Number })
}

// Status looks at the uplink and its outbox.
func (u *Uplink) Status(ctx context.Context) (Status, error) {
	kept, err := u.o.Outbox.Marks(ctx)
	if err != nil {
		return Status{}, err
	}
	unsent, err := u.o.Outbox.CountUnsentWords(ctx)
	if err != nil {
		return Status{}, err
	}
	head, listed := u.o.Outbox.Head(), u.o.Servers()
	st := Status{Origin: head.Origin, Head: head.Number, WordsUnsent: unsent}
	var linkErr error
	st.Connected, linkErr = u.o.Bus.State()

	servers := map[string]Server{}
	for _, m := range kept {
		if m.Origin == head.Origin {
			servers[m.Server] = Server{ID: m.Server, Mark: m, Known: true}
		}
	}
	u.mu.Lock()
	for k, h := range u.seen.marks {
		if k.origin == head.Origin {
			servers[k.server] = Server{ID: k.server, Mark: h.mark, Known: true, Heard: h.at}
		}
	}
	if u.seen.origin == head.Origin {
		st.Sent, st.Acked = u.seen.sent, u.seen.acked
	}
	st.Err, st.LastContact, st.Unsent = u.seen.err, u.seen.contact, u.seen.older
	st.Messages, st.Facts, st.Reopens = u.seen.messages, u.seen.facts, u.seen.reopens
	u.mu.Unlock()
	if !st.Connected && (st.Err == nil || errors.Is(st.Err, bus.ErrDisconnected)) {
		st.Err = linkErr
	}

	for _, id := range listed {
		s := servers[id]
		s.ID, s.Listed = id, true
		servers[id] = s
	}
	lowest := head.Number
	for _, s := range servers {
		st.Servers = append(st.Servers, s)
		if s.Listed {
			lowest = min(lowest, s.Mark.Number)
		}
	}
	if len(listed) == 0 {
		lowest = 0
	}
	slices.SortFunc(st.Servers, func(a, b Server) int {
		if a.Listed != b.Listed {
			if a.Listed {
				return -1
			}
			return 1
		}
		return strings.Compare(a.ID, b.ID)
	})
	st.Unconfirmed = head.Number - lowest
	// Before the first connection nobody knows what the stream has: what the
	// servers held is certain.
	acked := max(st.Acked, lowest)
	st.Unsent += head.Number - min(acked, head.Number)
	if acked < head.Number {
		st.OldestUnsent, err = u.stampOf(ctx, head.Origin, acked)
	}
	return st, err
}

// stampOf gives when the first fact above a number was recorded.
func (u *Uplink) stampOf(ctx context.Context, origin fact.OriginID, above uint64) (fact.Stamp, error) {
	data, _, err := u.o.Outbox.Batch(ctx, origin, above, 1, 1)
	if err != nil || len(data) == 0 {
		return fact.Stamp{}, err
	}
	b, err := fact.Open(data)
	if err != nil || b.Records[0].Fact == nil {
		return fact.Stamp{}, err
	}
	return b.Records[0].Fact.Stamp(), nil
}
