// Package outbox keeps the facts that this device records until every server
// holds them: a file of its own, in which a fact is on the disk before anybody
// is told that it was recorded. The sealed words that a fact names stand beside
// it, apart from the chain.
//
// The facts form one chain (package fact). Several callers share one commit.
// Whatever dies, what Append returned for is there at the next Open, the chain
// has no gap and no number is used twice; an outbox that is found behind what
// servers hold goes on under a new origin (Reopen).
package outbox

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"

	"hailong/internal/fact"
	"hailong/internal/sqlite"
)

//go:embed schema/*.sql
var schema embed.FS

// Errors of Open and Append, to be found with errors.Is.
var (
	// ErrLocked: another process has the outbox open.
	ErrLocked = errors.New("another process has this outbox open: stop it first")
	// ErrKey: the outbox belongs to another key.
	ErrKey = errors.New("this outbox was written with another device's key: put that key file back, " +
		"or move the outbox away, and the device starts as a new one")
	// ErrDamaged: the chain in the file does not hang together.
	ErrDamaged = errors.New("the facts in this outbox do not hang together: " +
		"put back a copy of it together with its -wal file, or move both away; what servers hold is safe")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("the outbox is closed")
	// ErrUnsure: see Append.
	ErrUnsure = errors.New("the disk failed while the facts were committed: they may or may not be stored")
)

// Options of Open.
type Options struct {
	Key       ed25519.PrivateKey // the device's, see LoadKey
	Role      uint8              // fact.RoleKiosk or fact.RoleServer
	Name      string             // of the device, for people
	Member    []byte             // fact.Opened.Member
	Stamp     func() fact.Stamp  // nil: SystemStamp
	Retention time.Duration      // facts are kept at least so long; 0: 90 days
	CacheKiB  int                // SQLite's page cache of each of three connections; 0: 2048
}

// Outbox is an open outbox. Its methods may be called from several goroutines.
type Outbox struct {
	opt     Options
	path    string
	lock    *os.File
	db      *sqlite.DB
	changed chan struct{}
	written chan struct{} // see WordsChanged

	// Used only by whoever has the writer's turn (sqlite.DB.Raw).
	w     writer
	stale bool // the chains must be read from the file before the next write

	batch struct { // the connection of Batch
		sync.Mutex
		conn *sql.Conn
	}

	mu      sync.Mutex // guards what follows; held for moments only
	queue   []*request
	spare   []*request
	leading bool
	closed  bool
	idle    sync.Cond // signalled when leading or flushing ends; its lock is mu
	chains  []chain   // oldest first; the last is current
	clock   *fact.Clock
	marks   marks
	failure failure
}

// chain is what is known of one origin of this outbox.
type chain struct {
	id       int64
	origin   fact.OriginID
	salt     [16]byte
	given    bool   // given up above agreed
	agreed   uint64 // of given-up chains
	base     uint64 // facts up to this number were pruned
	baseHash fact.Hash
	last     uint64 // head
	lastHash fact.Hash
}

// sendable is the number up to which the chain may leave.
func (c *chain) sendable() uint64 {
	if c.given {
		return c.agreed
	}
	return c.last
}

func (c *chain) row(number uint64) int64 { return c.id<<40 | int64(number) }

