package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/fact"
)

// What servers tell a device of the stream, which it may not read: what stream
// it is, on hl.stream.<key>, and its own messages one after the other, on
// hl.own.<key>.<origin>.
const (
	streamSubject = "hl.stream."
	ownSubject    = "hl.own."
)

// sequenceHeader of such a message is its sequence in the stream.
const sequenceHeader = "Hailong-Sequence"

// A server gives up what it can't tell in tellLate; whoever asked gives up in
// askLate.
const (
	tellLate = 2 * time.Second
	askLate  = 5 * time.Second
)

type streamReply struct {
	_ struct{} `cbor:",toarray"`
	Stream
}

// askStream asks any server what stream there is.
func (b *Bus) askStream(ctx context.Context) (Stream, error) {
	m, err := b.ask(ctx, streamSubject+b.key, nil)
	if err != nil {
		if errors.Is(err, ErrNoServer) || ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return Stream{}, nil
		}
		return Stream{}, fmt.Errorf("bus: stream: %w", err)
	}
	var r streamReply
	if err := fact.Unmarshal(m.Data, &r); err != nil {
		return Stream{}, fmt.Errorf("bus: stream: %w", err)
	}
	return r.Stream, nil
}

// ask waits for one answer, for a while: whoever got the question may be gone.
func (b *Bus) ask(ctx context.Context, subject string, question []byte) (*nats.Msg, error) {
	asked, done := context.WithTimeout(ctx, askLate)
	defer done()
	m, err := b.nc.RequestWithContext(asked, subject, question)
	if err != nil {
		return nil, requestError(asked, err)
	}
	return m, nil
}

// Scan reads all messages that were sent from here for an origin and that the
// stream holds, oldest first, until fn returns an error, which it returns. A
// server gives them: without one the error is ErrNoServer.
func (b *Bus) Scan(ctx context.Context, origin fact.OriginID, fn func(Message) error) error {
	for after := uint64(0); ; {
		raw, err := b.ask(ctx, b.own(ownSubject, origin), []byte(strconv.FormatUint(after, 10)))
		if err != nil {
			return fmt.Errorf("bus: read %s: %w", origin, err)
		}
		if raw.Header.Get(sequenceHeader) == "" {
			return nil
		}
		sequence, err := strconv.ParseUint(raw.Header.Get(sequenceHeader), 10, 64)
		if err != nil || sequence <= after {
			return fmt.Errorf("bus: read %s: a server told message %q after %d", origin, raw.Header.Get(sequenceHeader), after)
		}
		after = sequence
		if err := fn(Message{Sequence: sequence, Data: raw.Data, Head: headOf(origin, raw.Header)}); err != nil {
			return err
		}
	}
}

// ServeDevices tells devices of the stream until stop. Any server will do.
func (b *Bus) ServeDevices() (stop func(), err error) {
	stopStream, err := b.subscribe(streamSubject+"*", serverQueue, func(m *nats.Msg) {
		ctx, done := context.WithTimeout(context.Background(), tellLate)
		defer done()
		st, err := b.EnsureStream(ctx)
		if err != nil {
			b.log.Warn("bus: a device asks for the stream", "error", err)
			return
		}
		b.reply(m, &streamReply{Stream: st})
	})
	if err != nil {
		return nil, err
	}
	stopOwn, err := b.subscribe(ownSubject+"*.*", serverQueue, func(m *nats.Msg) {
		ctx, done := context.WithTimeout(context.Background(), tellLate)
		defer done()
		answer, err := b.ownAfter(ctx, m)
		if err == nil {
			err = m.RespondMsg(answer)
		}
		if err != nil {
			b.log.Warn("bus: a device asks for its messages", "error", err)
		}
	})
	if err != nil {
		stopStream()
		return nil, err
	}
	return func() { stopStream(); stopOwn() }, nil
}

// ownAfter gives the first message of a sender and origin after a sequence, or
// one without a sequence where there is none.
func (b *Bus) ownAfter(ctx context.Context, asked *nats.Msg) (*nats.Msg, error) {
	after, err := strconv.ParseUint(string(asked.Data), 10, 63)
	if err != nil {
		return nil, fmt.Errorf("bus: %.20q is not a sequence", asked.Data)
	}
	s, err := b.js.Stream(ctx, StreamName)
	if err != nil {
		return nil, fmt.Errorf("bus: stream %s: %w", StreamName, err)
	}
	raw, err := s.GetMsg(ctx, after+1, jetstream.WithGetMsgSubject(factSubject+asked.Subject[len(ownSubject):]))
	answer := nats.NewMsg("")
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return answer, nil
	}
	if err != nil {
		return nil, fmt.Errorf("bus: messages of a device: %w", err)
	}
	answer.Data = raw.Data
	answer.Header.Set(sequenceHeader, strconv.FormatUint(raw.Sequence, 10))
	if head := raw.Header.Get(headHeader); head != "" {
		answer.Header.Set(headHeader, head)
	}
	return answer, nil
}
