package uplink

import (
	"context"
	"time"

	"hailong/internal/fact"
)

const (
	clockKey   = "uplink.clock"
	clockPause = 10 * time.Minute
	// clockLate is the longest round trip of which half still says something.
	clockLate = 2 * time.Second
)

// lastClock is what is kept of the last clock fact.
type lastClock struct {
	_      struct{} `cbor:",toarray"`
	Origin fact.OriginID
	Boot   [16]byte
	Mono   int64
}

// clock asks for the time until a server has told it, and records it: for each
// boot and origin the first, then one in ten minutes at most.
func (u *Uplink) clock(ctx context.Context) {
	for wait := 2 * time.Second; ctx.Err() == nil; wait = min(2*wait, 15*time.Second) {
		done, err := u.askTime(ctx)
		if done {
			return
		}
		if err != nil && ctx.Err() == nil {
			u.log.Debug("uplink: the time", "error", err)
		}
		if pause(ctx, wait) != nil {
			return
		}
	}
}

func (u *Uplink) askTime(ctx context.Context) (done bool, err error) {
	now, origin := u.o.Stamp(), u.o.Outbox.Head().Origin
	raw, err := u.o.Outbox.Value(ctx, clockKey)
	if err != nil {
		return false, err
	}
	var last lastClock
	if len(raw) > 0 && fact.Unmarshal(raw, &last) == nil && last.Boot == now.Boot && last.Origin == origin &&
		now.Mono >= last.Mono && now.Mono-last.Mono < clockPause.Milliseconds() {
		return true, nil
	}
	asked, cancel := context.WithTimeout(ctx, clockLate)
	defer cancel()
	_, milli, trip, err := u.o.Bus.Time(asked)
	now = u.o.Stamp()
	if err != nil || trip > clockLate {
		return false, err
	}
	u.contact()
	c := fact.Clock{Boot: now.Boot, Mono: now.Mono, Server: milli + trip.Milliseconds()/2}
	if err := u.o.Clock(ctx, c); err != nil {
		return false, err
	}
	raw, err = fact.Marshal(&lastClock{Origin: origin, Boot: now.Boot, Mono: now.Mono})
	if err != nil {
		return false, err
	}
	return true, u.o.Outbox.SetValue(ctx, clockKey, raw)
}
