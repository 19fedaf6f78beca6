package bus

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/fact"
)

// Inspector reads single messages of the stream, for whoever verifies it. It
// changes nothing.
type Inspector struct {
	s jetstream.Stream
}

// Stored is a message as it lies in the stream.
type Stored struct {
	Sequence uint64
	Origin   fact.OriginID // that its subject names
	Sender   []byte        // public key that its subject names; nil: an earlier version's
	Data     []byte
}

// ErrNoStream is returned where there is no stream of facts.
var ErrNoStream = errors.New("bus: there is no stream of facts")

// Inspect waits for the connection and finds the stream, which it never makes:
// ErrNoStream where there is none.
func (b *Bus) Inspect(ctx context.Context) (*Inspector, error) {
	if _, err := b.waitLink(ctx); err != nil {
		return nil, err
	}
	s, err := b.js.Stream(ctx, StreamName)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, ErrNoStream
	}
	if err != nil {
		return nil, fmt.Errorf("bus: stream %s: %w", StreamName, linkError(ctx, err))
	}
	return &Inspector{s}, nil
}

// State says what the stream was when it was found.
func (i *Inspector) State() Stream { return streamOf(i.s.CachedInfo()) }

// Message reads one by its sequence; ok is false where there is none, or none
// that the broker can read from its disk.
func (i *Inspector) Message(ctx context.Context, sequence uint64) (m Stored, ok bool, err error) {
	got, err := i.s.GetMsg(ctx, sequence)
	var refused *jetstream.APIError
	if errors.Is(err, jetstream.ErrMsgNotFound) || errors.As(err, &refused) {
		return m, false, nil
	}
	if err != nil {
		return m, false, fmt.Errorf("bus: message %d: %w", sequence, linkError(ctx, err))
	}
	m = Stored{Sequence: sequence, Data: got.Data}
	sender, origin, two := strings.Cut(strings.TrimPrefix(got.Subject, factSubject), ".")
	if !two {
		origin = sender
	} else if m.Sender, err = hex.DecodeString(sender); err != nil {
		m.Sender = nil
	}
	if m.Origin, err = fact.ParseOriginID(origin); err != nil {
		m.Origin = fact.OriginID{} // nobody's: it differs from the message's
	}
	return m, true, nil
}
