package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/fact"
)

// Retention is how long the stream keeps a message where nothing else is said.
const Retention = 90 * 24 * time.Hour

// deletionPause is how long a stream that was there must be missing before it is
// made anew.
const deletionPause = time.Second

// headHeader of a message names the head of its origin's chain when it was
// sent: a resend of old facts is not mistaken for the chain's end. It is not
// signed, so it only is a reason to look.
const headHeader = "Hailong-Head"

// Stream is what is known of the stream.
type Stream struct {
	Identity int64  // its creation, Unix nanoseconds
	First    uint64 // sequence of its first message
	Last     uint64 // of its last message, also where that is gone; 0: none yet
}

// Message is one message of the stream.
type Message struct {
	Stream   int64 // identity of the stream; 0 where it was not asked for
	Sequence uint64
	Data     []byte
	// Head is what the sender said of its chain's end: origin, number and hash;
	// number 0 where it said nothing. Not signed.
	Head fact.Mark
}

// EnsureStream makes the stream where it is missing, keeps the settings that
// this side sets, and says what is there. A device asks a server what is there,
// and gets zeros where none answers: the stream may take messages all the same.
func (b *Bus) EnsureStream(ctx context.Context) (Stream, error) {
	if b.o.Server == nil {
		return b.askStream(ctx)
	}
	s, err := b.ensure(ctx, jetstream.StreamConfig{
		Name:        StreamName,
		Description: "Facts on their way to every server",
		Subjects:    []string{factSubject + ">"},
		MaxMsgSize:  MaxMessage,
		AllowDirect: true, // a device reads its last message there: see Last
	}, &b.seen)
	if err != nil {
		return Stream{}, err
	}
	return streamOf(s.CachedInfo()), nil
}

// ensure makes a stream where it is missing, with what all streams have in
// common, and keeps the settings that this side sets. seen is whether it was
// there before.
func (b *Bus) ensure(ctx context.Context, cfg jetstream.StreamConfig, seen *atomic.Bool) (jetstream.Stream, error) {
	name, subjects := cfg.Name, cfg.Subjects
	s, err := b.js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) && seen.Load() {
		// It is being deleted: nats-server 2.15 tells its readers before it has
		// moved the files away, and would take those of a stream that is made
		// meanwhile along; that one then stores nothing until a restart.
		if pause(ctx, deletionPause) != nil {
			return nil, fmt.Errorf("bus: stream %s: %w", name, context.Cause(ctx))
		}
		s, err = b.js.Stream(ctx, name)
	}
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		cfg.Storage = jetstream.FileStorage
		cfg.MaxAge = Retention
		if b.o.MaxAge > 0 {
			cfg.MaxAge = b.o.MaxAge
		}
		cfg.Replicas = max(b.o.Replicas, 1)
		// Who sends what twice is told by the facts' numbers and the words'
		// digests, not here.
		cfg.Duplicates = 100 * time.Millisecond
		s, err = b.js.CreateStream(ctx, cfg)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another was quicker
			s, err = b.js.Stream(ctx, name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("bus: stream %s: %w", name, linkError(ctx, err))
	}
	has := s.CachedInfo().Config
	cfg = has
	if b.o.Replicas > 0 {
		cfg.Replicas = b.o.Replicas
	}
	if b.o.MaxAge > 0 {
		cfg.MaxAge = b.o.MaxAge
	}
	cfg.Subjects, cfg.AllowDirect = subjects, true // as an earlier version did not
	if cfg.Replicas != has.Replicas || cfg.MaxAge != has.MaxAge || !has.AllowDirect || !slices.Equal(has.Subjects, subjects) {
		if s, err = b.js.UpdateStream(ctx, cfg); err != nil {
			return nil, fmt.Errorf("bus: settings of stream %s: %w", name, linkError(ctx, err))
		}
	}
	seen.Store(true)
	return s, nil
}

func streamOf(info *jetstream.StreamInfo) Stream {
	return Stream{Identity: info.Created.UnixNano(), First: info.State.FirstSeq, Last: info.State.LastSeq}
}

// linkError prefers to say that the connection ended.
func linkError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrDisconnected) {
		return cause
	}
	return err
}

// Ack is a message on its way into the stream.
type Ack struct{ future jetstream.PubAckFuture }

// Publish sends a batch of an origin's facts into the stream, and says where
// its chain ends (head). It does not wait: see Ack. Without a connection it
// fails at once with ErrDisconnected.
func (b *Bus) Publish(origin fact.OriginID, data []byte, head fact.Mark) (*Ack, error) {
	m := nats.NewMsg(b.own(factSubject, origin))
	m.Data = data
	if head.Origin == origin && head.Number > 0 {
		m.Header.Set(headHeader, strconv.FormatUint(head.Number, 10)+" "+head.Hash.String())
	}
	f, err := b.js.PublishMsgAsync(m)
	if err != nil {
		return nil, sendError(err)
	}
	return &Ack{f}, nil
}

// Wait returns the sequence under which the stream has stored the message:
// synced to the disk of the embedded broker, and no server holds it yet; 0 for
// words that it had already. After an error it may be stored all the same.
func (a *Ack) Wait(ctx context.Context) (uint64, error) {
	select {
	case ack := <-a.future.Ok():
		return ack.Sequence, nil
	case err := <-a.future.Err():
		var api *jetstream.APIError
		if errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant) {
			return 0, nil // words that it has already: see PublishWords
		}
		return 0, sendError(err)
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// Last reads the newest message that was sent from here for an origin; ok is
// false where there is none, or no stream.
func (b *Bus) Last(ctx context.Context, origin fact.OriginID) (m Message, ok bool, err error) {
	raw, err := b.ask(ctx, lastSubject+b.own(factSubject, origin), nil)
	if errors.Is(err, ErrNoServer) {
		return m, false, nil
	}
	if err != nil {
		return m, false, fmt.Errorf("bus: last message of %s: %w", origin, err)
	}
	switch status := raw.Header.Get("Status"); status {
	case "":
	case "404":
		return m, false, nil
	default:
		return m, false, fmt.Errorf("bus: last message of %s: %s %s", origin, status, raw.Header.Get("Description"))
	}
	sequence, err := strconv.ParseUint(raw.Header.Get(jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return m, false, fmt.Errorf("bus: last message of %s: %w", origin, err)
	}
	return Message{Sequence: sequence, Data: raw.Data, Head: headOf(origin, raw.Header)}, true, nil
}

// lastSubject is where JetStream gives the last message of a subject that
// follows. Of all its API this is what a device may use: rights can be given by
// what follows.
const lastSubject = "$JS.API.DIRECT.GET." + StreamName + "."

// headOf reads the head that a sender named.
func headOf(origin fact.OriginID, h nats.Header) fact.Mark {
	m := fact.Mark{Origin: origin}
	number, hash, ok := strings.Cut(h.Get(headHeader), " ")
	n, err := strconv.ParseUint(number, 10, 64)
	b, errHash := parseHash(hash)
	if ok && err == nil && errHash == nil {
		m.Number, m.Hash = n, b
	}
	return m
}
