// Package sqlite opens the product's SQLite files: pragmas in the DSN, one
// writer, a pool of readers, migrations, and transactions with their time. It
// knows no table.
//
// A file has one owner, which opens it with Open and alone writes. Others read
// it through OpenReader. The journal is a WAL with synchronous=FULL: what Write
// returned for is on the disk, and readers never block the writer.
package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
)

// Options of Open. The zero value is usable.
type Options struct {
	CacheKiB   int              // page cache of each connection; 0: 2048
	Readers    int              // greatest number of connections that read; 0: 4
	Checkpoint int              // pages in the WAL at which it is copied into the file; 0: 1000
	Now        func() time.Time // time of a transaction; nil: time.Now
}

// DB is a database file with its one writer. Its methods may be called from
// several goroutines.
type DB struct {
	writer *sql.DB
	conn   *sql.Conn
	read   *sql.DB
	turn   chan struct{} // holds one token while somebody writes
	now    func() time.Time
}

// Tx is a transaction of the writer. It must not be used after the function
// that received it has returned.
type Tx struct {
	Conn *sql.Conn
	Now  time.Time // the same throughout the transaction
}

// Open opens or creates the file and applies the migrations that it lacks: files
// NUMBER_NAME.sql of goose at the root of the given file system, each in its own
// transaction. A file whose schema is newer than the last of them is left as it
// is, and refused with ErrNewer.
func Open(ctx context.Context, path string, migrations fs.FS, o Options) (_ *DB, err error) {
	dsn, err := dsnOf(path, o.CacheKiB, "mode=rwc&_journal_mode=WAL&_synchronous=FULL&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	checkpoint := max(o.Checkpoint, 0)
	if checkpoint == 0 {
		checkpoint = 1000
	}
	db := &DB{
		writer: open(dsn, 1, "PRAGMA wal_autocheckpoint="+strconv.Itoa(checkpoint)),
		turn:   make(chan struct{}, 1),
		now:    o.Now,
	}
	if db.now == nil {
		db.now = time.Now
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("database %s: %w", path, err), db.Close())
		}
	}()
	if err = migrate(ctx, db.writer, migrations); err != nil {
		return nil, err
	}
	if db.conn, err = db.writer.Conn(ctx); err != nil {
		return nil, err
	}
	db.read, err = openReaders(path, o.Readers, o.CacheKiB)
	return db, err
}

// OpenReader opens a pool of connections that only read, on a file that a DB, in
// this process or another, owns. Zero readers or cache mean the defaults of
// Options. The file must exist.
func OpenReader(ctx context.Context, path string, readers, cacheKiB int) (*sql.DB, error) {
	db, err := openReaders(path, readers, cacheKiB)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("database %s: open to read: %w", path, err), db.Close())
	}
	return db, nil
}

func openReaders(path string, readers, cacheKiB int) (*sql.DB, error) {
	dsn, err := dsnOf(path, cacheKiB, "mode=ro&_query_only=1")
	if err != nil {
		return nil, err
	}
	if readers <= 0 {
		readers = 4
	}
	return open(dsn, readers, ""), nil
}

// Read gives the pool of connections that only read. A reader sees what was
// committed before its statement or read transaction began.
func (db *DB) Read() *sql.DB { return db.read }

// Conn gives the one connection that writes, to prepare statements on; they and
// it may be used only inside Write.
func (db *DB) Conn() *sql.Conn { return db.conn }

// Write runs fn in a transaction (BEGIN IMMEDIATE … COMMIT) while nobody else
// writes. When it returns nil, what fn wrote is on the disk. After an error or a
// panic of fn it is rolled back. A context that ends while waiting for others
// ends the wait, and nothing is written. After an I/O error of the COMMIT itself,
// and a crash of the machine before the next Write, the transaction may be found
// to have happened.
func (db *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	// Once begun, a transaction is ended by fn's result alone.
	whole := context.WithoutCancel(ctx)
	if _, err := db.conn.ExecContext(whole, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	done := false
	defer func() {
		if !done {
			// Without a way to tell: where it fails, the next BEGIN says so.
			_ = db.conn.Raw(func(c any) error {
				rollbackRaw(c.(*sqlite3.SQLiteConn))
				return nil
			})
		}
	}()
	if err := fn(&Tx{Conn: db.conn, Now: db.now()}); err != nil {
		return err
	}
	if _, err := db.conn.ExecContext(whole, "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	done = true
	return nil
}

// Raw runs fn with the driver's own connection while nobody else writes, for
// the one path where database/sql costs too much. Transactions are fn's affair;
// one that it leaves open is rolled back.
func (db *DB) Raw(ctx context.Context, fn func(conn *sqlite3.SQLiteConn) error) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	return db.conn.Raw(func(c any) error {
		conn := c.(*sqlite3.SQLiteConn)
		defer rollbackRaw(conn)
		return fn(conn)
	})
}

func (db *DB) lock(ctx context.Context) error {
	select {
	case db.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case db.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the database: %w", context.Cause(ctx))
	}
}

func (db *DB) unlock() { <-db.turn }

// rollbackRaw ends a transaction that is still open: SQLite itself rolls back
// after some errors (disk full), not after others.
func rollbackRaw(conn *sqlite3.SQLiteConn) {
	if !conn.AutoCommit() {
		_, _ = conn.Exec("ROLLBACK", nil)
	}
}

// Close waits for the write under way and closes all connections. The WAL is
// copied into the file and removed if nobody else has the file open.
func (db *DB) Close() error {
	db.turn <- struct{}{}
	defer db.unlock()
	var errs []error
	if db.read != nil {
		errs = append(errs, db.read.Close())
	}
	if db.conn != nil {
		if err := db.conn.Close(); !errors.Is(err, sql.ErrConnDone) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, db.writer.Close())...)
}

// IsFull says whether the error means that the disk has no space left.
func IsFull(err error) bool {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return noSpace(err)
	}
	// The WAL's index is a file that SQLite must extend, too.
	return e.Code == sqlite3.ErrFull || e.ExtendedCode == sqlite3.ErrIoErrSHMSize || noSpace(e.SystemErrno)
}

// noSpace holds for a full disk and for a used-up quota.
func noSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// connector opens connections with a driver of our own settings, so that no
// driver has to be registered under a global name.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return c.driver }

func open(dsn string, conns int, pragma string) *sql.DB {
	d := &sqlite3.SQLiteDriver{}
	if pragma != "" {
		d.ConnectHook = func(c *sqlite3.SQLiteConn) error {
			_, err := c.Exec(pragma, nil)
			return err
		}
	}
	db := sql.OpenDB(connector{dsn: dsn, driver: d})
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db
}

// busyTimeout is how long a connection waits for another process.
const busyTimeout = 10 * time.Second

// dsnOf escapes the path: it may hold a question mark or a space.
func dsnOf(path string, cacheKiB int, rest string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("database %s: %w", path, err)
	}
	if cacheKiB <= 0 {
		cacheKiB = 2048
	}
	u := url.URL{Scheme: "file", Path: abs}
	u.RawQuery = fmt.Sprintf("_busy_timeout=%d&_foreign_keys=1&_cache_size=-%d&%s", busyTimeout.Milliseconds(), cacheKiB, rest)
	return u.String(), nil
}
