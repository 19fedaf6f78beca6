package httpx

import (
	"log/slog"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/survey"
)

// Bounds of Misses. Behind a carrier's address are thousands of honest phones,
// of whom a few mistype; who guesses is far beyond that within a minute.
const (
	missesFree    = 300                   // in an hour cost nothing
	missStep      = 10 * time.Millisecond // longer, for each one more
	missMost      = 2 * time.Second
	missWaiting   = 8   // requests of one network that are made to wait at a time
	missAllWait   = 256 // and of all
	missNetworks  = 50_000
	missesForgets = time.Hour
)

// Misses makes guessing at names that pages are found by slow. It counts only
// what was not found, by network (see Network), so that whoever asks for what
// there is is served always and at once, whoever else comes from their address.
// It counts in memory, each server its own, and forgets each hour.
type Misses struct {
	log  *slog.Logger
	now  func() time.Time
	wait func(time.Duration, <-chan struct{})

	mu      sync.Mutex
	hour    time.Time
	of      map[string]*missed
	waiting int
}

// missed is what is known of one network in this hour.
type missed struct{ count, waiting int }

// NewMisses makes one. The log is told once in an hour of each network that goes
// beyond what is free: addresses stand there and nowhere else in it.
func NewMisses(log *slog.Logger) *Misses {
	return &Misses{log: log, now: time.Now, of: map[string]*missed{}, wait: func(d time.Duration, ended <-chan struct{}) {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ended:
		}
	}}
}

// Count counts a request for what there is not. Beyond what is free it waits,
// longer each time, and gives survey.CodeTooManyRequests. Nil counts nothing.
func (m *Misses) Count(c *fiber.Ctx) error {
	if m == nil {
		return nil
	}
	x, wait, over := m.take(Network(c))
	if wait > 0 {
		m.wait(wait, c.Context().Done())
		m.mu.Lock()
		x.waiting--
		m.waiting--
		m.mu.Unlock()
	}
	if over {
		return survey.New(survey.CodeTooManyRequests)
	}
	return nil
}

// take counts one. Where wait is not 0 the caller gives it back.
func (m *Misses) take(network string) (x *missed, wait time.Duration, over bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if hour := m.now().Truncate(missesForgets); !hour.Equal(m.hour) {
		m.hour, m.of = hour, map[string]*missed{}
	}
	if x = m.of[network]; x == nil {
		for other := range m.of { // any one: memory is bounded
			if len(m.of) < missNetworks {
				break
			}
			delete(m.of, other)
		}
		x = &missed{}
		m.of[network] = x
	}
	x.count++
	if x.count <= missesFree {
		return x, 0, false
	}
	if x.count == missesFree+1 {
		m.log.Warn("so many unknown receipts are asked for that it looks like guessing; answers to it are slow from here on", "address", network, "in_this_hour", x.count)
	}
	if x.waiting >= missWaiting || m.waiting >= missAllWait {
		return x, 0, true
	}
	x.waiting++
	m.waiting++
	return x, min(time.Duration(x.count-missesFree)*missStep, missMost), true
}
