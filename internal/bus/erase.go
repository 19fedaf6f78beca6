package bus

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// goneSubject is where servers tell everybody, on core NATS, which words are to
// be kept nowhere any more. Who was not there asks when it comes back: see
// HeldWords.
const goneSubject = "hl.gone"

// EraseWords takes whatever is under a digest out of the stream of words, and has
// it overwritten on the stream's disk. None there is no error.
func (b *Bus) EraseWords(ctx context.Context, digest [32]byte) error {
	s := b.words.Load()
	if s == nil {
		return fmt.Errorf("bus: stream %s is not known yet", WordsStream)
	}
	for _, subject := range wordsUnder(digest) {
		if err := b.eraseWords(ctx, *s, subject); err != nil {
			return fmt.Errorf("bus: erase words: %w", linkError(ctx, err))
		}
	}
	return nil
}

func (b *Bus) eraseWords(ctx context.Context, s jetstream.Stream, subject string) error {
	for range mostCopies {
		m, err := s.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err == nil {
			err = s.SecureDeleteMsg(ctx, m.Sequence)
		}
		var api *jetstream.APIError
		if errors.As(err, &api) && api.ErrorCode == deleteFailed { // another server was quicker; a replica may say so late
			err = pause(ctx, 10*time.Millisecond)
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("more than %d are under one digest", mostCopies)
}

// deleteFailed is JetStream's code for a message that could not be deleted, such
// as one that is gone.
const deleteFailed jetstream.ErrorCode = 10057

// mostCopies bounds how many may be under one digest: each device one.
const mostCopies = 10_000

// StoredWords lists the digests under which the stream has anything.
func (b *Bus) StoredWords(ctx context.Context) (digests [][32]byte, err error) {
	s := b.words.Load()
	if s == nil {
		return nil, fmt.Errorf("bus: stream %s is not known yet", WordsStream)
	}
	info, err := (*s).Info(ctx, jetstream.WithSubjectFilter(wordsSubject+">"))
	if err != nil {
		return nil, fmt.Errorf("bus: stream %s: %w", WordsStream, linkError(ctx, err))
	}
	seen := map[[32]byte]bool{}
	for subject := range info.State.Subjects {
		raw, err := hex.DecodeString(subject[strings.LastIndexByte(subject, '.')+1:])
		if err == nil && len(raw) == 32 && !seen[[32]byte(raw)] {
			seen[[32]byte(raw)] = true
			digests = append(digests, [32]byte(raw))
		}
	}
	return digests, nil
}

// TellGone tells everybody that words are to be kept nowhere any more, at most
// MaxDigests. Servers alone may.
func (b *Bus) TellGone(digests [][32]byte) error { return b.send(goneSubject, joined(digests)) }

// OnGone calls fn with what a server tells by TellGone, one at a time, until stop.
func (b *Bus) OnGone(fn func(digests [][32]byte)) (stop func(), err error) {
	return b.told(goneSubject, func(m *nats.Msg) {
		if digests, err := parted(m.Data); err == nil {
			fn(digests)
		}
	})
}
