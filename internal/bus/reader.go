package bus

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The bounds of what one request of a reader fetches, and of one group.
const (
	fetchMessages = 2048
	fetchBytes    = MaxMessage + 1<<20 // above the greatest message, or it would stand in the way for ever
	groupMessages = 4096
	groupBytes    = 4 << 20
)

// Position is how far a server has read, to be stored in the transaction that
// applies what was read.
type Position struct {
	Stream   int64    // identity of the stream; 0: nothing read yet
	Sequence uint64   // of its last message read, or found to be gone
	Digest   [32]byte // SHA-256 of the data of that message; zero: there was none at Sequence
}

// Group is a run of messages.
type Group struct {
	Messages []Message
	// Position after the group: store it, also where Messages is empty.
	Position Position
	// CaughtUp: the group ended at the end of the stream.
	CaughtUp bool
}

// ReaderOptions tune a Reader; zero values are good.
type ReaderOptions struct {
	// Check is how often an idle reader compares the stream with its position;
	// 0: 15 s.
	Check time.Duration
}

// Reader reads the whole stream in order from a position on, without
// acknowledgements: nothing that the stream holds after the position is left
// out, whatever happens to the connection, the broker or the stream; messages
// may come twice. Where the stream is another one than the position's, is
// shorter, or has another message there, it starts over from the first.
//
// A durable consumer with acks lost rows where the broker was killed: newer
// messages came before the older ones that it gave again, and were acked. A
// consumer here lives no longer than a connection.
type Reader struct {
	bus    *Bus
	check  time.Duration
	at     Position
	s      *session // nil: to be opened
	failed int      // sessions in a row that could not be opened
}

// session is one consumer over one connection.
type session struct {
	ctx      context.Context // of the connection
	cancel   context.CancelFunc
	cons     jetstream.Consumer
	consumed uint64 // consumer sequence of the last message
	batch    jetstream.MessageBatch
	caughtUp bool // to be said with an empty group
}

// Reader begins after the position: the one stored last, or zero.
func (b *Bus) Reader(from Position, o ReaderOptions) *Reader {
	if o.Check <= 0 {
		o.Check = 15 * time.Second
	}
	return &Reader{bus: b, check: o.Check, at: from}
}

// Next waits for messages and gives all that are there, bounded by some 1 MiB.
// It gives an empty group with CaughtUp when it is at the end after a
// (re)connection. The only errors are ctx's, and ErrDisconnected after the bus
// was closed. One caller at a time; it may take as long as it likes between
// calls, and must have applied a group before it stores its position.
func (r *Reader) Next(ctx context.Context) (Group, error) {
	for {
		if r.s == nil {
			if err := r.open(ctx); err != nil {
				if ctx.Err() != nil {
					return Group{}, ctx.Err()
				}
				if connected, _ := r.bus.State(); !connected && r.bus.isClosed() {
					return Group{}, ErrDisconnected
				}
				r.bus.log.Warn("bus: cannot read the stream; trying again", "error", err)
				r.failed++
				if err := pause(ctx, delay(r.failed)); err != nil {
					return Group{}, err
				}
				continue
			}
			r.failed = 0
		}
		if r.s.caughtUp {
			r.s.caughtUp = false
			return Group{Position: r.at, CaughtUp: true}, nil
		}
		g, err := r.read(ctx)
		if err != nil && ctx.Err() == nil {
			r.bus.log.Info("bus: reading anew", "why", err)
			r.close(ctx)
		}
		if len(g.Messages) > 0 {
			return g, nil // the position is past them: they must not be dropped for err
		}
		if ctx.Err() != nil {
			return Group{}, ctx.Err()
		}
	}
}

// Close gives up the reader's consumer.
func (r *Reader) Close() { r.close(context.Background()) }

func (r *Reader) close(ctx context.Context) {
	if r.s == nil {
		return
	}
	if r.s.ctx.Err() == nil {
		r.bus.drop(ctx, r.s.cons)
	}
	r.s.cancel()
	r.s = nil
}

// open waits for a connection, compares the stream with the position, and
// makes a consumer after it.
func (r *Reader) open(ctx context.Context) error {
	link, err := r.bus.waitLink(ctx)
	if err != nil {
		return err
	}
	s := &session{}
	s.ctx, s.cancel = context.WithCancel(link)
	now, done := both(ctx, link)
	defer done()
	if err := r.begin(now, s); err != nil {
		if s.cons != nil && link.Err() == nil {
			r.bus.drop(ctx, s.cons)
		}
		s.cancel()
		return err
	}
	r.s = s
	return nil
}

var errReplaced = errors.New("bus: the stream was replaced meanwhile")

func (r *Reader) begin(ctx context.Context, s *session) error {
	info, err := r.bus.EnsureStream(ctx)
	if err != nil {
		return err
	}
	stream, err := r.bus.js.Stream(ctx, StreamName)
	if err != nil {
		return fmt.Errorf("bus: stream %s: %w", StreamName, linkError(ctx, err))
	}
	at := r.at
	why, err := changed(ctx, stream, info, at)
	if err != nil {
		return err
	}
	if why != "" {
		if at.Stream != 0 {
			r.bus.log.Warn("bus: the stream is not the one that was read: starting over", "why", why, "sequence", at.Sequence)
		}
		at = Position{Stream: info.Identity}
	}
	if s.cons, err = stream.CreateConsumer(ctx, consumer(at.Sequence+1)); err != nil {
		return fmt.Errorf("bus: consumer: %w", linkError(ctx, err))
	}
	// Between the comparison and the consumer the stream may have been deleted
	// and made anew; from here on that would end the consumer.
	again, err := stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("bus: stream %s: %w", StreamName, linkError(ctx, err))
	}
	if streamOf(again).Identity != info.Identity {
		return errReplaced
	}
	if s.cons.CachedInfo().NumPending == 0 {
		s.caughtUp = true
		if info.Last > at.Sequence { // what was there is gone: aged out
			at = Position{Stream: info.Identity, Sequence: info.Last}
		}
	}
	r.at = at
	return nil
}

