// Package prooflog keeps a server's log of the facts in the order in which it
// took them up, as a Merkle tree (RFC 6962), and signs a checkpoint of it each
// hour. A checkpoint that somebody kept shows later, whoever has the server by
// then, that no fact before it was changed, removed or put between others.
//
// It follows the projection at a distance, from its table of arrivals, and keeps
// its place in its own file. Where that file or the projection's is not the one
// that its checkpoints are of, it begins another log, which names the last
// checkpoint of the one before.
package prooflog

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"hailong/internal/fact"
	"hailong/internal/sqlite"
	"hailong/server/projection"
	"hailong/server/prooflog/schema"
)

// ErrDamaged is wrapped where the file contradicts itself: it is to be deleted.
var ErrDamaged = errors.New("prooflog: the log's file is damaged")

// Projection is what the log follows; *projection.Projection is one.
type Projection interface {
	Reader() *sql.DB
	Arrivals(ctx context.Context, after int64, limit int) ([]projection.Arrival, error)
	FactHashes(ctx context.Context, origin fact.OriginID, first, last uint64) ([]fact.Hash, error)
	Effects(ctx context.Context) ([]fact.Hold, error)
}

// Options of Open. Server, Key, Projection and Append are required.
type Options struct {
	Server     string             // id of this server
	Key        ed25519.PrivateKey // of this server as an origin
	Projection Projection
	// Append records a checkpoint: see register.Recorder.
	Append func(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error)
	Log    *slog.Logger     // nil: slog.Default
	Now    func() time.Time // nil: time.Now
	Every  time.Duration    // between checkpoints; 0: an hour
	Pause  time.Duration    // after a change, before it is taken up with those after it; 0: 300 ms
}

// Log is one server's log. Its methods may be called from several goroutines.
type Log struct {
	o    Options
	db   *sqlite.DB
	wake chan struct{}
	last time.Time // when a checkpoint was made by this process

	mu    sync.Mutex // guards state
	state state
}

// state is the row of table log.
type state struct {
	id          [16]byte
	incarnation []byte
	seq         int64
	arrived     []byte
	size        uint64
	previous    Point
}

// Point is a size of a log with its root. The zero Point is none.
type Point struct {
	Log  []byte // id of the log, 16 bytes
	Size uint64
	Root []byte // 32 bytes
}

// Open opens or makes the log's file. Where what it holds is not of the
// projection as it is, another log begins.
func Open(ctx context.Context, path string, o Options) (*Log, error) {
	if o.Server == "" || o.Key == nil || o.Projection == nil || o.Append == nil {
		return nil, errors.New("prooflog: Server, Key, Projection and Append are required")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every == 0 {
		o.Every = time.Hour
	}
	if o.Pause == 0 {
		o.Pause = 300 * time.Millisecond
	}
	db, err := sqlite.Open(ctx, path, schema.Files, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	l := &Log{o: o, db: db, wake: make(chan struct{}, 1)}
	if err := l.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("prooflog: open %s: %w", path, err), db.Close())
	}
	return l, nil
}

// Close closes the file; Run must have ended.
func (l *Log) Close() error { return l.db.Close() }

// begin loads the log, or begins one.
func (l *Log) begin(ctx context.Context) error {
	s, err := load(ctx, l.db.Read())
	why := ""
	switch {
	case errors.Is(err, sql.ErrNoRows):
		why = "there was none"
	case err != nil:
		return err
	default:
		if why, err = l.contradicted(ctx, s); err != nil {
			return err
		}
	}
	l.state = s
	if why == "" {
		return nil
	}
	return l.renew(ctx, why)
}

func load(ctx context.Context, db querier) (s state, err error) {
	var id []byte
	var size, previousSize int64
	err = db.QueryRowContext(ctx, `SELECT id, incarnation, seq, arrived, size, previous, previous_size, previous_root FROM log`).
		Scan(&id, &s.incarnation, &s.seq, &s.arrived, &size, &s.previous.Log, &previousSize, &s.previous.Root)
	if err != nil {
		return s, err
	}
	s.id, s.size, s.previous.Size = [16]byte(id), uint64(size), uint64(previousSize)
	return s, nil
}

