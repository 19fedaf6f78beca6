package uplink

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hailong/internal/fact"
)

// loop sends, and hears acks and marks, until something fails.
func (s *session) loop() error {
	tick := time.NewTicker(max(s.u.o.Stall/4, time.Millisecond))
	defer tick.Stop()
	for {
		if err := s.fill(); err != nil {
			return err
		}
		s.u.progress(s)
		var err error
		select {
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		case r := <-s.results:
			err = s.acked(r)
			for err == nil && len(s.results) > 0 {
				err = s.acked(<-s.results)
			}
		case <-s.u.box.filled:
			err = s.hear()
		case <-s.u.o.Outbox.Changed():
		case <-tick.C:
			err = s.review()
		}
		if err != nil {
			return err
		}
	}
}

// fill sends what there is and what may be under way.
func (s *session) fill() error {
	for idle := 0; idle < len(s.chains) && s.count < flightCount && s.bytes < flightBytes; {
		c := s.chains[s.turn%len(s.chains)]
		s.turn++
		sent, err := s.send(c)
		if err != nil {
			return err
		}
		idle++
		if sent {
			idle = 0
		}
	}
	return nil
}

// send sends the chain's next message, if it is time for one: at once where
// none is under way, else when there is enough for a full one or the ack has
// come. So a tap leaves alone and at once, and a rush leaves in few messages.
func (s *session) send(c *chain) (bool, error) {
	if c.current {
		if c.head = s.u.o.Outbox.Head(); c.head.Origin != c.origin {
			return false, errAgain
		}
	}
	if c.rewind || c.sent >= c.head.Number || c.count > 0 && c.head.Number-c.sent < batchFacts {
		return false, nil
	}
	data, last, err := s.u.o.Outbox.Batch(s.ctx, c.origin, c.sent, batchFacts, batchBytes)
	if err != nil {
		return false, fmt.Errorf("uplink: batch: %w", err)
	}
	if len(data) == 0 {
		return false, nil
	}
	ack, err := s.u.o.Bus.Publish(c.origin, data, c.head)
	if err != nil {
		return false, err
	}
	f := flight{chain: c, last: last, facts: last - c.sent, bytes: len(data), ack: ack}
	s.flights <- f // never blocks: as many places as flights
	s.count++
	s.bytes += f.bytes
	c.count++
	c.sent = last
	return true, nil
}

// acked takes an ack; acks come in the order of sending.
func (s *session) acked(r result) error {
	if r.err != nil {
		return r.err
	}
	c := r.chain
	s.count--
	s.bytes -= r.bytes
	c.count--
	if r.sequence <= s.sequence {
		return fmt.Errorf("%w: the stream begins anew", errAgain)
	}
	s.sequence, c.sequence, c.ackedAt = r.sequence, r.sequence, time.Now()
	s.u.acknowledged(r)
	s.u.note(c.origin, r.last)
	c.acked = r.last
	s.turnBack(c)
	return nil
}

// goBack lets the chain be sent again from above a number.
func (s *session) goBack(c *chain, to uint64) {
	to = max(to, c.first-1)
	if to >= c.acked {
		return // what it lacks is no longer here: other servers give it
	}
	if c.rewind {
		to = min(to, c.to)
	}
	c.rewind, c.to = true, to
	s.turnBack(c)
}

// turnBack goes back once nothing is under way.
func (s *session) turnBack(c *chain) {
	if c.rewind && c.count == 0 {
		s.u.log.Info("uplink: sending again", "origin", c.origin, "above", c.to)
		c.rewind, c.sent, c.acked = false, c.to, c.to
	}
}

// hear takes the marks that came.
func (s *session) hear() error {
	s.listed = slices.Clone(s.u.o.Servers())
	for _, m := range s.u.box.take() {
		listed := slices.Contains(s.listed, m.Server)
		s.u.heard(m, listed)
		i := slices.IndexFunc(s.chains, func(c *chain) bool { return c.origin == m.Origin })
		if !listed || i < 0 {
			continue
		}
		if err := s.mark(s.chains[i], m); err != nil {
			return err
		}
	}
	return nil
}

// mark takes a listed server's mark of a chain.
func (s *session) mark(c *chain, m fact.Mark) error {
	reason, err := s.differs(c, m)
	if err != nil {
		return err
	}
	if reason != "" {
		if c.current {
			all, err := s.scan(c)
			if err != nil {
				return err
			}
			s.peer(m).mark = m
			return s.reopen(c, reason, all)
		}
		// A given-up origin of which the server follows another branch: nothing
		// sent from here would change that.
		m.Number, m.Hash = max(m.Number, c.head.Number), c.head.Hash
	} else if err := s.u.o.Outbox.Marked(s.ctx, m); err != nil {
		return fmt.Errorf("uplink: keep a mark: %w", err)
	}
	p := s.peer(m)
	if p.mark.Number != m.Number || p.mark.Incarnation != m.Incarnation {
		p.moved = time.Now()
	}
	p.mark, p.answered = m, true
	return s.consider(c, p)
}

// peer is what is known of the server that said a mark.
func (s *session) peer(m fact.Mark) *peer {
	k := peerKey{m.Server, m.Origin}
	p := s.u.peers[k]
	if p == nil {
		p = &peer{}
		s.u.peers[k] = p
	}
	return p
}

// consider sends again what a server lacks, where it will not get it from the
// stream any more.
func (s *session) consider(c *chain, p *peer) error {
	if p.mark.Number >= c.acked || !p.mark.CaughtUp {
		return nil
	}
	now := time.Now()
	if s.decides(c, p.mark) || p.asked {
		p.asked = false
		if p.maySend(now) {
			p.sent(now)
			s.goBack(c, p.mark.Number)
		}
		return nil
	}
	if p.mark.Stream != s.stream.Identity {
		return s.lookAtStream(now)
	}
	return nil
}

// lookAtStream sees whether the stream was deleted and made anew, at most once
// a second: a server may also read a copy of it.
func (s *session) lookAtStream(now time.Time) error {
	if now.Sub(s.looked) < time.Second {
		return nil
	}
	s.looked = now
	st, err := s.u.o.Bus.EnsureStream(s.ctx)
	if err != nil {
		return err
	}
	if st.Identity != s.stream.Identity {
		return fmt.Errorf("%w: another stream", errAgain)
	}
	return nil
}

// review asks the servers whose mark stands still below what was sent, or that
// have not answered; their next word decides, whatever stream they read.
func (s *session) review() error {
	now := time.Now()
	s.listed = slices.Clone(s.u.o.Servers())
	for _, c := range s.chains {
		ask := false
		for _, id := range s.listed {
			p := s.u.peers[peerKey{id, c.origin}]
			if p == nil {
				ask = true
				continue
			}
			if p.answered && p.mark.Number >= c.acked {
				continue
			}
			if p.answered && p.mark.Stream != s.stream.Identity {
				if err := s.lookAtStream(now); err != nil {
					return err
				}
			}
			if now.Sub(c.ackedAt) < s.u.o.Stall || now.Sub(p.moved) < s.u.o.Stall || !p.maySend(now) {
				continue
			}
			p.asked, ask = true, true
		}
		if ask && now.Sub(c.askedAt) >= s.u.o.Stall {
			c.askedAt = now
			if err := s.u.o.Bus.Ask(c.origin); err != nil {
				return err
			}
		}
	}
	return nil
}
