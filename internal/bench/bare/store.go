package main

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	_ "github.com/mattn/go-sqlite3" // the database
)

var always = context.Background()

// openDB opens one connection to a new file: WAL, every commit synced.
func openDB(path string) (*sql.Conn, func() error, error) {
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000&_journal_mode=WAL&_synchronous=FULL&_cache_size=-65536")
	if err != nil {
		return nil, nil, err
	}
	conn, err := db.Conn(always)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	end := func() error { return errors.Join(conn.Close(), db.Close()) }
	for _, q := range []string{
		`PRAGMA wal_autocheckpoint = 10000`,
		`CREATE TABLE rating(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, kiosk TEXT, unit INTEGER, service TEXT,
			score INTEGER, at INTEGER, zone INTEGER, lang TEXT, reasons TEXT, comment TEXT)`,
	} {
		if _, err := conn.ExecContext(always, q); err != nil {
			return nil, nil, errors.Join(err, end())
		}
	}
	return conn, end, nil
}

// waiting is a rating whose caller waits for the commit.
type waiting struct {
	rating
	done chan error
}

// store commits all that wait together, at once, without a delay.
type store struct {
	conn                  *sql.Conn
	begin, insert, commit *sql.Stmt

	mu    sync.Mutex
	queue []*waiting
	spare []*waiting
	bell  chan struct{}
	ended chan struct{}
}

func newStore(conn *sql.Conn) (*store, error) {
	s := &store{conn: conn, bell: make(chan struct{}, 1), ended: make(chan struct{})}
	for query, to := range map[string]**sql.Stmt{
		`BEGIN IMMEDIATE`: &s.begin, `COMMIT`: &s.commit, insertInto + oneRow + unlessThere: &s.insert,
	} {
		st, err := conn.PrepareContext(always, query)
		if err != nil {
			return nil, err
		}
		*to = st
	}
	go s.work()
	return s, nil
}

// put returns when the rating is on the disk.
func (s *store) put(w *waiting) error {
	s.mu.Lock()
	s.queue = append(s.queue, w)
	s.mu.Unlock()
	select {
	case s.bell <- struct{}{}:
	default:
	}
	return <-w.done
}

func (s *store) work() {
	defer close(s.ended)
	var values []any
	for range s.bell {
		s.mu.Lock()
		batch := s.queue
		s.queue, s.spare = s.spare[:0], nil
		s.mu.Unlock()
		if len(batch) == 0 {
			s.spare = batch
			continue
		}
		_, err := s.begin.ExecContext(always)
		for _, w := range batch {
			if err == nil {
				values = w.values(values[:0])
				_, err = s.insert.ExecContext(always, values...)
			}
		}
		if err == nil {
			_, err = s.commit.ExecContext(always)
		}
		if err != nil {
			_, rerr := s.conn.ExecContext(always, `ROLLBACK`)
			err = errors.Join(err, rerr)
		}
		for i, w := range batch {
			batch[i] = nil
			w.done <- err
		}
		s.spare = batch
	}
}

func (s *store) close() error {
	close(s.bell)
	<-s.ended
	return errors.Join(s.begin.Close(), s.insert.Close(), s.commit.Close())
}
