package uplink

import (
	"sync"
	"time"

	"hailong/internal/fact"
)

// mailbox keeps the newest mark of each server and origin until it is looked at.
type mailbox struct {
	mu     *sync.Mutex
	marks  map[peerKey]fact.Mark
	filled chan struct{}
}

// mailboxSize bounds what strangers can fill; listed servers always have room.
const mailboxSize = 1024

func newMailbox() mailbox {
	return mailbox{mu: new(sync.Mutex), marks: map[peerKey]fact.Mark{}, filled: make(chan struct{}, 1)}
}

func (b *mailbox) put(m fact.Mark, listed bool) {
	b.mu.Lock()
	k := peerKey{m.Server, m.Origin}
	if _, ok := b.marks[k]; ok || listed || len(b.marks) < mailboxSize {
		b.marks[k] = m
	}
	b.mu.Unlock()
	select {
	case b.filled <- struct{}{}:
	default:
	}
}

func (b *mailbox) take() []fact.Mark {
	b.mu.Lock()
	defer b.mu.Unlock()
	ms := make([]fact.Mark, 0, len(b.marks))
	for _, m := range b.marks {
		ms = append(ms, m)
	}
	clear(b.marks)
	return ms
}

type peerKey struct {
	server string
	origin fact.OriginID
}

// peer is what a listed server says of one origin. It outlives a connection, so
// that a server that cannot go on is not sent the same at each reconnection.
type peer struct {
	mark     fact.Mark
	answered bool      // in this session
	moved    time.Time // when the mark last changed
	asked    bool      // it stood still and was asked: its next word decides
	from     fact.Mark // mark from which was last sent again
	again    time.Time // not before, from the same mark
	pause    time.Duration
}

// same says whether the mark is the one from which was last sent again: a server
// that has moved, or was restored, or has another stream to read, is not.
func (p *peer) same() bool {
	return p.pause > 0 && p.mark.Number == p.from.Number && p.mark.Incarnation == p.from.Incarnation && p.mark.Stream == p.from.Stream
}

// maySend says whether to send again from the mark: at once the first time,
// then after pauses that double from 1 s to 5 min.
func (p *peer) maySend(now time.Time) bool { return !p.same() || !now.Before(p.again) }

// sent notes that it is being sent to again from its mark.
func (p *peer) sent(now time.Time) {
	if p.same() {
		p.pause = min(2*p.pause, 5*time.Minute)
	} else {
		p.pause = time.Second
	}
	p.from, p.again, p.asked = p.mark, now.Add(p.pause), false
}
