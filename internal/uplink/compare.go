package uplink

import (
	"fmt"

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
			return 0, s.reopen(c, all.reason, all.equal)
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
			f.reason = reasonOther
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

// reopen opens a new origin after the last number that is known to be equal with
// a server or the stream, and returns errAgain.
func (s *session) reopen(c *chain, reason string, agreed uint64) error {
	kept, err := s.u.o.Outbox.Marks(s.ctx)
	if err != nil {
		return fmt.Errorf("uplink: marks: %w", err)
	}
	for _, id := range s.listed {
		if p := s.u.peers[peerKey{id, c.origin}]; p != nil {
			kept = append(kept, p.mark)
		}
		for _, m := range kept {
			if m.Server != id || m.Origin != c.origin || m.Number <= agreed {
				continue
			}
			h, known, err := s.u.o.Outbox.HashAt(s.ctx, c.origin, m.Number)
			if err != nil {
				return fmt.Errorf("uplink: hash: %w", err)
			}
			if known && h == m.Hash {
				agreed = m.Number
			}
		}
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
	close(u.changed)
	u.changed = make(chan struct{})
	return errAgain
}
