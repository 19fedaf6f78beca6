package account

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// OnEnd calls fn with the account whenever one of its sessions ends, also at
// another server: live pages look then whether they still may go on. fn must not
// block. To be called before Run.
func (s *Sessions) OnEnd(fn func(account [16]byte)) { s.watch = append(s.watch, fn) }

func (s *Sessions) tell(account [16]byte) {
	for _, fn := range s.watch {
		fn(account)
	}
}

// Run keeps the sessions as all servers have them, until ctx ends, over all
// faults. It returns ctx's error, or the bus's where that was closed before.
func (s *Sessions) Run(ctx context.Context) error {
	for {
		link, release, err := s.bucket.bus.Connected(ctx)
		if err != nil {
			return err
		}
		err = s.mirror(link)
		ended := link.Err() != nil
		release()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if ended {
			continue
		}
		s.log.Warn("follow the sessions", "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// mirror follows the bucket for as long as a connection stands.
func (s *Sessions) mirror(link context.Context) error {
	kv, err := s.bucket.fresh(link)
	if err != nil {
		return err
	}
	w, err := kv.WatchAll(link)
	if err != nil {
		return err
	}
	defer w.Stop()
	seen := map[string]bool{}
	tick := time.NewTicker(touchEvery)
	defer tick.Stop()
	for {
		select {
		case <-link.Done():
			return context.Cause(link)
		case e, ok := <-w.Updates():
			switch {
			case !ok:
				return errors.New("account: the watch ended")
			case e == nil:
				s.settle(seen)
				seen = nil
				continue
			}
			_, good := s.take(e)
			switch {
			case good && seen != nil:
				seen[e.Key()] = true
			case !good && e.Operation() == jetstream.KeyValuePut: // ended here while the bucket was away
				if err := s.erase(link, e.Key()); err != nil {
					return err
				}
			}
		case <-tick.C:
			s.sweep()
			if _, err := kv.Status(link); err != nil {
				return err
			}
		}
	}
}

// settle forgets what the bucket does not have, now that all of it was read. A
// session that was made meanwhile is found in the bucket by whoever asks for it.
func (s *Sessions) settle(seen map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.known {
		if !seen[key] {
			delete(s.known, key)
		}
	}
}

// sweep forgets what has lasted its time.
func (s *Sessions) sweep() {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, x := range s.known {
		if !x.lasts(now) {
			delete(s.known, key)
			s.tell(x.Account)
		}
	}
	for id, at := range s.ended {
		if now.Sub(at) > Absolute {
			delete(s.ended, id)
		}
	}
	for key, at := range s.gone {
		if now.Sub(at) > 2*Idle { // the bucket has it no more either
			delete(s.gone, key)
		}
	}
}
