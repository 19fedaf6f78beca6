package uplink

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"hailong/internal/bus"
)

// wordsAtOnce is how many words are under way together: some 1 MiB at most.
const wordsAtOnce = 64

// carry sends the outbox's words into their stream, beside the facts, gives them
// again to whoever asks for them, and erases them where a server says so; until
// ctx ends, over all faults.
func (u *Uplink) carry(ctx context.Context) error {
	stop, err := u.o.Bus.OnWantWords(func(digests [][32]byte) { u.give(ctx, digests) })
	if err != nil {
		return err
	}
	defer stop()
	stopGone, err := u.o.Bus.OnGone(func(digests [][32]byte) { u.erase(ctx, digests) })
	if err != nil {
		return err
	}
	defer stopGone()
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
		if err := pause(ctx, wait/2+rand.N(wait/2)); err != nil { // #nosec G404 -- spreads attempts in time
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
	// What was erased while this device was away is not to be sent again. A server
	// that can't say so now refuses it.
	if _, err := u.EraseGone(ctx); err != nil && ctx.Err() == nil {
		u.log.Debug("uplink: nobody says yet which words are to be erased", "error", err)
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

// erase deletes what a server told to be kept nowhere. What is missed here is
// asked for: see EraseGone.
func (u *Uplink) erase(ctx context.Context, digests [][32]byte) {
	n, err := u.o.Outbox.EraseWords(ctx, digests...)
	if err != nil && ctx.Err() == nil {
		u.log.Warn("uplink: words that are to be erased", "error", err)
	}
	if n > 0 {
		u.log.Info("uplink: words were erased on this device", "number", n)
	}
}

// EraseGone asks the listed servers about all words that are here, and erases
// those of which any says that they are to be kept nowhere; it gives their number.
// The error is that of the last server that could not be asked.
func (u *Uplink) EraseGone(ctx context.Context) (erased int64, err error) {
	for after := int64(0); ; {
		digests, next, derr := u.o.Outbox.WordsDigests(ctx, after, bus.MaxDigests)
		if derr != nil || len(digests) == 0 {
			return erased, errors.Join(err, derr)
		}
		after = next
		answered := false
		for _, id := range u.o.Servers() {
			_, gone, asked := u.ask(ctx, id, digests)
			if asked != nil {
				err = asked
				continue
			}
			answered = true
			n, eerr := u.o.Outbox.EraseWords(ctx, gone...)
			if erased += n; eerr != nil {
				return erased, eerr
			}
		}
		if !answered {
			return erased, err
		}
	}
}

// ask asks one server which words it holds, and which are to be kept nowhere.
func (u *Uplink) ask(ctx context.Context, server string, digests [][32]byte) (held, gone [][32]byte, err error) {
	ctx, done := context.WithTimeout(ctx, heldLate)
	defer done()
	if held, gone, err = u.o.Bus.HeldWords(ctx, server, digests); err != nil {
		err = fmt.Errorf("uplink: server %s: %w", server, err)
	}
	return held, gone, err
}

// PruneWords deletes the words of facts that were pruned, where each listed
// server has just said that it holds them, or that nobody is to; it gives their
// number. One that does not answer keeps all of them here.
func (u *Uplink) PruneWords(ctx context.Context) (deleted int64, err error) {
	servers := u.o.Servers()
	if len(servers) == 0 {
		return 0, nil
	}
	return u.o.Outbox.PruneWords(ctx, func(ctx context.Context, digests [][32]byte) ([][32]byte, error) {
		may := digests
		for _, id := range servers {
			held, gone, err := u.ask(ctx, id, digests)
			if err != nil {
				return nil, err
			}
			may = slices.DeleteFunc(slices.Clone(may), func(d [32]byte) bool {
				return !slices.Contains(held, d) && !slices.Contains(gone, d)
			})
		}
		return may, nil
	})
}

// heldLate is how long a server may take to say which words it holds.
const heldLate = 10 * time.Second
