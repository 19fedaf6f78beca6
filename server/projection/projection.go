// Package projection computes ballots and rollups from the set of facts, and is
// all that writes them. Its result is a function of that set alone: not of the
// order, the number of times or the pieces in which the facts arrived.
//
// How that is kept: every fact of an origin takes effect in the order of its
// chain; what facts of several origins have to say about one thing (a ballot, a
// unit) is combined by rules that do not depend on the order; whatever a late
// fact changes is computed anew from all the facts about that thing.
package projection

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hailong/internal/fact"
	"hailong/internal/sqlite"
	"hailong/server/projection/schema"
)

// Keys is what the projection needs of the servers' shared secret.
type Keys interface {
	IsMember(public, proof []byte) bool
	OpenCode(sealed []byte) (string, error)
	Ballot(code string) [32]byte
}

// Options of Open; Server and Keys must be set.
type Options struct {
	Server   string // id of this server, in its watermarks
	Keys     Keys
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: slog.Default
	CacheKiB int              // 0: 64 MiB
	// OnChange is called after each commit that changed something, from the
	// goroutine that called Apply.
	OnChange func(Change)
}

// Change says what a commit touched.
type Change struct {
	Marks []fact.Mark // new watermarks
	Desks []string    // codes of desks whose figures or numbers moved
	Org   bool        // the organisation, or what is asked, changed
	Texts [][32]byte  // digests of texts, acts and accounts that came into effect: their words are to be kept

	Erased   [][32]byte // digests of words that are to be kept nowhere any more
	Accounts bool       // table account changed
	Revoked  bool       // tables admission or revocation changed
}

// Position is where the stream's reader stands: the stream's identity (its
// creation, Unix nanoseconds), the sequence of the last message applied and
// the SHA-256 of that message.
type Position struct {
	Stream   int64
	Sequence uint64
	Digest   [32]byte
}

// Projection is the writer of one server's database.
type Projection struct {
	db   *sqlite.DB
	o    Options
	path string

	mu          sync.Mutex // one Apply at a time; guards what follows
	incarnation [16]byte
	position    Position
	caughtUp    bool
	origins     map[fact.OriginID]*origin
	byOID       map[int64]*origin
	places      map[place]int64
	codes       map[int64]place
	cells       map[cellKey]int64
	held        map[int64]map[int64]heldBallot // by cell and ballot
	retired     map[int64]bool                 // ratings that were shown, and left
	ends        map[int64]int64                // by cell, the last day of its last block
	voids       map[fact.OriginID][]span       // runs of ratings that are void
	voided      map[int64]bool                 // facts in table voided
	nextBallot  int64
	writer      *session
	ahead       ahead
	sheets      sheets

	applied *sync.Cond // signalled after each commit

	dropped atomic.Int64 // batches not validly signed or not decodable
	facts   atomic.Int64 // facts stored by this process
}

// Open opens or makes the database at path.
func Open(ctx context.Context, path string, o Options) (*Projection, error) {
	if o.Server == "" || o.Keys == nil {
		return nil, errors.New("projection: Options.Server and Options.Keys must be set")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.CacheKiB == 0 {
		o.CacheKiB = 64 << 10
	}
	db, err := sqlite.Open(ctx, path, schema.Files, sqlite.Options{
		CacheKiB: o.CacheKiB, Readers: 4, Checkpoint: 10000, Now: o.Now,
	})
	if err != nil {
		return nil, err
	}
	p := &Projection{db: db, o: o, path: path, writer: newSession(db.Conn())}
	p.ahead.worthwhile = 8
	p.applied = sync.NewCond(&p.mu)
	if err := p.begin(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// begin gives a new database its incarnation, loads what is kept in memory and
// judges again what an earlier program refused.
func (p *Projection) begin(ctx context.Context) error {
	err := p.db.Write(ctx, func(tx *sqlite.Tx) error {
		var fresh [16]byte
		if _, err := rand.Read(fresh[:]); err != nil {
			return err
		}
		_, err := tx.Conn.ExecContext(ctx, `INSERT INTO meta(key, value) VALUES ('incarnation', ?) ON CONFLICT DO NOTHING`, fresh[:])
		return err
	})
	if err == nil {
		err = p.load(ctx)
	}
	if err != nil {
		return fmt.Errorf("projection: open %s: %w", p.path, err)
	}
	if err := p.rebuild(ctx); err != nil {
		return fmt.Errorf("projection: fill the rollups of %s anew: %w", p.path, err)
	}
	return p.judgeAgain(ctx)
}

// Close ends the projection; Apply must not be called any more.
func (p *Projection) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.ahead.close(), p.writer.close(), p.db.Close())
}

// Reader gives the pool of readers of the projection's database.
func (p *Projection) Reader() *sql.DB { return p.db.Read() }

// Position is where the reader of the stream goes on.
func (p *Projection) Position() Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.position
}

