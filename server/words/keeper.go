package words

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

// Texts says which words are to be kept (*projection.Projection has it).
type Texts interface {
	// Texts lists the digests of words that are to be kept, at most limit from
	// after on; next is what to ask with for more, and none is the end.
	Texts(ctx context.Context, after int64, limit int) (digests [][32]byte, next int64, err error)
	// Gone gives those of some digests whose words are to be kept nowhere: erased,
	// or past their time.
	Gone(ctx context.Context, digests [][32]byte) ([][32]byte, error)
	// Mark of any origin says whether the stream was read to its end.
	Mark(fact.OriginID) fact.Mark
}

// Bus is what the keeper needs of NATS (*bus.Bus has it).
type Bus interface {
	Connected(ctx context.Context) (context.Context, context.CancelFunc, error)
	EnsureStream(ctx context.Context) (bus.Stream, error)
	EnsureWords(ctx context.Context) error
	FetchWords(ctx context.Context, digest [32]byte) (words []byte, ok bool, err error)
	PublishWords(words []byte) (*bus.Ack, error)
	OnWords(fn func(digest [32]byte, words []byte)) (stop func(), err error)
	WantWords(digests [][32]byte) error
	OnWantWords(fn func(digests [][32]byte)) (stop func(), err error)
	ServeHeldWords(server string, fn func(digests [][32]byte) (held, gone [][32]byte, err error)) (stop func(), err error)
	EraseWords(ctx context.Context, digest [32]byte) error
	StoredWords(ctx context.Context) ([][32]byte, error)
	TellGone(digests [][32]byte) error
}

// Options of New. All but Log and Sweep must be set.
type Options struct {
	Server string // id of this server
	Bus    Bus
	Store  *Store
	Texts  Texts
	Log    *slog.Logger
	Sweep  time.Duration // how often words whose time is over are looked for; 0: an hour
}

// Keeper keeps the store level with the facts. Only words that such a fact names
// are stored: nobody else can fill the disk. What is erased, or past its time, is
// erased here, in the stream and, by asking, on the devices; and it is taken from
// nobody again.
type Keeper struct {
	o    Options
	more chan struct{} // there may be something to get or to erase

	// Held while words are stored: what is to be erased is not stored after it was
	// erased.
	storing sync.Mutex

	mu      sync.Mutex
	missing map[[32]byte]want
	gone    map[[32]byte]bool // to be erased
	swept   bool              // what is here may be shown
}

// want is how the search for missing words stands.
type want struct {
	tries int       // in vain
	next  time.Time // of the next try
}

// New makes a keeper; nothing happens before Run.
func New(o Options) *Keeper {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Sweep == 0 {
		o.Sweep = time.Hour
	}
	return &Keeper{o: o, more: make(chan struct{}, 1), missing: map[[32]byte]want{}, gone: map[[32]byte]bool{}}
}

// Changed says that facts that name words came into effect. To be called by
// projection.Options.OnChange; it does not block.
func (k *Keeper) Changed(digests [][32]byte) {
	if len(digests) == 0 {
		return
	}
	k.mu.Lock()
	for _, d := range digests {
		if _, ok := k.missing[d]; !ok {
			k.missing[d] = want{}
		}
	}
	k.mu.Unlock()
	k.wake()
}

func (k *Keeper) wake() {
	select {
	case k.more <- struct{}{}:
	default:
	}
}

// Missing counts the words that are to be kept and are not here yet, and of them
// those that the stream did not have when it was asked for them.
func (k *Keeper) Missing() (all, vain int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, w := range k.missing {
		if w.tries > 1 { // the first time, they may just be on their way
			vain++
		}
	}
	return len(k.missing), vain
}

// Run keeps words until ctx ends, over all faults, and returns ctx's error; or
// bus.ErrDisconnected where the bus was closed before.
func (k *Keeper) Run(ctx context.Context) error {
	for _, subscribe := range []func() (func(), error){
		func() (func(), error) {
			return k.o.Bus.OnWords(func(d [32]byte, words []byte) { k.take(ctx, d, words) })
		},
		func() (func(), error) { return k.o.Bus.OnWantWords(func(digests [][32]byte) { k.give(ctx, digests) }) },
		func() (func(), error) {
			return k.o.Bus.ServeHeldWords(k.o.Server, func(digests [][32]byte) (_, _ [][32]byte, err error) { return k.holds(ctx, digests) })
		},
	} {
		stop, err := subscribe()
		if err != nil {
			return err
		}
		defer stop()
	}
	for wait := time.Duration(0); ; {
		link, release, err := k.o.Bus.Connected(ctx)
		if err != nil {
			return err
		}
		err = k.session(link)
		if link.Err() != nil {
			wait = 0 // the bus has its own pauses between attempts
		} else {
			k.o.Log.Warn("words are not read; trying again", "error", err)
		}
		release()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// 100 ms doubling to 10 s, half of it random.
		wait = min(max(2*wait, 100*time.Millisecond), 10*time.Second)
		if err := pause(ctx, wait/2+rand.N(wait/2)); err != nil { // #nosec G404 -- spreads attempts in time
			return err
		}
	}
}

