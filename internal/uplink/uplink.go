// Package uplink drains an outbox to the bus until every listed server holds
// every fact: it batches, sends, hears the servers' watermarks, sends again
// what a server lacks, and opens a new origin where the outbox turns out to be
// an older copy. Beside the facts it carries the words that they name.
//
// An ack of the stream only means «on its way»; what a server holds is told by
// its watermark alone, which may fall.
package uplink

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/internal/outbox"
)

// Outbox is what the uplink needs of an outbox (*outbox.Outbox has it). Numbers
// are those of an origin's chain.
type Outbox interface {
	// Head is the end of the current origin's chain.
	Head() fact.Mark
	// Changed is signalled after each commit; the uplink is its one reader.
	Changed() <-chan struct{}
	// Chains gives all origins, oldest first, with what may leave of each.
	Chains(ctx context.Context) ([]outbox.Chain, error)
	// Batch packs the facts above a number; no data where none may leave.
	Batch(ctx context.Context, origin fact.OriginID, after uint64, maxFacts, maxBytes int) (data []byte, last uint64, err error)
	// HashAt is the hash of a fact that the outbox still knows.
	HashAt(ctx context.Context, origin fact.OriginID, number uint64) (h fact.Hash, ok bool, err error)
	// Marked keeps a server's watermark, Marks gives those kept.
	Marked(ctx context.Context, m fact.Mark) error
	Marks(ctx context.Context) ([]fact.Mark, error)
	// Reopen goes on under a new origin.
	Reopen(ctx context.Context, reason string, agreed uint64) error
	// Value and SetValue keep small things over restarts.
	Value(ctx context.Context, key string) ([]byte, error)
	SetValue(ctx context.Context, key string, v []byte) error

	// WordsChanged is signalled after each commit with words; the uplink is its
	// one reader.
	WordsChanged() <-chan struct{}
	// UnsentWords and CountUnsentWords give those that the stream has not taken;
	// MarkSent notes that it has, WordsSent says so.
	UnsentWords(ctx context.Context, limit int) ([][]byte, error)
	CountUnsentWords(ctx context.Context) (int64, error)
	MarkSent(ctx context.Context, digests ...[32]byte) error
	WordsSent(ctx context.Context, digest [32]byte) (bool, error)
	// Words gives those with a digest, WordsDigests lists what there is, PruneWords
	// deletes what confirm allows, EraseWords what is to be kept nowhere.
	Words(ctx context.Context, digest [32]byte) (words []byte, ok bool, err error)
	WordsDigests(ctx context.Context, after int64, limit int) (digests [][32]byte, next int64, err error)
	EraseWords(ctx context.Context, digests ...[32]byte) (erased int64, err error)
	PruneWords(ctx context.Context, confirm func(ctx context.Context, digests [][32]byte) (held [][32]byte, err error)) (int64, error)
}

// Bus is what the uplink needs of NATS (*bus.Bus has it).
type Bus interface {
	Connected(ctx context.Context) (context.Context, context.CancelFunc, error)
	State() (connected bool, err error)
	EnsureStream(ctx context.Context) (bus.Stream, error)
	Publish(origin fact.OriginID, data []byte, head fact.Mark) (*bus.Ack, error)
	Last(ctx context.Context, origin fact.OriginID) (m bus.Message, ok bool, err error)
	Scan(ctx context.Context, origin fact.OriginID, fn func(bus.Message) error) error
	OnMarks(origin fact.OriginID, fn func(fact.Mark)) (stop func(), err error)
	Ask(origin fact.OriginID) error
	HashAt(ctx context.Context, server string, origin fact.OriginID, number uint64) (h fact.Hash, held bool, err error)
	Time(ctx context.Context) (server string, milli int64, roundTrip time.Duration, err error)

	EnsureWords(ctx context.Context) error
	PublishWords(words []byte) (*bus.Ack, error)
	OnWantWords(fn func(digests [][32]byte)) (stop func(), err error)
	HeldWords(ctx context.Context, server string, digests [][32]byte) (held, gone [][32]byte, err error)
	OnGone(fn func(digests [][32]byte)) (stop func(), err error)
}

