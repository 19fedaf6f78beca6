package follow

import (
	"context"
	"slices"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

// A fact that only one server still has (the stream was lost, the kiosk's disk
// too) reaches the others: where another server's mark for an origin stays
// behind what this one holds, or names another hash, this one publishes those
// facts again with the signatures that it stored.

type lagKey struct {
	server string
	origin fact.OriginID
}

type lag struct {
	mark  fact.Mark
	since time.Time
	tries int
}

// heard notes that a server's mark differs from this one's: it may lack
// something that is held here.
func (f *Follower) heard(m fact.Mark) {
	if m.Server == f.o.Server || !slices.Contains(f.o.Servers, m.Server) || !m.CaughtUp {
		return
	}
	own := f.o.Projection.Mark(m.Origin)
	k := lagKey{m.Server, m.Origin}
	f.mu.Lock()
	defer f.mu.Unlock()
	if own.Number == 0 || (own.Number == m.Number && own.Hash == m.Hash) {
		delete(f.behind, k)
		return
	}
	if l := f.behind[k]; l == nil || l.mark.Number != m.Number || l.mark.Hash != m.Hash {
		f.behind[k] = &lag{mark: m, since: f.o.Now()}
	}
}

// refill looks now and then for servers that stay behind.
func (f *Follower) refill(ctx context.Context) {
	tick := time.NewTicker(max(f.o.Lag/4, 50*time.Millisecond))
	defer tick.Stop()
	asked := time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := f.o.Now()
		if now.Sub(asked) >= f.o.Round {
			asked = now
			f.askAll()
		}
		for k, l := range f.due(now) {
			if err := f.give(ctx, k, l); err != nil && ctx.Err() == nil {
				f.o.Log.Warn("give another server what it lacks", "server", k.server, "origin", k.origin, "error", err)
			}
			// Its answer, once it has read what was given, ends the lag or
			// begins it anew.
			if err := f.o.Bus.Ask(k.origin); err != nil {
				break
			}
		}
	}
}

// due gives the lags that lasted long enough, each try waiting twice as long.
func (f *Follower) due(now time.Time) map[lagKey]lag {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[lagKey]lag{}
	for k, l := range f.behind {
		if now.Sub(l.since) >= f.o.Lag<<min(l.tries, 5) {
			l.since = now
			l.tries++
			out[k] = *l
		}
	}
	return out
}

// askAll asks for the marks of every origin known here: a server that was put
// back may not even know of them.
func (f *Follower) askAll() {
	for _, m := range f.o.Projection.Marks() {
		if f.o.Bus.Ask(m.Origin) != nil {
			return
		}
	}
}

// give publishes what a server lacks of an origin's chain.
func (f *Follower) give(ctx context.Context, k lagKey, l lag) error {
	own := f.o.Projection.Mark(k.origin)
	after, err := bus.Agreed(min(l.mark.Number, own.Number), func(n uint64) (bool, error) {
		mine, ok, err := f.o.Projection.HashAt(ctx, k.origin, n)
		if err != nil || !ok {
			return false, err
		}
		asked, done := context.WithTimeout(ctx, 2*time.Second)
		defer done()
		theirs, held, err := f.o.Bus.HashAt(asked, k.server, k.origin, n)
		return held && theirs == mine, err
	})
	if err != nil || after == own.Number {
		return err
	}
	f.o.Log.Info("giving another server what it lacks", "server", k.server, "origin", k.origin, "from", after+1, "to", own.Number)
	for after < own.Number {
		data, last, err := f.o.Projection.Batch(ctx, k.origin, after, 500)
		if err != nil || data == nil {
			return err
		}
		ack, err := f.o.Bus.Publish(k.origin, data, fact.Mark{})
		if err != nil {
			return err
		}
		if _, err := ack.Wait(ctx); err != nil {
			return err
		}
		after = last
	}
	return nil
}
