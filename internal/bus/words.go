package bus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/fact"
)

// The words' way: a stream of their own, whose messages can be erased one by
// one, with the sealed words on hl.words.<key>.<digest>, the key being the public
// one of whoever sends them (what an earlier version sent is on
// hl.words.<digest>). Beside it, on core NATS: whoever lacks words asks everybody
// on hl.want, and what a server holds is asked for on hl.held.<server>.<key>.
const (
	WordsStream  = "HAILONG_WORDS"
	wordsSubject = "hl.words."
	wantSubject  = "hl.want"
	heldSubject  = "hl.held."
)

// MaxDigests bounds what one message asks for.
const MaxDigests = 1000

// EnsureWords makes the stream of words where it is missing, and keeps the
// settings that this side sets. For a device servers do so.
func (b *Bus) EnsureWords(ctx context.Context) error {
	if b.o.Server == nil {
		return nil
	}
	s, err := b.ensure(ctx, jetstream.StreamConfig{
		Name:        WordsStream,
		Description: "What people wrote, sealed, on its way to every server",
		Subjects:    []string{wordsSubject + ">"},
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
	// Where the stream has them from here, it keeps those: what is replaced stays on
	// the stream's disk for a while, where EraseWords would not find it.
	f, err := b.js.PublishAsync(wordsSubject+b.key+"."+hexOf(sum[:]), words, jetstream.WithExpectLastSequencePerSubject(0))
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
	for _, subject := range wordsUnder(digest) {
		if words, ok, err = b.fetchWords(ctx, *s, subject, digest); ok || err != nil {
			return words, ok, err
		}
	}
	return nil, false, nil
}

// fetchWords looks at the last message of some subjects; where that is not what
// it claims to be, at all of them: each sender has one there.
func (b *Bus) fetchWords(ctx context.Context, s jetstream.Stream, subject string, digest [32]byte) (words []byte, ok bool, err error) {
	m, err := s.GetLastMsgForSubject(ctx, subject)
	for next := uint64(1); ; {
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			return nil, false, nil
		case err != nil:
			return nil, false, fmt.Errorf("bus: words: %w", linkError(ctx, err))
		case sha256.Sum256(m.Data) == digest:
			return m.Data, true, nil
		}
		b.log.Warn("bus: words that are not what they claim to be", "subject", m.Subject)
		if m, err = s.GetMsg(ctx, next, jetstream.WithGetMsgSubject(subject)); err == nil {
			next = m.Sequence + 1
		}
	}
}

// OnWords calls fn with all words that are sent, one at a time, until stop. They
// may be anybody's: their digest says whether a fact names them.
func (b *Bus) OnWords(fn func(digest [32]byte, words []byte)) (stop func(), err error) {
	return b.subscribe(wordsSubject+"*.*", "", func(m *nats.Msg) {
		digest := sha256.Sum256(m.Data)
		if !strings.HasSuffix(m.Subject, "."+hexOf(digest[:])) {
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
	return b.told(wantSubject, func(m *nats.Msg) {
		if digests, err := parted(m.Data); err == nil {
			fn(digests)
		}
	})
}

// heldReply answers which words a server holds, and which are to be kept nowhere:
// digests one after the other.
type heldReply struct {
	_          struct{} `cbor:",toarray"`
	Held, Gone []byte
}

// HeldWords asks a server about the words with the digests, at most MaxDigests:
// which of them it holds, and which are to be kept nowhere any more.
func (b *Bus) HeldWords(ctx context.Context, server string, digests [][32]byte) (held, gone [][32]byte, err error) {
	m, err := b.nc.RequestWithContext(ctx, heldSubject+server+"."+b.key, joined(digests))
	if err != nil {
		return nil, nil, fmt.Errorf("bus: held words: %w", requestError(ctx, err))
	}
	var r heldReply
	err = fact.Unmarshal(m.Data, &r)
	if err == nil {
		held, err = parted(r.Held)
	}
	if err == nil {
		gone, err = parted(r.Gone)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("bus: held words: %w", err)
	}
	// What was not asked for is not an answer.
	other := func(d [32]byte) bool { return !slices.Contains(digests, d) }
	return slices.DeleteFunc(held, other), slices.DeleteFunc(gone, other), nil
}

// ServeHeldWords answers HeldWords for a server until stop. Where fn fails
// nothing is answered.
func (b *Bus) ServeHeldWords(server string, fn func(digests [][32]byte) (held, gone [][32]byte, err error)) (stop func(), err error) {
	return b.subscribe(heldSubject+server+".*", "", func(m *nats.Msg) {
		digests, err := parted(m.Data)
		if err != nil {
			return
		}
		held, gone, err := fn(digests)
		if err != nil {
			b.log.Warn("bus: held words", "error", err)
			return
		}
		b.reply(m, &heldReply{Held: joined(held), Gone: joined(gone)})
	})
}

// wordsUnder is where words with a digest are, whoever sent them, and where an
// earlier version sent them.
func wordsUnder(digest [32]byte) []string {
	return []string{wordsSubject + "*." + hexOf(digest[:]), wordsSubject + hexOf(digest[:])}
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