// Options of an Uplink. Outbox, Bus and Servers are needed.
type Options struct {
	Outbox Outbox
	Bus    Bus
	// Servers gives the ids of the servers that must hold every fact. What
	// others say is shown and binds nothing. It may change at any time.
	Servers func() []string
	// Clock records a clock fact (kiosks); nil: the time is not asked for. Stamp
	// is then needed: what time it is on this device.
	Clock func(ctx context.Context, c fact.Clock) error
	Stamp func() fact.Stamp
	Log   *slog.Logger

	// Answer is how long the listed servers may take to say their marks at a
	// connection before the first fact is sent; 0: 1 s.
	Answer time.Duration
	// Stall is how long a server's mark may stand still below what was sent
	// before it is asked for again, and then sent to again; 0: 15 s.
	Stall time.Duration
}

var (
	_ Outbox = (*outbox.Outbox)(nil)
	_ Bus    = (*bus.Bus)(nil)
)

// Limits of what is under way: a message, and all of them. 4 MiB keep a kiosk
// small and the stream busy.
const (
	batchFacts  = 500
	batchBytes  = 256 << 10
	flightCount = 64
	flightBytes = 4 << 20
)

// Uplink drains one outbox. Make it by New, run it by Run.
type Uplink struct {
	o   Options
	log *slog.Logger
	box mailbox

	// Of Run's goroutine alone.
	subs    map[fact.OriginID]func()
	peers   map[peerKey]*peer
	scanned map[fact.OriginID]int64 // identity of the stream in which all own messages were compared

	mu        sync.Mutex
	changed   chan struct{} // closed and replaced when what follows changes
	published map[fact.OriginID]uint64
	moved     map[fact.OriginID]fact.Mark // where a given-up origin's facts were recorded again, up to which number
	seen      seen
}

// New makes an uplink; nothing happens before Run.
func New(o Options) *Uplink {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Answer <= 0 {
		o.Answer = time.Second
	}
	if o.Stall <= 0 {
		o.Stall = 15 * time.Second
	}
	return &Uplink{
		o: o, log: o.Log, box: newMailbox(),
		subs: map[fact.OriginID]func(){}, peers: map[peerKey]*peer{}, scanned: map[fact.OriginID]int64{},
		changed:   make(chan struct{}),
		published: map[fact.OriginID]uint64{}, moved: map[fact.OriginID]fact.Mark{},
		seen: newSeen(),
	}
}

// errAgain ends a session that must start anew at once: a new origin was
// opened, or the stream is another one.
var errAgain = errors.New("uplink: compare anew")

// Run drains until ctx ends, over all faults, and returns ctx's error; or
// bus.ErrDisconnected where the bus was closed before.
func (u *Uplink) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var words sync.WaitGroup
	defer words.Wait()
	defer stop()
	words.Go(func() {
		if err := u.carry(ctx); err != nil && ctx.Err() == nil {
			u.log.Warn("uplink: words are not sent any more", "error", err)
		}
	})
	defer func() {
		for _, stop := range u.subs {
			stop()
		}
		clear(u.subs)
	}()
	for wait, again := time.Duration(0), 0; ; {
		link, release, err := u.o.Bus.Connected(ctx)
		if err != nil {
			return err
		}
		acked := u.acks()
		err = u.session(link)
		cut := link.Err() != nil
		release()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if u.acks() != acked {
			wait, again = 0, 0
		}
		if again++; errors.Is(err, errAgain) && again < 4 {
			continue
		}
		u.failed(err)
		if cut {
			wait = 0 // the bus has its own pauses between attempts
		} else {
			u.log.Warn("uplink: interrupted; trying again", "error", err)
		}
		// 100 ms doubling to 10 s, half of it random.
		wait = min(max(2*wait, 100*time.Millisecond), 10*time.Second)
		if err := pause(ctx, wait/2+rand.N(wait/2)); err != nil { // #nosec G404 -- spreads attempts in time
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// WaitPublished waits until the stream has acked the fact, or all listed servers
// hold it, or where its origin was given up, the same holds of what was recorded
// again. The error is ctx's.
func (u *Uplink) WaitPublished(ctx context.Context, ref fact.Ref) error {
	for {
		u.mu.Lock()
		changed, at := u.changed, ref
		done := u.published[at.Origin] >= at.Number
		for !done {
			to, ok := u.moved[at.Origin]
			if !ok {
				break
			}
			at.Origin, at.Number = to.Origin, to.Number
			done = u.published[at.Origin] >= at.Number
		}
		u.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// note records that the stream or all listed servers have the origin's facts up
// to a number.
func (u *Uplink) note(origin fact.OriginID, number uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if number > u.published[origin] {
		u.published[origin] = number
		u.stir()
	}
}

// stir wakes whoever waits for what is sent. u.mu is held.
func (u *Uplink) stir() {
	close(u.changed)
	u.changed = make(chan struct{})
}
