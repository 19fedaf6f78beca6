package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/mattn/go-sqlite3"

	"hailong/internal/fact"
)

// Stats describes an outbox for status pages and metrics.
type Stats struct {
	Origin  fact.OriginID // the current one
	Number  uint64        // its head
	Origins int           // that this outbox has been
	Facts   int64         // held, given-up ones among them
	Bytes   int64         // on the disk
	Waiting int           // calls of Append that wait for their turn

	// Failing says that the last commit of Append failed. LastError is its last
	// error, for operators, and LastErrorAt its time, also when it works again.
	Failing     bool
	LastError   error
	LastErrorAt time.Time
}

// Stats gives the present state, without waiting for the writer.
func (o *Outbox) Stats(ctx context.Context) (Stats, error) {
	if err := ctx.Err(); err != nil {
		return Stats{}, context.Cause(ctx)
	}
	o.mu.Lock()
	c := o.current()
	s := Stats{
		Origin: c.origin, Number: c.last, Origins: len(o.chains), Waiting: len(o.queue),
		Failing: o.failure.failing, LastError: o.failure.err, LastErrorAt: o.failure.at,
	}
	for _, c := range o.chains {
		s.Facts += int64(c.last - c.base)
	}
	o.mu.Unlock()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(o.path + suffix)
		if err == nil {
			s.Bytes += info.Size()
		} else if !errors.Is(err, fs.ErrNotExist) {
			return s, fmt.Errorf("outbox: %w", err)
		}
	}
	return s, nil
}

// SetValue keeps a small value under a key, for a start without servers. When it
// returns nil, the value is on the disk.
func (o *Outbox) SetValue(ctx context.Context, key string, v []byte) error {
	if v == nil {
		v = []byte{}
	}
	err := o.db.Raw(ctx, func(*sqlite3.SQLiteConn) error {
		return o.w.exec("INSERT OR REPLACE INTO value(key, bytes) VALUES (?, ?)", key, v)
	})
	if err != nil {
		return fmt.Errorf("outbox: keep %s: %w", key, err)
	}
	return nil
}

// Value gives what SetValue kept under the key; nil if nothing.
func (o *Outbox) Value(ctx context.Context, key string) ([]byte, error) {
	var v []byte
	err := o.db.Read().QueryRowContext(ctx, "SELECT bytes FROM value WHERE key = ?", key).Scan(&v)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("outbox: read %s: %w", key, err)
	}
	return v, nil
}

// failure is how Append last failed.
type failure struct {
	err     error
	at      time.Time
	failing bool
}

func (f *failure) note(err error, now time.Time) {
	f.failing = err != nil
	if err != nil {
		f.err, f.at = err, now
	}
}
