package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mattn/go-sqlite3"
)

const first = "-- +goose Up\nCREATE TABLE thing(id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n"
const second = "-- +goose Up\nALTER TABLE thing ADD COLUMN size INTEGER NOT NULL DEFAULT 7;\n"

func schema(files ...string) fs.FS {
	m := fstest.MapFS{}
	for i, f := range files {
		m[fmt.Sprintf("%05d_step.sql", i+1)] = &fstest.MapFile{Data: []byte(f)}
	}
	return m
}

func mustOpen(t *testing.T, path string, files ...string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path, schema(files...), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func add(db *DB, name string) error {
	return db.Write(context.Background(), func(tx *Tx) error {
		_, err := tx.Conn.ExecContext(context.Background(), "INSERT INTO thing(name) VALUES(?)", name)
		return err
	})
}

func names(t *testing.T, db *sql.DB) string {
	t.Helper()
	var s string
	if err := db.QueryRowContext(t.Context(), "SELECT coalesce(group_concat(name, ' ' ORDER BY id), '') FROM thing").Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestYesterdaysSchemaIsMigratedWithItsRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a file?with %41 & #odd.db")
	old := mustOpen(t, path, first)
	if err := add(old, "one"); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	db := mustOpen(t, path, first, second)
	var size int
	if err := db.Read().QueryRowContext(t.Context(), "SELECT size FROM thing WHERE name = 'one'").Scan(&size); err != nil || size != 7 {
		t.Fatalf("size %d, %v", size, err)
	}
}

func TestNewerSchemaIsRefusedAndLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	newer := mustOpen(t, path, first, second)
	if err := newer.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), path, schema(first), Options{})
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "start the newer program again") {
		t.Fatalf("got %v", err)
	}
	db := mustOpen(t, path, first, second)
	if err := add(db, "still there"); err != nil {
		t.Fatal(err)
	}
}

func TestFailedMigrationLeavesNothingAndIsTriedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	broken := "-- +goose Up\nCREATE TABLE half(id INTEGER);\nINSERT INTO missing VALUES(1);\n"
	for range 2 {
		if _, err := Open(t.Context(), path, schema(first, broken), Options{}); err == nil {
			t.Fatal("opened")
		}
	}
	db := mustOpen(t, path, first, "-- +goose Up\nCREATE TABLE half(id INTEGER);\n")
	if got := names(t, db.Read()); got != "" {
		t.Fatal(got)
	}
}

func TestWriteIsAllOrNothing(t *testing.T) {
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), schema(first), Options{Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	insert := func(tx *Tx, name string) {
		if !tx.Now.Equal(at) {
			t.Errorf("time %v", tx.Now)
		}
		if _, err := tx.Conn.ExecContext(t.Context(), "INSERT INTO thing(name) VALUES(?)", name); err != nil {
			t.Error(err)
		}
	}
	fault := errors.New("fault")
	if err := db.Write(t.Context(), func(tx *Tx) error { insert(tx, "error"); return fault }); !errors.Is(err, fault) {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = db.Write(t.Context(), func(tx *Tx) error { insert(tx, "panic"); panic("fault") })
	}()
	err = db.Raw(t.Context(), func(c *sqlite3.SQLiteConn) error {
		_, err := c.Exec("BEGIN; INSERT INTO thing(name) VALUES('left open')", nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), func(tx *Tx) error { insert(tx, "kept"); return nil }); err != nil {
		t.Fatal(err)
	}
	if got := names(t, db.Read()); got != "kept" {
		t.Fatal(got)
	}
}

func TestReadersAndWriterDoNotWaitForEachOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := mustOpen(t, path, first)
	foreign, err := OpenReader(t.Context(), path, 2, 256)
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	if err := add(db, "one"); err != nil {
		t.Fatal(err)
	}
	tx, err := foreign.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	count := func() (n int) {
		if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM thing").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 1 {
		t.Fatal(n)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if err := add(db, "x"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := count(); n != 1 {
		t.Fatalf("the reader's snapshot moved: %d", n)
	}
	if _, err := foreign.ExecContext(t.Context(), "DELETE FROM thing"); err == nil {
		t.Fatal("a reader wrote")
	}
	if _, err := db.Read().ExecContext(t.Context(), "DELETE FROM thing"); err == nil {
		t.Fatal("a reader wrote")
	}
}

func TestContextEndsTheWaitForTheWriter(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "a.db"), first)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Write(t.Context(), func(*Tx) error {
		cancel()
		return db.Write(ctx, func(*Tx) error { return nil })
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestIsFull(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "a.db"), first)
	if _, err := db.Conn().ExecContext(t.Context(), "PRAGMA max_page_count = 6"); err != nil {
		t.Fatal(err)
	}
	err := add(db, strings.Repeat("x", 100_000))
	if !IsFull(err) || IsFull(errors.New("other")) || IsFull(nil) {
		t.Fatal(err)
	}
	if err := add(db, "small"); err != nil {
		t.Fatal(err)
	}
}

func TestOpenReaderNeedsTheFile(t *testing.T) {
	if _, err := OpenReader(t.Context(), filepath.Join(t.TempDir(), "none.db"), 1, 0); err == nil {
		t.Fatal("opened a file that is not there")
	}
}
