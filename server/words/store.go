// Package words keeps what people wrote, sealed, on a server: in a database of
// its own, apart from the projection, so that it can be erased. A keeper gets
// whatever a fact in effect names, gives it to those who lack it, and erases it
// everywhere when its time is over.
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

// Keys encrypt what lies on this server's disk. Words whose key is gone can't be
// read any more: that is how old copies of the file are made worthless.
type Keys interface {
	// SealRest encrypts with the newest key, bound to a label, and names that key.
	SealRest(label, plain []byte) (key string, sealed []byte)
	// OpenRest reads it; ok is false without that key.
	OpenRest(key string, label, sealed []byte) (plain []byte, ok bool)
	// RestKeys names all keys, the newest first; none: "" is what SealRest names.
	RestKeys() []string
}

// Store is the database of words. Its methods may be called by many at once.
type Store struct {
	db   *sqlite.DB
	keys Keys
}

// Open opens or creates the file. One that was lost is filled again by the
// Keeper.
func Open(ctx context.Context, path string, keys Keys) (*Store, error) {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return nil, err
	}
	db, err := sqlite.Open(ctx, path, files, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, keys: keys}
	// What is deleted is overwritten, not only forgotten.
	if err := db.Pragma(ctx, "secure_delete=ON"); err != nil {
		return nil, errors.Join(fmt.Errorf("words: %w", err), s.Close())
	}
	return s, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Put stores sealed words, each under its own digest. When it returns nil they
// are on the disk; after an error none is. To put the same again does nothing,
// unless they were here under a key that is gone.
func (s *Store) Put(ctx context.Context, all ...[]byte) error {
	if len(all) == 0 {
		return nil
	}
	err := s.db.Write(ctx, func(tx *sqlite.Tx) error {
		for _, words := range all {
			digest := sha256.Sum256(words)
			if err := s.put(ctx, tx.Conn, digest, words); err != nil {
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

func (s *Store) put(ctx context.Context, c *sql.Conn, digest [32]byte, words []byte) error {
	key, sealed := s.keys.SealRest(digest[:], words)
	_, err := c.ExecContext(ctx, `INSERT INTO words(digest, bytes, key) VALUES (?1, ?2, ?3)
		ON CONFLICT(digest) DO UPDATE SET bytes = ?2, key = ?3 WHERE key <> ?3`, digest[:], sealed, key)
	return err
}

// Get gives the sealed words with the digest (SHA-256), which keyring.OpenWords
// opens; ok is false where this server does not hold them, or not under a key
// that it has.
func (s *Store) Get(ctx context.Context, digest [32]byte) (words []byte, ok bool, err error) {
	var key string
	err = s.db.Read().QueryRowContext(ctx, "SELECT bytes, key FROM words WHERE digest = ?", digest[:]).Scan(&words, &key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("words: read: %w", err)
	}
	words, ok = s.keys.OpenRest(key, digest[:], words)
	return words, ok, nil
}

// Held gives those of the digests whose words are held, in no order.
func (s *Store) Held(ctx context.Context, digests [][32]byte) (held [][32]byte, err error) {
	if len(digests) == 0 {
		return nil, nil
	}
	args := make([]any, 0, len(digests)+4)
	for i := range digests {
		args = append(args, digests[i][:])
	}
	known := append(s.keys.RestKeys(), "")
	for _, k := range known {
		args = append(args, k)
	}
	return s.digests(ctx, "SELECT digest FROM words WHERE digest IN ("+marks(len(digests))+") AND key IN ("+marks(len(known))+")", args...)
}

func marks(n int) string { return "?" + strings.Repeat(",?", n-1) }

// Digests lists all that is here, under whatever key, at most limit of them, from
// after on in the order of the digests; none is the end.
func (s *Store) Digests(ctx context.Context, after [32]byte, limit int) ([][32]byte, error) {
	return s.digests(ctx, "SELECT digest FROM words WHERE digest > ? ORDER BY digest LIMIT ?", after[:], limit)
}

func (s *Store) digests(ctx context.Context, query string, args ...any) (all [][32]byte, err error) {
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
		all = append(all, [32]byte(d))
	}
	return all, r.Err()
}

// Erase deletes words so that nothing of them is left in the file or beside it.
// To erase what is not here is no error.
func (s *Store) Erase(ctx context.Context, digests ...[32]byte) error {
	n := int64(0)
	err := s.db.Write(ctx, func(tx *sqlite.Tx) error {
		for _, d := range digests {
			r, err := tx.Conn.ExecContext(ctx, "DELETE FROM words WHERE digest = ?", d[:])
			if err != nil {
				return err
			}
			some, err := r.RowsAffected()
			if err != nil {
				return err
			}
			n += some
		}
		return nil
	})
	if err == nil && n > 0 {
		err = s.db.Truncate(ctx)
	}
	if err != nil {
		return fmt.Errorf("words: erase: %w", err)
	}
	return nil
}