// Dropped counts the batches that were dropped because they were not validly
// signed or not decodable.
func (p *Projection) Dropped() int64 { return p.dropped.Load() }

// Facts counts the facts that this process stored.
func (p *Projection) Facts() int64 { return p.facts.Load() }

// Opened are messages of the stream whose signatures are checked.
type Opened struct {
	batches []*fact.Batch
	found   found
}

// Open checks and decodes messages of the stream, each a batch as
// fact.EncodeBatch makes it; what is not validly signed is dropped and counted.
// It needs no lock, so that the next messages can be opened while some are
// applied.
func (p *Projection) Open(messages [][]byte) Opened {
	opened := make([]*fact.Batch, len(messages))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(messages)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(messages)); i = next.Add(1) - 1 {
				b, err := fact.Open(messages[i])
				if err != nil {
					p.dropped.Add(1)
					p.o.Log.Warn("dropped a batch", "error", err)
					continue
				}
				for k := range b.Records {
					if r := &b.Records[k]; r.Fact != nil {
						r.Decoded, _ = decode(r.Fact) // judge says why not
					}
				}
				opened[i] = b
			}
		})
	}
	wg.Wait()
	o := Opened{batches: slices.DeleteFunc(opened, func(b *fact.Batch) bool { return b == nil })}
	var err error
	if o.found, err = p.ahead.look(p.db.Read(), o.batches); err != nil {
		p.o.Log.Warn("look receipts up ahead", "error", err)
	}
	return o
}

// Apply takes opened messages, in the stream's order, with the position after
// the last of them, in one transaction. Any error means that nothing was
// stored, and that the same call may be repeated.
func (p *Projection) Apply(ctx context.Context, messages Opened, at Position, caughtUp bool) error {
	batches := messages.batches
	p.mu.Lock()
	change, err := p.write(ctx, func(w *run) error {
		w.ahead = messages.found
		for _, b := range batches {
			if err := w.take(b); err != nil {
				return err
			}
		}
		if err := w.settle(); err != nil {
			return err
		}
		return w.moveTo(at)
	})
	if err == nil {
		p.position, p.caughtUp = at, caughtUp
		for i := range change.Marks {
			p.stampMark(&change.Marks[i])
		}
	}
	p.applied.Broadcast()
	p.mu.Unlock()
	if err == nil && p.o.OnChange != nil {
		p.o.OnChange(change)
	}
	return err
}

// write runs fn in a transaction and flushes what it collected. After an error
// the memory is loaded anew from the database, which it may have run ahead of.
func (p *Projection) write(ctx context.Context, fn func(w *run) error) (Change, error) {
	var w *run
	err := p.db.Write(ctx, func(tx *sqlite.Tx) error {
		w = newRun(ctx, p, tx)
		if err := fn(w); err != nil {
			return err
		}
		return w.finish()
	})
	if err != nil {
		err = fmt.Errorf("projection: %w", err)
		return Change{}, errors.Join(err, p.load(context.WithoutCancel(ctx)))
	}
	p.ahead.committed(w.moved)
	return w.change(), nil
}

// WaitApplied waits until this server's projection has taken in the numbered
// fact of an origin.
func (p *Projection) WaitApplied(ctx context.Context, id fact.OriginID, number uint64) error {
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		p.applied.Broadcast()
		p.mu.Unlock()
	})
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if o := p.origins[id]; o != nil && o.head >= number {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		p.applied.Wait()
	}
}
