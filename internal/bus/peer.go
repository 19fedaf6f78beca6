package bus

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	"hailong/internal/fact"
)

// On core NATS: what hash a server holds at a number of an origin's chain, asked
// for by servers on hl.hash.<server>, and by devices on hl.hash.<server>.<key>.
const hashSubject = "hl.hash."

type hashQuestion struct {
	_      struct{} `cbor:",toarray"`
	Origin fact.OriginID
	Number uint64
}

type hashAnswer struct {
	_    struct{} `cbor:",toarray"`
	Held bool
	Hash fact.Hash
}

// OnEveryMark calls fn for the marks of all origins, one at a time, until stop.
// fn must not block.
func (b *Bus) OnEveryMark(fn func(fact.Mark)) (stop func(), err error) {
	return b.told(markSubject+"*.*", func(m *nats.Msg) {
		if mark, ok := b.readMark(m); ok {
			fn(mark)
		}
	})
}

// HashAt asks a server for the hash that it holds at a number of an origin's
// chain; held is false where it holds none.
func (b *Bus) HashAt(ctx context.Context, server string, origin fact.OriginID, number uint64) (h fact.Hash, held bool, err error) {
	question, err := fact.Marshal(&hashQuestion{Origin: origin, Number: number})
	if err != nil {
		return h, false, fmt.Errorf("bus: hash: %w", err)
	}
	subject := hashSubject + server
	if b.o.Server == nil {
		subject += "." + b.key
	}
	m, err := b.nc.RequestWithContext(ctx, subject, question)
	if err != nil {
		return h, false, fmt.Errorf("bus: hash: %w", requestError(ctx, err))
	}
	var a hashAnswer
	if err := fact.Unmarshal(m.Data, &a); err != nil {
		return h, false, fmt.Errorf("bus: hash: %w", err)
	}
	return a.Hash, a.Held, nil
}

// ServeHash answers HashAt for a server until stop. asker is the public key of
// the device that asks, which has a right to its own chains alone; nil: it is a
// server. Where fn fails nothing is answered.
func (b *Bus) ServeHash(server string, fn func(asker []byte, origin fact.OriginID, number uint64) (h fact.Hash, held bool, err error)) (stop func(), err error) {
	answer := func(m *nats.Msg) {
		var q hashQuestion
		var asker []byte
		if key := strings.TrimPrefix(m.Subject, hashSubject+server); key != "" {
			var err error
			if asker, err = hex.DecodeString(key[1:]); err != nil {
				return
			}
		}
		if fact.Unmarshal(m.Data, &q) != nil {
			return
		}
		h, held, err := fn(asker, q.Origin, q.Number)
		if err != nil {
			b.log.Warn("bus: hash", "error", err)
			return
		}
		b.reply(m, &hashAnswer{Held: held, Hash: h})
	}
	stopServers, err := b.subscribe(hashSubject+server, "", answer)
	if err != nil {
		return nil, err
	}
	stopDevices, err := b.subscribe(hashSubject+server+".*", "", answer)
	if err != nil {
		stopServers()
		return nil, err
	}
	return func() { stopServers(); stopDevices() }, nil
}

// Agreed finds the last number, up to a bound, at which two chains of one origin
// are the same, as same tells. Hashes being chained, all before it is the same
// too. 0: nothing is.
func Agreed(upTo uint64, same func(number uint64) (bool, error)) (uint64, error) {
	low, high := uint64(0), upTo // the same at low; above high it is not
	for low < high {
		mid := high - (high-low)/2
		ok, err := same(mid)
		if err != nil {
			return 0, err
		}
		if ok {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low, nil
}
