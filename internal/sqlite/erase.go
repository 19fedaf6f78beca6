package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Pragma sets one of the writing connection, such as "secure_delete=ON".
func (db *DB) Pragma(ctx context.Context, pragma string) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	_, err := db.conn.ExecContext(ctx, "PRAGMA "+pragma)
	return err
}

// ErrBusy is returned by Truncate where readers would not let go.
var ErrBusy = errors.New("the database is being read all the time")

// Truncate copies the write-ahead log into the file and empties it, so that
// what was overwritten in the file is not left there. It waits for readers, 10 s
// in all, and lets others write meanwhile.
func (db *DB) Truncate(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 10*time.Second, ErrBusy)
	defer cancel()
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		done, err := db.truncate(ctx)
		if err != nil || done {
			return err
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return context.Cause(ctx)
		case <-t.C:
		}
	}
}

func (db *DB) truncate(ctx context.Context) (done bool, err error) {
	if err := db.lock(ctx); err != nil {
		return false, err
	}
	defer db.unlock()
	defer func() {
		if err != nil {
			err = fmt.Errorf("empty the write-ahead log: %w", err)
		}
	}()
	// Nobody is to wait for readers behind this.
	if _, err := db.conn.ExecContext(ctx, "PRAGMA busy_timeout=50"); err != nil {
		return false, err
	}
	defer func() {
		_, e := db.conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("PRAGMA busy_timeout=%d", busyTimeout.Milliseconds()))
		err = errors.Join(err, e)
	}()
	var busy, frames, copied int
	err = db.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &copied)
	return busy == 0, err
}
