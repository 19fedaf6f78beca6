package uplink

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

// session is the work over one connection.
type session struct {
	u      *Uplink
	ctx    context.Context
	stream bus.Stream
	listed []string
	chains []*chain
	turn   int // chain that sends next

	flights  chan flight
	results  chan result
	count    int // under way
	bytes    int
	sequence uint64    // of the last ack
	looked   time.Time // at the stream's identity
}

// chain is one origin's state in a session.
type chain struct {
	origin   fact.OriginID
	current  bool
	first    uint64
	head     fact.Mark // last that may leave
	sent     uint64    // handed to the bus
	acked    uint64    // in the stream, or with all listed servers
	ackedAt  time.Time
	askedAt  time.Time
	sequence uint64 // in the stream, of the last message known to be there
	count    int    // messages under way
	rewind   bool   // go back to `to` once none is under way
	to       uint64
}

type flight struct {
	chain *chain
	last  uint64
	facts uint64
	bytes int
	ack   *bus.Ack
}

type result struct {
	flight
	sequence uint64
	err      error
}

// session compares, then sends until something fails.
func (u *Uplink) session(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(context.Canceled)
	s := &session{u: u, ctx: ctx, flights: make(chan flight, flightCount), results: make(chan result, flightCount)}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(context.Canceled) // before the wait
	wg.Go(s.collect)
	if err := s.begin(); err != nil {
		return err
	}
	if u.o.Clock != nil {
		wg.Go(func() { u.clock(ctx) })
	}
	return s.loop()
}

// collect waits for the acks in the order of sending.
func (s *session) collect() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case f := <-s.flights:
			seq, err := f.ack.Wait(s.ctx)
			s.results <- result{f, seq, err} // never blocks: as many places as flights
		}
	}
}

// begin compares the outbox with the stream and the servers before anything is
// sent, and finds from where to send.
func (s *session) begin() (err error) {
	u := s.u
	if s.stream, err = u.o.Bus.EnsureStream(s.ctx); err != nil {
		return err
	}
	s.looked = time.Now()
	s.listed = slices.Clone(u.o.Servers())
	if err := s.loadChains(); err != nil {
		return err
	}
	for _, p := range u.peers {
		p.answered, p.asked = false, false
	}
	u.box.take()
	for _, c := range s.chains {
		if u.subs[c.origin] == nil {
			put := func(m fact.Mark) { u.box.put(m, slices.Contains(u.o.Servers(), m.Server)) }
			if u.subs[c.origin], err = u.o.Bus.OnMarks(c.origin, put); err != nil {
				return err
			}
		}
		if err := u.o.Bus.Ask(c.origin); err != nil {
			return err
		}
	}
	equal := map[*chain]uint64{}
	for _, c := range s.chains {
		if equal[c], err = s.compareStream(c); err != nil {
			return err
		}
	}
	if err := s.answers(); err != nil {
		return err
	}
	kept, err := u.o.Outbox.Marks(s.ctx)
	if err != nil {
		return fmt.Errorf("uplink: marks: %w", err)
	}
	for _, c := range s.chains {
		c.sent = max(s.start(c, equal[c], kept), c.first-1)
		c.acked = c.sent
		u.note(c.origin, c.acked)

	}
	return nil
}

// loadChains reads the origins from which something may leave.
func (s *session) loadChains() error {
	all, err := s.u.o.Outbox.Chains(s.ctx)
	if err != nil {
		return fmt.Errorf("uplink: chains: %w", err)
	}
	for _, k := range all {
		if !k.Current && k.Last < k.First {
			continue
		}
		c := &chain{origin: k.Origin, current: k.Current, first: k.First}
		c.head = fact.Mark{Origin: k.Origin, Number: k.Last}
		if k.Current {
			c.head = s.u.o.Outbox.Head()
		} else if c.head.Hash, _, err = s.u.o.Outbox.HashAt(s.ctx, k.Origin, k.Last); err != nil {
			return fmt.Errorf("uplink: hash: %w", err)
		}
		s.chains = append(s.chains, c)
	}
	return nil
}

// answers waits until the listed servers have told their marks of all chains,
// or Answer has passed: one that is down must not hold up the others.
func (s *session) answers() error { return s.wait(s.hear) }

// wait takes marks in until all listed servers have told theirs, or Answer has
// passed. A question may have gone out before a server listened, so it is asked
// again meanwhile.
func (s *session) wait(take func() error) error {
	late := time.NewTimer(s.u.o.Answer)
	defer late.Stop()
	again := time.NewTicker(s.u.o.Answer / 5)
	defer again.Stop()
	for {
		if err := take(); err != nil {
			return err
		}
		if s.allAnswered() {
			return nil
		}
		select {
		case <-s.u.box.filled:
		case <-again.C:
			for _, c := range s.chains {
				if err := s.u.o.Bus.Ask(c.origin); err != nil {
					return err
				}
			}
		case <-late.C:
			return nil
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
}

// note waits like answers, and only notes the marks: a new origin is about to be
// opened, and the more is known of the other branch the better.
func (s *session) note() error {
	return s.wait(func() error {
		for _, m := range s.u.box.take() {
			if slices.Contains(s.listed, m.Server) {
				p := s.peer(m)
				p.mark, p.answered = m, true
			}
		}
		return nil
	})
}

func (s *session) allAnswered() bool {
	for _, c := range s.chains {
		for _, id := range s.listed {
			if p := s.u.peers[peerKey{id, c.origin}]; p == nil || !p.answered {
				return false
			}
		}
	}
	return true
}

// start is the number up to which a chain need not be sent: the lowest that a
// listed server needs. A server that still reads the stream gets from there
// what the stream holds; one that is down tells its mark when it is back.
func (s *session) start(c *chain, inStream uint64, kept []fact.Mark) uint64 {
	now, lowest, answered := time.Now(), c.head.Number, 0
	for _, id := range s.listed {
		p := s.u.peers[peerKey{id, c.origin}]
		if p == nil || !p.answered {
			continue
		}
		answered++
		need := max(p.mark.Number, inStream)
		if p.mark.Number < inStream && s.decides(c, p.mark) && p.maySend(now) {
			need = p.mark.Number
			p.sent(now)
		}
		lowest = min(lowest, need)
	}
	if answered > 0 {
		return lowest
	}
	if inStream > 0 {
		return min(inStream, lowest)
	}
	// Nobody to ask, and a stream that knows nothing: what all servers held when
	// they were last heard.
	for _, id := range s.listed {
		i := slices.IndexFunc(kept, func(m fact.Mark) bool { return m.Server == id && m.Origin == c.origin })
		if i < 0 {
			return 0
		}
		lowest = min(lowest, kept[i].Number)
	}
	if len(s.listed) == 0 {
		return 0
	}
	return lowest
}

// decides says whether the server has read all that the stream has of the
// chain: what it then lacks, it will not get from there.
func (s *session) decides(c *chain, m fact.Mark) bool {
	return m.CaughtUp && m.Stream == s.stream.Identity && m.Sequence >= c.sequence
}