// contradicted says why the log can't go on: the projection is another one, or
// does not know the last arrival that was taken up, or there are checkpoints of
// this log that it does not lead to. "" where it can.
func (l *Log) contradicted(ctx context.Context, s state) (why string, err error) {
	incarnation, err := l.incarnation(ctx)
	if err != nil {
		return "", err
	}
	if !bytes.Equal(incarnation, s.incarnation) {
		return "the projection's database is another one", nil
	}
	if s.seq > 0 {
		same, err := l.sameArrival(ctx, s)
		if err != nil {
			return "", err
		}
		if !same {
			return "the projection's database is older than the log", nil
		}
	}
	c, ok, err := latest(ctx, l.reader(), s.id[:])
	if err != nil || !ok {
		return "", err
	}
	if c.Size > s.size {
		return "the log's file is older than its last checkpoint", nil
	}
	root, err := newTree(ctx, l.db.Read()).root(c.Size)
	if err != nil {
		return "", err
	}
	if !bytes.Equal(root[:], c.Root) {
		return "the log does not lead to its last checkpoint", nil
	}
	return "", nil
}

func (l *Log) incarnation(ctx context.Context) (id []byte, err error) {
	err = l.reader().QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'incarnation'`).Scan(&id)
	return id, err
}

// sameArrival says whether the projection has the arrival with which the log
// ends.
func (l *Log) sameArrival(ctx context.Context, s state) (bool, error) {
	have, err := l.o.Projection.Arrivals(ctx, s.seq-1, 1)
	return len(have) == 1 && have[0].Seq == s.seq && bytes.Equal(arrived(&have[0]), s.arrived), err
}

// renew begins another log, which names the last checkpoint of the one before.
func (l *Log) renew(ctx context.Context, why string) error {
	incarnation, err := l.incarnation(ctx)
	if err != nil {
		return err
	}
	s := state{incarnation: incarnation}
	if _, err := rand.Read(s.id[:]); err != nil {
		return err
	}
	c, ok, err := latestOf(ctx, l.reader(), l.public())
	if err != nil {
		return err
	}
	if ok {
		s.previous = Point{c.Log, c.Size, c.Root}
	}
	err = l.db.Write(ctx, func(tx *sqlite.Tx) error {
		for _, q := range []string{`DELETE FROM log`, `DELETE FROM tile`, `DELETE FROM run`, `DELETE FROM held`} {
			if _, err := tx.Conn.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		return s.store(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("prooflog: begin another log: %w", err)
	}
	l.mu.Lock()
	l.state = s
	l.mu.Unlock()
	l.last = time.Time{}
	l.o.Log.Info("a log of the facts begins", "log", fmt.Sprintf("%x", s.id), "because", why)
	return nil
}

func (s *state) store(ctx context.Context, tx *sqlite.Tx) error {
	empty := func(b []byte) []byte { return append([]byte{}, b...) }
	_, err := tx.Conn.ExecContext(ctx, `INSERT INTO log(one, id, incarnation, seq, arrived, size, previous, previous_size, previous_root) VALUES (1,?,?,?,?,?,?,?,?)
		ON CONFLICT(one) DO UPDATE SET seq = excluded.seq, arrived = excluded.arrived, size = excluded.size`,
		s.id[:], s.incarnation, s.seq, empty(s.arrived), int64(s.size), empty(s.previous.Log), int64(s.previous.Size), empty(s.previous.Root))
	return err
}

func (l *Log) reader() *sql.DB { return l.o.Projection.Reader() }

func (l *Log) public() ed25519.PublicKey { return l.o.Key.Public().(ed25519.PublicKey) }

func (l *Log) now() state {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Wake tells that the projection took in facts. It never waits.
func (l *Log) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run keeps the log up with the projection and makes checkpoints, until the
// context ends. What fails is logged and tried again.
func (l *Log) Run(ctx context.Context) error {
	tick := time.NewTicker(min(l.o.Every, time.Minute))
	defer tick.Stop()
	for {
		if err := l.round(ctx); err != nil && ctx.Err() == nil {
			l.o.Log.Warn("the log of the facts", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-l.wake:
			// What comes within a moment is taken up together.
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(l.o.Pause):
			}
		}
	}
}

// round takes up what there is, and makes a checkpoint where one is due.
func (l *Log) round(ctx context.Context) error {
	if err := l.grow(ctx); err != nil {
		return err
	}
	if l.o.Now().Sub(l.last) < l.o.Every {
		return nil
	}
	made, err := l.checkpoint(ctx)
	if made {
		l.last = l.o.Now()
	}
	return err
}
