package prooflog

import (
	"context"
	"errors"
	"fmt"

	"github.com/transparency-dev/merkle/proof"

	"hailong/internal/fact"
)

// ErrNoSuchSize is wrapped where a proof is asked between sizes that the log
// never had.
var ErrNoSuchSize = errors.New("prooflog: the log has no such size")

// ID is the log's id.
func (l *Log) ID() [16]byte { return l.now().id }

// Server is whose log this is.
func (l *Log) Server() string { return l.o.Server }

// VerifierKey is the key of this log's checkpoints.
func (l *Log) VerifierKey() (string, error) {
	id := l.ID()
	return VerifierKey(l.o.Server, id[:], l.public())
}

// Latest gives the log's last checkpoint; ok is false before the first.
func (l *Log) Latest(ctx context.Context) (c Checkpoint, ok bool, err error) {
	id := l.ID()
	return latest(ctx, l.reader(), id[:])
}

// Sized gives the log's checkpoint of that size; ok is false where there is none.
func (l *Log) Sized(ctx context.Context, size uint64) (c Checkpoint, ok bool, err error) {
	id := l.ID()
	return one(l.reader().QueryRowContext(ctx, checkpointColumns+`WHERE c.log = ? AND c.size = ? ORDER BY c.fact LIMIT 1`, id[:], int64(size)))
}

// Inclusion shows that a fact is in the log, up to a checkpoint.
type Inclusion struct {
	Index uint64     // of the leaf, from 0
	Leaf  [32]byte   // RFC 6962 hash of the leaf, which is the fact's hash
	Path  [][]byte   // hashes from the leaf's sibling up
	Of    Checkpoint // over whose Size leaves the proof is
}

// Include proves that a fact is in the log by the first checkpoint after it, so
// that the proof is the same whenever it is asked for; ok is false where the fact
// came after the last, or is not in the log.
func (l *Log) Include(ctx context.Context, origin fact.OriginID, number uint64, hash fact.Hash) (in Inclusion, ok bool, err error) {
	id := l.ID()
	in.Leaf = LeafHash(hash)
	t := newTree(ctx, l.db.Read())
	if in.Index, ok, err = leafOf(t, origin, number, in.Leaf); err != nil || !ok {
		return in, false, err
	}
	in.Of, ok, err = one(l.reader().QueryRowContext(ctx, checkpointColumns+`WHERE c.log = ? AND c.size > ? ORDER BY c.size, c.fact LIMIT 1`, id[:], int64(in.Index)))
	if err != nil || !ok {
		return in, false, err
	}
	nodes, err := proof.Inclusion(in.Index, in.Of.Size)
	if err != nil {
		return in, false, err
	}
	if in.Path, err = t.proof(nodes); err != nil {
		return in, false, err
	}
	// A proof that does not hold is never handed out.
	if err := proof.VerifyInclusion(hasher, in.Index, in.Of.Size, in.Leaf[:], in.Path, in.Of.Root); err != nil {
		return in, false, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	return in, true, nil
}

// maxForks bounds how many runs of an origin are looked at for one number.
const maxForks = 64

// leafOf finds the leaf of a fact. After a fork, several facts may have borne its
// number.
func leafOf(t *tree, origin fact.OriginID, number uint64, leaf [32]byte) (index uint64, ok bool, err error) {
	rows, err := t.db.QueryContext(t.ctx, `SELECT start - first, last FROM run WHERE origin = ? AND first <= ? ORDER BY first DESC, start DESC LIMIT ?`, origin[:], int64(number), maxForks)
	if err != nil {
		return 0, false, err
	}
	defer rows.Close()
	var found []uint64
	for rows.Next() {
		var before, last int64
		if err := rows.Scan(&before, &last); err != nil {
			return 0, false, err
		}
		if last >= int64(number) {
			found = append(found, uint64(before+int64(number)))
		}
	}
	if err := rows.Err(); err != nil {
		return 0, false, err
	}
	for _, at := range found {
		tile, err := t.tile(0, at/tileWidth)
		if err != nil {
			return 0, false, err
		}
		if from := int(at%tileWidth) * hashSize; from+hashSize <= len(tile) && [32]byte(tile[from:from+hashSize]) == leaf {
			return at, true, nil
		}
	}
	return 0, false, nil
}

func (t *tree) proof(n proof.Nodes) ([][]byte, error) {
	hashes, err := t.nodes(n.IDs)
	if err != nil {
		return nil, err
	}
	return n.Rehash(hashes, hasher.HashChildren)
}

// Consistency proves that the log of the second size begins with that of the
// first. Errors wrap ErrNoSuchSize.
func (l *Log) Consistency(ctx context.Context, from, to uint64) ([][]byte, error) {
	if from > to || to > l.now().size || from == 0 {
		return nil, fmt.Errorf("%w: from %d to %d", ErrNoSuchSize, from, to)
	}
	nodes, err := proof.Consistency(from, to)
	if err != nil {
		return nil, err
	}
	return newTree(ctx, l.db.Read()).proof(nodes)
}
