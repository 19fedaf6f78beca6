package words

import (
	"context"
	"maps"
	"slices"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

// Gone says that words with these digests are to be kept nowhere any more. To be
// called by projection.Options.OnChange; it does not block. From now on they are
// shown and given to nobody.
func (k *Keeper) Gone(digests [][32]byte) {
	if len(digests) == 0 {
		return
	}
	k.mu.Lock()
	for _, d := range digests {
		delete(k.missing, d)
		k.gone[d] = true
	}
	k.mu.Unlock()
	k.wake()
}

// Words gives sealed words that may be shown. ok is false where this server does
// not hold them, where they are to be erased, and while it does not know yet what
// is: its files may be a copy from before an erasure, until the stream was read to
// its end once.
func (k *Keeper) Words(ctx context.Context, digest [32]byte) (words []byte, ok bool, err error) {
	k.mu.Lock()
	may := k.swept && !k.gone[digest]
	k.mu.Unlock()
	if !may {
		return nil, false, nil
	}
	return k.o.Store.Get(ctx, digest)
}

// holds answers a device or server that asks what is held here.
func (k *Keeper) holds(ctx context.Context, digests [][32]byte) (held, gone [][32]byte, err error) {
	if gone, err = k.o.Texts.Gone(ctx, digests); err != nil {
		return nil, nil, err
	}
	held, err = k.o.Store.Held(ctx, without(digests, gone))
	return held, gone, err
}

// current waits, the first time, until the facts were read up to where their
// stream ends now.
func (k *Keeper) current(ctx context.Context) error {
	k.mu.Lock()
	swept := k.swept
	k.mu.Unlock()
	if swept {
		return nil
	}
	end, err := k.o.Bus.EnsureStream(ctx)
	if err != nil {
		return err
	}
	for {
		m := k.o.Texts.Mark(fact.OriginID{})
		if m.CaughtUp || m.Stream == end.Identity && m.Sequence >= end.Last {
			return nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return context.Cause(ctx)
		}
	}
}

// sweep looks through all that is here and in the stream for what is to be kept
// nowhere, and erases it; then the rest may be shown.
func (k *Keeper) sweep(ctx context.Context) error {
	for after := ([32]byte{}); ; {
		digests, err := k.o.Store.Digests(ctx, after, bus.MaxDigests)
		if err != nil {
			return err
		}
		if len(digests) == 0 {
			break
		}
		after = digests[len(digests)-1]
		if err := k.judge(ctx, digests); err != nil {
			return err
		}
	}
	stored, err := k.o.Bus.StoredWords(ctx)
	if err != nil {
		return err
	}
	k.mu.Lock()
	missing := slices.Collect(maps.Keys(k.missing)) // their time may be over too
	k.mu.Unlock()
	for digests := range slices.Chunk(slices.Concat(stored, missing), bus.MaxDigests) {
		if err := k.judge(ctx, digests); err != nil {
			return err
		}
	}
	k.mu.Lock()
	k.swept = true
	k.mu.Unlock()
	return nil
}

// backAgain is when words that came back are erased in the stream once more: it
// may store them only after it passed them on.
const backAgain = 5 * time.Second

// refuse erases words that somebody sent though they are to be kept nowhere.
func (k *Keeper) refuse(ctx context.Context, digest [32]byte) error {
	gone, err := k.o.Texts.Gone(ctx, [][32]byte{digest})
	if err != nil || len(gone) == 0 {
		return err
	}
	k.Gone(gone)
	time.AfterFunc(backAgain, func() { k.Gone(gone) })
	return nil
}

// judge erases those of the digests that are to be kept nowhere.
func (k *Keeper) judge(ctx context.Context, digests [][32]byte) error {
	gone, err := k.o.Texts.Gone(ctx, digests)
	if err != nil {
		return err
	}
	k.Gone(gone)
	return k.erase(ctx)
}

// erase erases what was found to be kept nowhere: here, in the stream, and, by
// telling them, on the devices that are connected. What fails is tried again.
func (k *Keeper) erase(ctx context.Context) error {
	for {
		var step [][32]byte
		k.mu.Lock()
		for d := range k.gone {
			if step = append(step, d); len(step) == bus.MaxDigests {
				break
			}
		}
		k.mu.Unlock()
		if len(step) == 0 {
			return nil
		}
		k.storing.Lock() // what is being stored may be one of them
		err := k.o.Store.Erase(ctx, step...)
		k.storing.Unlock()
		if err != nil {
			return err
		}
		for _, d := range step {
			if err := k.o.Bus.EraseWords(ctx, d); err != nil {
				return err
			}
		}
		if err := k.o.Bus.TellGone(step); err != nil {
			return err
		}
		k.mu.Lock()
		for _, d := range step {
			delete(k.gone, d)
		}
		k.mu.Unlock()
		k.o.Log.Info("words were erased", "number", len(step))
	}
}