// changed says why a position does not belong to the stream, or nothing.
func changed(ctx context.Context, s jetstream.Stream, info Stream, at Position) (string, error) {
	switch {
	case at.Stream != info.Identity:
		return "another stream", nil
	case info.Last < at.Sequence:
		return "shorter than what was read", nil
	case at.Sequence == 0:
		return "", nil
	}
	m, err := s.GetMsg(ctx, at.Sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return "", nil // aged out
	}
	if err != nil {
		return "", fmt.Errorf("bus: message %d: %w", at.Sequence, linkError(ctx, err))
	}
	if sha256.Sum256(m.Data) != at.Digest {
		return "another message at the position", nil
	}
	return "", nil
}

// read gives the next group; messages that came before an error are in it.
func (r *Reader) read(ctx context.Context) (g Group, err error) {
	s, bytes, last := r.s, 0, []byte(nil)
	idle := time.NewTimer(r.check)
	defer idle.Stop()
	defer func() {
		if len(g.Messages) > 0 {
			r.at.Digest = sha256.Sum256(last)
			g.Position = r.at
		}
	}()
	for pending := true; len(g.Messages) < groupMessages && bytes < groupBytes; {
		if s.batch == nil {
			if len(g.Messages) > 0 && !pending {
				return g, nil
			}
			s.batch, err = s.cons.Fetch(fetchMessages, jetstream.FetchMaxBytes(fetchBytes), jetstream.FetchContext(s.ctx))
			if err != nil {
				return g, fmt.Errorf("bus: fetch: %w", linkError(s.ctx, err))
			}
		}
		var m jetstream.Msg
		var ok bool
		if len(g.Messages) > 0 && !pending {
			// The stream had no more when it gave the last message: take what
			// has come since, and wait for nothing.
			select {
			case m, ok = <-s.batch.Messages():
			default:
				return g, nil
			}
		} else {
			select {
			case m, ok = <-s.batch.Messages():
			case <-ctx.Done():
				return g, ctx.Err()
			case <-s.ctx.Done():
				return g, context.Cause(s.ctx)
			case <-idle.C:
				if len(g.Messages) > 0 {
					return g, nil
				}
				if err := r.compare(s); err != nil {
					return g, err
				}
				idle.Reset(r.check)
				continue
			}
		}
		if !ok {
			err := s.batch.Error()
			s.batch = nil
			if err != nil && !errors.Is(err, jetstream.ErrBatchCompleted) {
				return g, fmt.Errorf("bus: fetch: %w", linkError(s.ctx, err))
			}
			continue
		}
		md, err := m.Metadata()
		if err != nil {
			return g, fmt.Errorf("bus: fetch: %w", err)
		}
		// Without acks nothing is sent again: a number that is missing was lost
		// between broker and here.
		if md.Sequence.Consumer != s.consumed+1 {
			return g, fmt.Errorf("bus: message %d of the consumer is missing", s.consumed+1)
		}
		s.consumed++
		last = m.Data()
		r.at.Sequence = md.Sequence.Stream
		g.Messages = append(g.Messages, Message{Stream: r.at.Stream, Sequence: md.Sequence.Stream, Data: last})
		bytes += len(last)
		pending = md.NumPending > 0
		g.CaughtUp = !pending
	}
	return g, nil
}

// compare is the check of an idle reader: the stream may have been replaced
// without a disconnection, or the consumer have fallen asleep.
func (r *Reader) compare(s *session) error {
	info, err := s.cons.Info(s.ctx)
	if err != nil {
		return fmt.Errorf("bus: consumer: %w", linkError(s.ctx, err))
	}
	stream, err := r.bus.js.Stream(s.ctx, StreamName)
	if err != nil {
		return fmt.Errorf("bus: stream %s: %w", StreamName, linkError(s.ctx, err))
	}
	now := streamOf(stream.CachedInfo())
	why, err := changed(s.ctx, stream, now, r.at)
	if err != nil {
		return err
	}
	if why == "" && info.NumPending > 0 {
		why = "messages were not delivered"
	}
	if why == "" && info.Delivered.Consumer > s.consumed && len(s.batch.Messages()) == 0 {
		why = "messages were lost on the way"
	}
	if why != "" {
		return errors.New("bus: " + why)
	}
	return nil
}

// consumer is a cursor without acks: it ends with its broker, or five minutes
// after its reader.
func consumer(from uint64) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		AckPolicy:         jetstream.AckNonePolicy,
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       from,
		InactiveThreshold: 5 * time.Minute,
		MemoryStorage:     true,
		Replicas:          1,
	}
}

// drop removes a consumer that is no longer read; else it ends by itself.
func (b *Bus) drop(ctx context.Context, c jetstream.Consumer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := b.js.DeleteConsumer(ctx, StreamName, c.CachedInfo().Name); err != nil {
		b.log.Debug("bus: drop consumer", "error", err)
	}
}

func (b *Bus) isClosed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}

// pause waits, or returns ctx's error.
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
