package bus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/fact"
)

// The words' way: a stream of their own, whose messages can be erased one by
// one, with the sealed words on hl.words.<digest>. Beside it, on core NATS:
// whoever lacks words asks everybody on hl.want, and what a server holds is
// asked for on hl.held.<server>.
const (
	WordsStream  = "HAILONG_WORDS"
	wordsSubject = "hl.words."
	wantSubject  = "hl.want"
	heldSubject  = "hl.held."
)

// MaxDigests bounds what one message asks for.
const MaxDigests = 1000

// EnsureWords makes the stream of words where it is missing, and keeps the
// settings that this side sets.
func (b *Bus) EnsureWords(ctx context.Context) error {
	s, err := b.ensure(ctx, jetstream.StreamConfig{
		Name:        WordsStream,
		Description: "What people wrote, sealed, on its way to every server",
		Subjects:    []string{wordsSubject + "*"},
		// Forged words may come before the true ones or after: those who have the
		// true ones send them again, and the last stand.
		MaxMsgsPerSubject: 1,
		MaxMsgSize:        2 * fact.MaxSealedWords,
		AllowDirect:       true,
	}, &b.seenWords)
	if err == nil {
		b.words.Store(&s)
	}
	return err
}

// PublishWords sends sealed words into their stream, and to whoever listens. It
// does not wait: see Ack. Without a connection it fails at once with
// ErrDisconnected.
func (b *Bus) PublishWords(words []byte) (*Ack, error) {
	sum := sha256.Sum256(words)
	f, err := b.js.PublishAsync(wordsSubject+hexOf(sum[:]), words)
	if err != nil {
		return nil, sendError(err)
	}
	return &Ack{f}, nil
}

// FetchWords reads words from their stream by their digest (SHA-256); ok is
// false where it does not have them. After an error, EnsureWords may help.
func (b *Bus) FetchWords(ctx context.Context, digest [32]byte) (words []byte, ok bool, err error) {
	s := b.words.Load()
	if s == nil {
		return nil, false, fmt.Errorf("bus: stream %s is not known yet", WordsStream)
	}
	m, err := (*s).GetLastMsgForSubject(ctx, wordsSubject+hexOf(digest[:]))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("bus: words: %w", linkError(ctx, err))
	case sha256.Sum256(m.Data) != digest:
		b.log.Warn("bus: words that are not what they claim to be", "subject", m.Subject)
		return nil, false, nil
	}
	return m.Data, true, nil
}

// OnWords calls fn with all words that are sent, one at a time, until stop. They
// may be anybody's: their digest says whether a fact names them.
func (b *Bus) OnWords(fn func(digest [32]byte, words []byte)) (stop func(), err error) {
	return b.subscribe(wordsSubject+"*", "", func(m *nats.Msg) {
		digest := sha256.Sum256(m.Data)
		if m.Subject[len(wordsSubject):] != hexOf(digest[:]) {
			b.log.Warn("bus: words that are not what they claim to be", "subject", m.Subject)
			return
		}
		fn(digest, m.Data)
	})
}

// WantWords asks everybody for words, at most MaxDigests: whoever has them
// publishes them.
func (b *Bus) WantWords(digests [][32]byte) error { return b.send(wantSubject, joined(digests)) }

// OnWantWords calls fn with the digests that somebody asks for, one question at a
// time, until stop.
func (b *Bus) OnWantWords(fn func(digests [][32]byte)) (stop func(), err error) {
	return b.subscribe(wantSubject, "", func(m *nats.Msg) {
		if digests, err := parted(m.Data); err == nil {
			fn(digests)
		}
	})
}

// HeldWords asks a server which words it holds of those with the digests, at
// most MaxDigests.
func (b *Bus) HeldWords(ctx context.Context, server string, digests [][32]byte) (held [][32]byte, err error) {
	m, err := b.nc.RequestWithContext(ctx, heldSubject+server, joined(digests))
	if err != nil {
		return nil, fmt.Errorf("bus: held words: %w", requestError(ctx, err))
	}
	if held, err = parted(m.Data); err != nil {
		return nil, fmt.Errorf("bus: held words: %w", err)
	}
	// What was not asked for is not an answer.
	return slices.DeleteFunc(held, func(d [32]byte) bool { return !slices.Contains(digests, d) }), nil
}

// ServeHeldWords answers HeldWords for a server until stop. Where fn fails
// nothing is answered.
func (b *Bus) ServeHeldWords(server string, fn func(digests [][32]byte) (held [][32]byte, err error)) (stop func(), err error) {
	return b.subscribe(heldSubject+server, "", func(m *nats.Msg) {
		digests, err := parted(m.Data)
		if err != nil {
			return
		}
		held, err := fn(digests)
		if err != nil {
			b.log.Warn("bus: held words", "error", err)
			return
		}
		if err := m.Respond(joined(held)); err != nil && !errors.Is(sendError(err), ErrDisconnected) {
			b.log.Warn("bus: answer", "subject", m.Subject, "error", err)
		}
	})
}

// joined is how digests travel: one after the other.
func joined(digests [][32]byte) []byte {
	data := make([]byte, 0, 32*len(digests))
	for _, d := range digests {
		data = append(data, d[:]...)
	}
	return data
}

func parted(data []byte) (digests [][32]byte, err error) {
	if len(data)%32 != 0 || len(data) > 32*MaxDigests {
		return nil, fmt.Errorf("bus: %d bytes are not digests: %s", len(data), hex.EncodeToString(data[:min(len(data), 8)]))
	}
	for d := range slices.Chunk(data, 32) {
		digests = append(digests, [32]byte(d))
	}
	return digests, nil
}