// Open opens or creates the outbox in the file; only one process at a time may
// have it open (ErrLocked). The first Open records fact.Opened as number 1.
// Errors are for operators, and end with what to try.
func Open(ctx context.Context, path string, o Options) (_ *Outbox, err error) {
	if len(o.Key) != ed25519.PrivateKeySize {
		return nil, errors.New("outbox: no key")
	}
	if o.Stamp == nil {
		o.Stamp = SystemStamp
	}
	o.Retention = cmp.Or(o.Retention, 90*24*time.Hour)
	box := &Outbox{opt: o, path: path, changed: make(chan struct{}, 1), written: make(chan struct{}, 1)}
	box.idle.L = &box.mu
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("outbox %s: %w", path, err), box.release())
		}
	}()
	if err := box.acquire(); err != nil {
		return nil, err
	}
	// After a crash of the process alone, the WAL may hold commits that are in
	// memory only. They must not be shown to anybody before they are on the disk.
	if err := syncPath(path + "-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return nil, err
	}
	// 1,000 pages: the WAL soon has its greatest size, and is written over from
	// then on. While it grows, every sync also brings the file's new size to the
	// disk, which costs a lone caller about half of its speed.
	box.db, err = sqlite.Open(ctx, path, files, sqlite.Options{CacheKiB: o.CacheKiB, Readers: 2, Checkpoint: 1000})
	if err != nil {
		return nil, err
	}
	if box.batch.conn, err = box.db.Read().Conn(ctx); err != nil {
		return nil, err
	}
	// Deleted words are overwritten, not only forgotten.
	if err := box.db.Pragma(ctx, "secure_delete=ON"); err != nil {
		return nil, err
	}
	if err := box.load(ctx); err != nil {
		return nil, err
	}
	return box, nil
}

// load reads the chains and marks, and opens the first origin in a new file.
func (o *Outbox) load(ctx context.Context) error {
	return o.db.Raw(ctx, func(conn *sqlite3.SQLiteConn) error {
		if err := o.w.prepare(conn); err != nil {
			return err
		}
		chains, err := o.w.chains()
		if err != nil {
			return err
		}
		o.chains = chains
		if err := o.marks.load(&o.w); err != nil {
			return err
		}
		if len(chains) == 0 {
			next, err := o.w.transact(func() (chain, error) {
				return o.openChain(1, fact.Opened{})
			})
			if err != nil {
				return err
			}
			o.chains = []chain{next}
			return nil
		}
		c := &chains[len(chains)-1]
		if fact.NewOriginID(o.public(), c.salt) != c.origin {
			return ErrKey
		}
		return o.w.check(c)
	})
}

func (o *Outbox) public() ed25519.PublicKey { return o.opt.Key.Public().(ed25519.PublicKey) }

// acquire takes the lock that keeps a second process out. The kernel releases
// it when this process ends, however it ends.
func (o *Outbox) acquire() error {
	f, err := os.OpenFile(o.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		err = errors.Join(err, f.Close())
		if errors.Is(err, unix.EWOULDBLOCK) {
			return ErrLocked
		}
		return err
	}
	o.lock = f
	return nil
}

func (o *Outbox) release() error {
	var errs []error
	if o.batch.conn != nil {
		errs = append(errs, o.batch.conn.Close())
	}
	if o.db != nil {
		closing := func(*sqlite3.SQLiteConn) error { return o.w.close() }
		errs = append(errs, o.db.Raw(context.Background(), closing), o.db.Close())
	}
	if o.lock != nil {
		errs = append(errs, o.lock.Close())
	}
	return errors.Join(errs...)
}

// Close waits for the commits under way, writes the marks and closes the file.
// Later calls return ErrClosed.
func (o *Outbox) Close() error {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return ErrClosed
	}
	o.closed = true
	for o.leading || o.marks.flushing {
		o.idle.Wait()
	}
	if o.marks.timer != nil {
		o.marks.timer.Stop()
	}
	o.mu.Unlock()
	err := o.flush(context.Background())
	o.batch.Lock()
	defer o.batch.Unlock()
	return errors.Join(err, o.release())
}

// current is the chain that Append extends; o.mu or the writer's turn is held.
func (o *Outbox) current() *chain { return &o.chains[len(o.chains)-1] }

func (o *Outbox) find(origin fact.OriginID) (chain, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.chains {
		if c.origin == origin {
			return c, true
		}
	}
	return chain{}, false
}

// Head gives the current origin with its last number and hash; the other fields
// of the mark are empty.
func (o *Outbox) Head() fact.Mark {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.current()
	return fact.Mark{Origin: c.origin, Number: c.last, Hash: c.lastHash}
}

// Changed is signalled after commits of facts: once or more for all since it was
// last received from. It is meant for one receiver.
func (o *Outbox) Changed() <-chan struct{} { return o.changed }

func (o *Outbox) signal() { notify(o.changed) }

// notify signals, where no signal waits yet.
func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
