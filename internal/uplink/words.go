package uplink

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"time"

	"hailong/internal/bus"
)

// wordsAtOnce is how many words are under way together: some 1 MiB at most.
const wordsAtOnce = 64

// carry sends the outbox's words into their stream, beside the facts, and gives
// them again to whoever asks for them; until ctx ends, over all faults.
func (u *Uplink) carry(ctx context.Context) error {
	stop, err := u.o.Bus.OnWantWords(func(digests [][32]byte) { u.give(ctx, digests) })
	if err != nil {
		return err
	}
	defer stop()
	for wait := time.Duration(0); ; {
		link, release, err := u.o.Bus.Connected(ctx)
		if err != nil {
			return err
		}
		sent, err := u.sendWords(link)
		cut := link.Err() != nil
		release()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if sent || cut { // the bus has its own pauses between attempts
			wait = 0
		}
		if !cut {
			u.log.Warn("uplink: words are not taken; trying again", "error", err)
		}
		// 100 ms doubling to 10 s, half of it random.
		wait = min(max(2*wait, 100*time.Millisecond), 10*time.Second)
		if err := pause(ctx, wait/2+rand.N(wait/2)); err != nil {
			return err
		}
	}
}

// sendWords sends whatever is unsent, now and whenever there is more, until
// something fails; sent says whether the stream took any.
func (u *Uplink) sendWords(ctx context.Context) (sent bool, err error) {
	if err := u.o.Bus.EnsureWords(ctx); err != nil {
		return false, err
	}
	for {
		all, err := u.o.Outbox.UnsentWords(ctx, wordsAtOnce)
		if err != nil {
			return sent, err
		}
		if len(all) == 0 {
			select {
			case <-ctx.Done():
				return sent, context.Cause(ctx)
			case <-u.o.Outbox.WordsChanged():
			}
			continue
		}
		taken, err := u.publishWords(ctx, all)
		if len(taken) > 0 {
			// What the stream has is noted though the connection is gone by now. Where
			// this process dies before, it is sent again.
			if err := u.o.Outbox.MarkSent(context.WithoutCancel(ctx), taken...); err != nil {
				return sent, err
			}
			sent = true
			u.mu.Lock()
			u.stir()
			u.mu.Unlock()
		}
		if err != nil {
			return sent, err
		}
	}
}

// publishWords gives the digests of those that the stream took.
func (u *Uplink) publishWords(ctx context.Context, all [][]byte) (taken [][32]byte, err error) {
	acks := make([]*bus.Ack, 0, len(all))
	for _, words := range all {
		a, err := u.o.Bus.PublishWords(words)
		if err != nil {
			return nil, err
		}
		acks = append(acks, a)
	}
	for i, a := range acks {
		if _, err := a.Wait(ctx); err != nil {
			return taken, fmt.Errorf("uplink: words: %w", err)
		}
		taken = append(taken, sha256.Sum256(all[i]))
	}
	return taken, nil
}

// give sends again what somebody lacks and this outbox has. Nobody waits for the
// stream's ack: who still lacks it asks again.
func (u *Uplink) give(ctx context.Context, digests [][32]byte) {
	for _, d := range digests {
		words, ok, err := u.o.Outbox.Words(ctx, d)
		if err == nil && ok {
			_, err = u.o.Bus.PublishWords(words)
		}
		if err != nil {
			if ctx.Err() == nil {
				u.log.Warn("uplink: words that a server asks for", "error", err)
			}
			return
		}
	}
}

// WaitWords waits until their stream has acked the words with the digests. The
// error is ctx's, or the outbox's.
func (u *Uplink) WaitWords(ctx context.Context, digests ...[32]byte) error {
	for _, d := range digests {
		for {
			u.mu.Lock()
			changed := u.changed
			u.mu.Unlock()
			sent, err := u.o.Outbox.WordsSent(ctx, d)
			if err != nil {
				return err
			}
			if sent {
				break
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-changed:
			}
		}
	}
	return nil
}

// PruneWords deletes the words of facts that were pruned, where each listed
// server has just said that it holds them; it gives their number. One that does
// not answer keeps all of them here.
func (u *Uplink) PruneWords(ctx context.Context) (deleted int64, err error) {
	servers := u.o.Servers()
	if len(servers) == 0 {
		return 0, nil
	}
	return u.o.Outbox.PruneWords(ctx, func(ctx context.Context, held [][32]byte) (_ [][32]byte, err error) {
		for _, id := range servers {
			asked, done := context.WithTimeout(ctx, heldLate)
			held, err = u.o.Bus.HeldWords(asked, id, held)
			done()
			if err != nil {
				return nil, fmt.Errorf("uplink: server %s: %w", id, err)
			}
		}
		return held, nil
	})
}

// heldLate is how long a server may take to say which words it holds.
const heldLate = 10 * time.Second