// session erases what is to be kept nowhere, compares the store with the facts,
// then gets what is missing, over one connection or until something fails.
func (k *Keeper) session(ctx context.Context) error {
	if err := k.o.Bus.EnsureWords(ctx); err != nil {
		return err
	}
	if err := k.current(ctx); err != nil {
		return err
	}
	if err := k.sweep(ctx); err != nil {
		return err
	}
	if err := k.compare(ctx); err != nil {
		return err
	}
	again := time.NewTicker(k.o.Sweep)
	defer again.Stop()
	for {
		if err := k.erase(ctx); err != nil {
			return err
		}
		due, next := k.due(time.Now())
		if len(due) > 0 {
			if err := k.get(ctx, due); err != nil {
				return err
			}
			continue
		}
		late := time.NewTimer(next)
		select {
		case <-ctx.Done():
			late.Stop()
			return context.Cause(ctx)
		case <-k.more:
		case <-late.C:
		case <-again.C:
			if err := k.sweep(ctx); err != nil {
				late.Stop()
				return err
			}
		}
		late.Stop()
	}
}

// atOnce is how many words are looked for together: some 4 MiB at most, and the
// question for those that are not found is small.
const atOnce = 256

// compare finds all that is missing, to be got at once.
func (k *Keeper) compare(ctx context.Context) error {
	k.mu.Lock()
	clear(k.missing)
	k.mu.Unlock()
	for after := int64(0); ; {
		digests, next, err := k.o.Texts.Texts(ctx, after, atOnce)
		if err != nil || len(digests) == 0 {
			return err
		}
		after = next
		held, err := k.o.Store.Held(ctx, digests)
		if err != nil {
			return err
		}
		k.Changed(without(digests, held))
	}
}

// due gives what is to be looked for now, or how long nothing is.
func (k *Keeper) due(now time.Time) (digests [][32]byte, wait time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	wait = slowest
	for d, w := range k.missing {
		if left := w.next.Sub(now); left > 0 {
			wait = min(wait, left)
			continue
		}
		if digests = append(digests, d); len(digests) == atOnce {
			break
		}
	}
	return digests, wait
}

// The first and the longest pause between two tries for the same words.
const (
	quickest = 250 * time.Millisecond
	slowest  = time.Minute
)

// get looks for words in the stream, and asks everybody for what it does not
// have.
func (k *Keeper) get(ctx context.Context, digests [][32]byte) error {
	held, err := k.o.Store.Held(ctx, digests)
	if err != nil {
		return err
	}
	k.found(held)
	var all [][]byte
	var found, wanted [][32]byte
	for _, d := range without(digests, held) {
		words, ok, err := k.o.Bus.FetchWords(ctx, d)
		if err != nil {
			return err
		}
		if ok {
			all, found = append(all, words), append(found, d)
		} else if k.vain(d) > 1 {
			wanted = append(wanted, d)
		}
	}
	if err := k.store(ctx, found, all); err != nil {
		return err
	}
	if len(wanted) == 0 {
		return nil
	}
	return k.o.Bus.WantWords(wanted)
}

// vain notes a try that found nothing, and gives how many there were.
func (k *Keeper) vain(d [32]byte) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	w, ok := k.missing[d]
	if !ok {
		return 0 // they came meanwhile
	}
	w.next = time.Now().Add(min(quickest<<min(w.tries, 16), slowest))
	w.tries++
	k.missing[d] = w
	return w.tries
}

func (k *Keeper) found(digests [][32]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, d := range digests {
		delete(k.missing, d)
	}
}

// store stores words, unless they are to be kept nowhere meanwhile.
func (k *Keeper) store(ctx context.Context, digests [][32]byte, all [][]byte) error {
	k.storing.Lock()
	defer k.storing.Unlock()
	// Whatever is erased after this look is erased from the store too, behind us.
	gone, err := k.o.Texts.Gone(ctx, digests)
	if err != nil {
		return err
	}
	var keep [][]byte
	for i, d := range digests {
		if !slices.Contains(gone, d) {
			keep = append(keep, all[i])
		}
	}
	if err := k.o.Store.Put(ctx, keep...); err != nil {
		return err
	}
	k.found(digests)
	return nil
}

// take stores words that somebody sends, where they are missing here. Those that
// come before their fact are in the stream when that comes. Those that are to be
// kept nowhere are erased in the stream once more.
func (k *Keeper) take(ctx context.Context, digest [32]byte, words []byte) {
	k.mu.Lock()
	_, ok := k.missing[digest]
	k.mu.Unlock()
	var err error
	if ok {
		err = k.store(ctx, [][32]byte{digest}, [][]byte{words})
	} else {
		err = k.refuse(ctx, digest)
	}
	if err != nil && ctx.Err() == nil {
		k.o.Log.Warn("words that came could not be stored; they are fetched later", "error", err)
	}
}

// give sends words to somebody who lacks them. Nobody waits for the stream's
// ack: who still lacks them asks again.
func (k *Keeper) give(ctx context.Context, digests [][32]byte) {
	for _, d := range digests {
		words, ok, err := k.Words(ctx, d)
		if err == nil && ok {
			_, err = k.o.Bus.PublishWords(words)
		}
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, bus.ErrDisconnected) {
				k.o.Log.Warn("words that somebody asks for", "error", err)
			}
			return
		}
	}
}

// without gives the digests that are not among others.
func without(digests, others [][32]byte) [][32]byte {
	among := make(map[[32]byte]bool, len(others))
	for _, d := range others {
		among[d] = true
	}
	return slices.DeleteFunc(slices.Clone(digests), func(d [32]byte) bool { return among[d] })
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
