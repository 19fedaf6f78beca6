package outbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/mattn/go-sqlite3"

	"hailong/internal/fact"
)

// wordsRow is one row of the table of words.
type wordsRow struct {
	digest [32]byte
	bytes  []byte
	fact   int64
}

// checkWords says whether an entry's words are those that its fact names.
func checkWords(e fact.Entry, body cbor.RawMessage) error {
	digest, size, ok := fact.WordsOf(e.Kind, body)
	if !ok {
		return fmt.Errorf("outbox: words beside a fact of kind %d, which names none", e.Kind)
	}
	sum := sha256.Sum256(e.Words)
	taken := e.Kind == fact.KindText && len(digest) == 0 && size == 0 && len(e.Words) == 0
	if !taken && (int64(size) != int64(len(e.Words)) || len(e.Words) == 0 || !bytes.Equal(digest, sum[:])) {
		return errors.New("outbox: the words are not those that the fact names")
	}
	if len(e.Words) > fact.MaxSealedWords {
		return fmt.Errorf("outbox: words of %d bytes, more than %d", len(e.Words), fact.MaxSealedWords)
	}
	return nil
}

// keep inserts words, inside a transaction.
func (w *writer) keep(words []wordsRow) error {
	for _, x := range words {
		err := w.exec(`INSERT INTO words(digest, bytes, fact) VALUES (?, ?, ?) ON CONFLICT(digest) DO UPDATE SET fact = excluded.fact`,
			x.digest[:], x.bytes, x.fact)
		if err != nil {
			return err
		}
	}
	return nil
}

// follow lets the words that a fact names belong to the fact under which
// that was recorded again, inside a transaction.
func (w *writer) follow(f *fact.Fact, to int64) error {
	digest, _, ok := fact.WordsOf(f.Kind, f.Body)
	if !ok || len(digest) == 0 {
		return nil
	}
	return w.exec("UPDATE words SET fact = ? WHERE digest = ?", to, digest)
}

// WordsChanged is signalled after commits with words: once or more for all since
// it was last received from. It is meant for one receiver.
func (o *Outbox) WordsChanged() <-chan struct{} { return o.written }

// Words gives the words with the digest (SHA-256); ok is false where this outbox
// does not have them.
func (o *Outbox) Words(ctx context.Context, digest [32]byte) (words []byte, ok bool, err error) {
	err = o.db.Read().QueryRowContext(ctx, "SELECT bytes FROM words WHERE digest = ?", digest[:]).Scan(&words)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("outbox: read words: %w", err)
	}
	return words, true, nil
}

// UnsentWords gives words that the stream has not taken yet as far as is known
// here, in the order in which they were recorded, at most limit.
func (o *Outbox) UnsentWords(ctx context.Context, limit int) (all [][]byte, err error) {
	err = o.eachWords(ctx, func(words []byte) { all = append(all, words) },
		"SELECT bytes FROM words WHERE sent = 0 ORDER BY fact LIMIT ?", limit)
	return all, err
}

// CountUnsentWords counts what UnsentWords gives without limit.
func (o *Outbox) CountUnsentWords(ctx context.Context) (n int64, err error) {
	if err := o.db.Read().QueryRowContext(ctx, "SELECT count(*) FROM words WHERE sent = 0").Scan(&n); err != nil {
		return 0, fmt.Errorf("outbox: count words: %w", err)
	}
	return n, nil
}

// WordsSent says whether the stream has taken the words with the digest, or they
// are not here any more.
func (o *Outbox) WordsSent(ctx context.Context, digest [32]byte) (bool, error) {
	var n int
	err := o.db.Read().QueryRowContext(ctx, "SELECT count(*) FROM words WHERE digest = ? AND sent = 0", digest[:]).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("outbox: read words: %w", err)
	}
	return n == 0, nil
}

// MarkSent notes that the stream has taken words. Where that is lost, they are
// sent again, which is harmless.
func (o *Outbox) MarkSent(ctx context.Context, digests ...[32]byte) error {
	return o.changeWords(ctx, "UPDATE words SET sent = 1 WHERE digest = ?", digests)
}

// PruneWords deletes words whose fact was pruned (see Prune), once confirm has
// said of their digests which of them every server holds; it gives their number.
// The others stay, and are asked for at the next call.
func (o *Outbox) PruneWords(ctx context.Context, confirm func(ctx context.Context, digests [][32]byte) (held [][32]byte, err error)) (deleted int64, err error) {
	for after := int64(0); ; {
		digests, next, err := o.digests(ctx, `SELECT w.digest, w.fact FROM words w JOIN chain c ON c.id = w.fact >> 40
			WHERE w.fact > ? AND w.fact & ? <= c.base ORDER BY w.fact LIMIT ?`, after, int64(fact.MaxNumber), step)
		if err != nil || len(digests) == 0 {
			return deleted, err
		}
		after = next
		held, err := confirm(ctx, digests)
		if err != nil {
			return deleted, err
		}
		n, err := o.EraseWords(ctx, held...)
		if deleted += n; err != nil {
			return deleted, err
		}
	}
}

// WordsDigests lists the digests of all words that are here, at most limit of
// them, from after on; next is what to ask with for more, and none is the end.
func (o *Outbox) WordsDigests(ctx context.Context, after int64, limit int) (digests [][32]byte, next int64, err error) {
	return o.digests(ctx, "SELECT digest, fact FROM words WHERE fact > ? ORDER BY fact LIMIT ?", after, limit)
}

// EraseWords deletes words so that nothing of them is left in the file or beside
// it, and gives the number of those that were here. Their facts stay.
func (o *Outbox) EraseWords(ctx context.Context, digests ...[32]byte) (erased int64, err error) {
	for _, d := range digests {
		if _, ok, err := o.Words(ctx, d); err != nil {
			return 0, err
		} else if ok {
			erased++
		}
	}
	if erased == 0 {
		return 0, nil
	}
	if err := o.changeWords(ctx, "DELETE FROM words WHERE digest = ?", digests); err != nil {
		return 0, err
	}
	if err := o.db.Truncate(ctx); err != nil {
		return erased, fmt.Errorf("outbox: words are deleted, but may still be in the write-ahead log: %w", err)
	}
	return erased, nil
}

// changeWords runs a statement for each digest, in one transaction.
func (o *Outbox) changeWords(ctx context.Context, query string, digests [][32]byte) error {
	if len(digests) == 0 {
		return nil
	}
	err := o.db.Raw(ctx, func(*sqlite3.SQLiteConn) error {
		_, err := o.w.transact(func() (chain, error) {
			for _, d := range digests {
				if err := o.w.exec(query, d[:]); err != nil {
					return chain{}, err
				}
			}
			return chain{}, nil
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("outbox: words: %w", err)
	}
	return nil
}

// digests gives what a query of digest and fact finds after a fact, and the last
// fact.
func (o *Outbox) digests(ctx context.Context, query string, after int64, args ...any) (all [][32]byte, last int64, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("outbox: read words: %w", err)
		}
	}()
	last = after
	rows, err := o.db.Read().QueryContext(ctx, query, append([]any{after}, args...)...)
	if err != nil {
		return nil, last, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var d []byte
		if err := rows.Scan(&d, &last); err != nil {
			return nil, last, err
		}
		all = append(all, [32]byte(d))
	}
	return all, last, rows.Err()
}

// eachWords gives the one column of blobs that a query finds.
func (o *Outbox) eachWords(ctx context.Context, fn func([]byte), query string, args ...any) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("outbox: read words: %w", err)
		}
	}()
	rows, err := o.db.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return err
		}
		fn(b)
	}
	return rows.Err()
}
