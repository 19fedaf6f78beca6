package uplink

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

// Reasons for a new origin, for people.
const (
	reasonBehind = "restored: servers or the stream hold more than this outbox"
	reasonOther  = "copied or restored: servers or the stream hold another fact under a number of this outbox"
)

// compareStream looks at what the stream holds of the chain, and gives the last
// number there that is equal here; it is the last that was sent, not the
// highest. Where the stream shows that this outbox is an older copy, it opens a
// new origin.
func (s *session) compareStream(c *chain) (equal uint64, err error) {
	m, ok, err := s.u.o.Bus.Last(s.ctx, c.origin)
	if err != nil || !ok {
		return 0, err
	}
	c.sequence = m.Sequence
	found, err := s.compareMessage(c, m)
	if err != nil {
		return 0, err
	}
	if !c.current {
		return found.equal, nil
	}
	look := found.reason != ""
	if !look {
		h, known, err := s.u.o.Outbox.HashAt(s.ctx, c.origin, m.Head.Number)
		if err != nil {
			return 0, fmt.Errorf("uplink: hash: %w", err)
		}
		switch {
		case m.Head.Number == 0 || !found.signed:
			// Sent by a server for this origin, or by nobody honest: what came
			// before it is looked through, once.
			look = s.u.scanned[c.origin] != s.stream.Identity
		case m.Head.Number > c.head.Number || known && h != m.Head.Hash:
			look = true // whoever sent it knew more; it may have been this outbox
		}
	}
	if look {
		all, err := s.scan(c)
		if err != nil {
			return 0, err
		}
		if all.reason != "" {
			if err := s.note(); err != nil {
				return 0, err
			}
			return 0, s.reopen(c, all.reason, all)
		}
		if found.equal == 0 { // the last message is none of ours
			return all.equal, nil
		}
	}
	s.u.scanned[c.origin] = s.stream.Identity
	return found.equal, nil
}

// finding is what messages of the stream say about a chain.
type finding struct {
	signed bool   // a batch of the chain was among them
	equal  uint64 // highest number with the same hash here
	other  uint64 // lowest number with another hash here; 0: none
	reason string // why this outbox is not the chain's only writer, or empty
}

// compareMessage compares the facts of one message with those here. What is not
// signed by this origin says nothing.
func (s *session) compareMessage(c *chain, m bus.Message) (f finding, err error) {
	b, err := fact.Open(m.Data)
	if err != nil || b.Origin != c.origin {
		return f, nil
	}
	f.signed = true
	// The chain of hashes: equal at one number is equal at all below.
	for i := len(b.Records) - 1; i >= 0; i-- {
		r := &b.Records[i]
		h, known, err := s.u.o.Outbox.HashAt(s.ctx, c.origin, r.Number)
		switch {
		case err != nil:
			return f, fmt.Errorf("uplink: hash: %w", err)
		case known && h == r.Hash:
			f.equal = r.Number
			return f, nil
		case known:
			f.reason, f.other = reasonOther, r.Number
		case r.Number > c.head.Number && f.reason == "":
			// The head may have grown since it was looked at.
			if head := s.u.o.Outbox.Head(); head.Origin == c.origin && r.Number > head.Number {
				f.reason = reasonBehind
			}
		}
	}
	return f, nil
}

// scan compares all that the stream holds of the chain.
func (s *session) scan(c *chain) (all finding, err error) {
	err = s.u.o.Bus.Scan(s.ctx, c.origin, func(m bus.Message) error {
		f, err := s.compareMessage(c, m)
		if err != nil {
			return err
		}
		all.signed = all.signed || f.signed
		all.equal = max(all.equal, f.equal)
		if f.other != 0 && (all.other == 0 || f.other < all.other) {
			all.other = f.other
		}
		if f.reason == reasonOther || all.reason == "" {
			all.reason = f.reason
		}
		return nil
	})
	return all, err
}

