package words

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hailong/internal/sqlite"
)

// UnderKey is how many words lie under a key.
type UnderKey struct {
	Key   string
	Words int64
	Known bool // the key is in the file of keys
}

// Keys counts the words by their keys.
func (s *Store) Keys(ctx context.Context) (all []UnderKey, err error) {
	r, err := s.db.Read().QueryContext(ctx, "SELECT key, count(*) FROM words GROUP BY key ORDER BY key")
	if err != nil {
		return nil, fmt.Errorf("words: read: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	known := append(s.keys.RestKeys(), "")
	for r.Next() {
		var k UnderKey
		if err := r.Scan(&k.Key, &k.Words); err != nil {
			return nil, fmt.Errorf("words: read: %w", err)
		}
		k.Known = slices.Contains(known, k.Key)
		all = append(all, k)
	}
	return all, r.Err()
}

// rewrapAtOnce is how many words are sealed anew in one transaction.
const rewrapAtOnce = 200

// Rewrap seals whatever lies here under another key than the newest with that
// one, and gives how many it was; progress, if any, is told after each step. Words
// whose key is gone stay as they are: they are fetched again where they are to be
// kept. Then nothing of the old is left in the file or beside it.
func (s *Store) Rewrap(ctx context.Context, progress func(done int64)) (done int64, err error) {
	newest := ""
	if names := s.keys.RestKeys(); len(names) > 0 {
		newest = names[0]
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("words: seal anew: %w", err)
		}
	}()
	for after := []byte{}; ; {
		var step [][32]byte
		step, err = s.digests(ctx, "SELECT digest FROM words WHERE key <> ? AND digest > ? ORDER BY digest LIMIT ?", newest, after, rewrapAtOnce)
		if err != nil {
			return done, err
		}
		if len(step) == 0 {
			break
		}
		last := step[len(step)-1]
		after = last[:]
		n := int64(0)
		err = s.db.Write(ctx, func(tx *sqlite.Tx) error {
			for _, d := range step {
				// Erased meanwhile, or under a key that is gone: not ok.
				words, ok, err := s.Get(ctx, d)
				if err != nil {
					return err
				}
				if !ok {
					continue
				}
				if err := s.put(ctx, tx.Conn, d, words); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil {
			return done, err
		}
		if done += n; progress != nil {
			progress(done)
		}
	}
	if done > 0 {
		err = s.db.Truncate(ctx)
	}
	return done, err
}
