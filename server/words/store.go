// Package words keeps what people wrote, sealed, on a server: in a database of
// its own, apart from the projection, so that it can be erased. A keeper gets
// whatever a text fact in effect names, and gives it to those who lack it.
package words

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"hailong/internal/sqlite"
)

//go:embed schema/*.sql
var schema embed.FS

// Store is the database of words. Its methods may be called by many at once.
type Store struct{ db *sqlite.DB }

// Open opens or creates the file. One that was lost is filled again by the
// Keeper.
func Open(ctx context.Context, path string) (*Store, error) {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return nil, err
	}
	db, err := sqlite.Open(ctx, path, files, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	s := &Store{db: db}
	// What is deleted is overwritten, not only forgotten.
	err = db.Write(ctx, func(tx *sqlite.Tx) error {
		_, err := tx.Conn.ExecContext(ctx, "PRAGMA secure_delete = ON")
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("words: %w", err), s.Close())
	}
	return s, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Put stores sealed words, each under its own digest. When it returns nil they
// are on the disk; after an error none is. To put the same again does nothing.
func (s *Store) Put(ctx context.Context, all ...[]byte) error {
	if len(all) == 0 {
		return nil
	}
	err := s.db.Write(ctx, func(tx *sqlite.Tx) error {
		for _, words := range all {
			digest := sha256.Sum256(words)
			_, err := tx.Conn.ExecContext(ctx, "INSERT INTO words(digest, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING", digest[:], words)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("words: store: %w", err)
	}
	return nil
}

// Get gives the sealed words with the digest (SHA-256), which keyring.OpenWords
// opens; ok is false where this server does not hold them.
func (s *Store) Get(ctx context.Context, digest [32]byte) (words []byte, ok bool, err error) {
	err = s.db.Read().QueryRowContext(ctx, "SELECT bytes FROM words WHERE digest = ?", digest[:]).Scan(&words)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("words: read: %w", err)
	}
	return words, true, nil
}

// Held gives those of the digests whose words are held, in no order.
func (s *Store) Held(ctx context.Context, digests [][32]byte) (held [][32]byte, err error) {
	if len(digests) == 0 {
		return nil, nil
	}
	args := make([]any, len(digests))
	for i := range digests {
		args[i] = digests[i][:]
	}
	query := "SELECT digest FROM words WHERE digest IN (?" + strings.Repeat(",?", len(digests)-1) + ")"
	defer func() {
		if err != nil {
			err = fmt.Errorf("words: read: %w", err)
		}
	}()
	r, err := s.db.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for r.Next() {
		var d []byte
		if err := r.Scan(&d); err != nil {
			return nil, err
		}
		held = append(held, [32]byte(d))
	}
	return held, r.Err()
}