// differs says why a listed server's mark shows that this outbox is an older
// copy, or nothing.
func (s *session) differs(c *chain, m fact.Mark) (string, error) {
	if m.Number == 0 {
		return "", nil
	}
	if c.current && m.Number > s.u.o.Outbox.Head().Number {
		return reasonBehind, nil
	}
	h, known, err := s.u.o.Outbox.HashAt(s.ctx, c.origin, m.Number)
	if err != nil {
		return "", fmt.Errorf("uplink: hash: %w", err)
	}
	if known && h != m.Hash {
		return reasonOther, nil
	}
	return "", nil
}

// reopen opens a new origin after the last number that this outbox shares with
// every other branch of its chain, and returns errAgain. That number matters:
// the new origin tells servers from where on this branch is given up, and they
// let the other one count; told too low or too high, facts of the other branch
// might lose to a branch that is recorded again anyhow.
func (s *session) reopen(c *chain, reason string, stream finding) error {
	agreed := uint64(math.MaxUint64)
	if stream.other > 0 {
		agreed = stream.other - 1
	}
	for _, id := range s.listed {
		p := s.u.peers[peerKey{id, c.origin}]
		if p == nil || p.mark.Number == 0 {
			continue
		}
		shared, branch, err := s.shared(c, p.mark)
		if err != nil {
			// It went away, or is of an earlier version. Waiting for it would hold
			// up ratings; what is known without it has to do.
			s.u.log.Warn("uplink: a server does not tell its hashes", "server", id, "error", err)
			continue
		}
		if branch {
			agreed = min(agreed, shared)
		}
	}
	if agreed == math.MaxUint64 {
		known, err := s.lastKnown(c)
		if err != nil {
			return err
		}
		agreed = max(known, stream.equal)
	}
	s.u.log.Warn("uplink: opening a new origin", "origin", c.origin, "head", c.head.Number, "agreed", agreed, "reason", reason)
	if err := s.u.o.Outbox.Reopen(s.ctx, reason, agreed); err != nil {
		return err
	}
	head := s.u.o.Outbox.Head()
	u := s.u
	u.mu.Lock()
	defer u.mu.Unlock()
	u.moved[c.origin] = head
	u.seen.reopens++
	u.stir()
	return errAgain
}

// shared finds the last number at which this outbox and a server's chain are
// the same, and whether the server's goes on otherwise than this one.
func (s *session) shared(c *chain, m fact.Mark) (number uint64, branch bool, err error) {
	head := s.u.o.Outbox.Head()
	upTo := min(m.Number, head.Number)
	same := func(n uint64) (bool, error) {
		mine, known, err := s.u.o.Outbox.HashAt(s.ctx, c.origin, n)
		if err != nil {
			return false, fmt.Errorf("uplink: hash: %w", err)
		}
		if !known {
			return n < c.first, nil // pruned, since all servers held it
		}
		if n == m.Number {
			return mine == m.Hash, nil
		}
		asked, done := context.WithTimeout(s.ctx, hashLate)
		defer done()
		theirs, held, err := s.u.o.Bus.HashAt(asked, m.Server, c.origin, n)
		return held && theirs == mine, err
	}
	number, err = bus.Agreed(upTo, same)
	return number, number < m.Number, err
}

// hashLate is how long a server may take to tell a hash.
const hashLate = 2 * time.Second

// lastKnown is the highest number that a listed server's mark, also one kept
// from before, shows to be the same there.
func (s *session) lastKnown(c *chain) (known uint64, err error) {
	kept, err := s.u.o.Outbox.Marks(s.ctx)
	if err != nil {
		return 0, fmt.Errorf("uplink: marks: %w", err)
	}
	for _, id := range s.listed {
		if p := s.u.peers[peerKey{id, c.origin}]; p != nil {
			kept = append(kept, p.mark)
		}
	}
	for _, m := range kept {
		if !slices.Contains(s.listed, m.Server) || m.Origin != c.origin || m.Number <= known {
			continue
		}
		h, ok, err := s.u.o.Outbox.HashAt(s.ctx, c.origin, m.Number)
		if err != nil {
			return 0, fmt.Errorf("uplink: hash: %w", err)
		}
		if ok && h == m.Hash {
			known = m.Number
		}
	}
	return known, nil
}
