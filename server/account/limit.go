package account

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/survey"
)

// forgotten is how long after the last failure a key is as good as new.
const forgotten = time.Hour

// Limits make guessing slow: after some failures under a key one has to wait
// before the next attempt, twice as long each time, counted by all servers
// together. Keys are kept as keyed hashes.
type Limits struct {
	bucket bucket
	keys   Keys
	now    func() time.Time
}

// patient is how many failures cost nothing, and how long one waits at most.
type patient struct {
	free int
	most time.Duration
}

// By kind of key. Where many people share an address, as behind a carrier, only
// very many failures slow it down; and nobody can lock somebody else out of
// their account for longer than a minute.
var patiences = map[string]patient{
	"pair":    {3, 15 * time.Minute},
	"account": {20, time.Minute},
	"address": {100, time.Minute},
}

// ByPair is the key of attempts at a name from an address.
func ByPair(address, name string) string { return "pair/" + address + "/" + name }

// ByAccount is the key of attempts at a name, from wherever.
func ByAccount(name string) string { return "account/" + name }

// ByAddress is the key of attempts from an address, at whatever.
func ByAddress(address string) string { return "address/" + address }

// failures is what is kept of a key.
type failures struct {
	Count int       `json:"count"`
	Last  time.Time `json:"last"`
}

func newLimits(o Options) *Limits {
	return &Limits{bucket: bucket{bus: o.Bus, name: "hailong_limits", ttl: forgotten}, keys: o.Keys, now: o.Now}
}

// wait is how long after the failures the next attempt may come.
func (f failures) wait(key string, now time.Time) time.Duration {
	kind, _, _ := strings.Cut(key, "/")
	p, ok := patiences[kind]
	if !ok {
		p = patiences["pair"]
	}
	if f.Count < p.free {
		return 0
	}
	all := min(time.Second<<min(f.Count-p.free, 20), p.most)
	return min(max(all-now.Sub(f.Last), 0), all) // clocks of servers differ
}

// Allow says how long to wait before an attempt under a key; 0: now.
func (l *Limits) Allow(ctx context.Context, key string) (time.Duration, error) {
	f, _, err := l.get(ctx, key)
	return f.wait(key, l.now()), err
}

// Fail counts a failure.
func (l *Limits) Fail(ctx context.Context, key string) error {
	_, err := l.change(ctx, key, func(f failures) (failures, time.Duration) { return failures{f.Count + 1, l.now()}, 0 })
	return err
}

// Try is Allow and, where there is no wait, Fail in one: of many attempts at the
// same time no more than may get through. Who then succeeds says Succeed or
// Forgive.
func (l *Limits) Try(ctx context.Context, key string) (time.Duration, error) {
	return l.change(ctx, key, func(f failures) (failures, time.Duration) {
		if wait := f.wait(key, l.now()); wait > 0 {
			return f, wait
		}
		return failures{f.Count + 1, l.now()}, 0
	})
}

// Succeed forgets all failures under a key.
func (l *Limits) Succeed(ctx context.Context, key string) error {
	_, err := l.change(ctx, key, func(failures) (failures, time.Duration) { return failures{}, 0 })
	return err
}

// Forgive takes back one attempt.
func (l *Limits) Forgive(ctx context.Context, key string) error {
	_, err := l.change(ctx, key, func(f failures) (failures, time.Duration) { return failures{max(f.Count-1, 0), f.Last}, 0 })
	return err
}

func (l *Limits) get(ctx context.Context, key string) (f failures, revision uint64, err error) {
	var e jetstream.KeyValueEntry
	err = l.bucket.do(ctx, func(ctx context.Context, kv jetstream.KeyValue) (err error) {
		e, err = kv.Get(ctx, l.name(key))
		return err
	})
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return f, 0, nil
	}
	if err != nil {
		return f, 0, err
	}
	if err := json.Unmarshal(e.Value(), &f); err != nil {
		return f, 0, survey.Wrap(survey.CodeInternal, err)
	}
	return f, e.Revision(), nil
}

// change puts what fn makes of the failures, unless fn says to wait. Where others
// change them at the same time it is tried again, and then one waits.
func (l *Limits) change(ctx context.Context, key string, fn func(failures) (failures, time.Duration)) (time.Duration, error) {
	for range 20 {
		f, revision, err := l.get(ctx, key)
		if err != nil {
			return 0, err
		}
		next, wait := fn(f)
		if wait > 0 || next == f {
			return wait, nil
		}
		value, err := json.Marshal(next)
		if err != nil {
			return 0, err
		}
		err = l.bucket.do(ctx, func(ctx context.Context, kv jetstream.KeyValue) error {
			if revision == 0 {
				_, err := kv.Create(ctx, l.name(key), value)
				return err
			}
			_, err := kv.Update(ctx, l.name(key), value, revision)
			return err
		})
		if !errors.Is(err, jetstream.ErrKeyExists) && !errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
			return 0, err
		}
	}
	return time.Second, nil
}

func (l *Limits) name(key string) string { return keyed(l.keys, "hailong/limits", key) }
