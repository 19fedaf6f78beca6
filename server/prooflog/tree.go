package prooflog

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
)

// A tile holds this many hashes of one level: eight heights of the tree.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	hashSize   = sha256.Size
)

var hasher = rfc6962.DefaultHasher

// LeafHash is the leaf of a fact with this hash, by RFC 6962.
func LeafHash(fact [32]byte) [32]byte { return [32]byte(hasher.HashLeaf(fact[:])) }

// querier is a database, a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func tileID(level uint, n uint64) int64 { return int64(level)<<48 | int64(n) }

// readTile gives the hashes of a tile; none where it is not there.
func readTile(ctx context.Context, db querier, level uint, n uint64) (hashes []byte, err error) {
	err = db.QueryRowContext(ctx, `SELECT hashes FROM tile WHERE id = ?`, tileID(level, n)).Scan(&hashes)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil && (len(hashes)%hashSize != 0 || len(hashes) > tileWidth*hashSize) {
		err = fmt.Errorf("prooflog: tile %d of level %d has %d bytes", n, level, len(hashes))
	}
	return hashes, err
}

// tree reads the nodes of the log's Merkle tree.
type tree struct {
	ctx   context.Context
	db    querier
	tiles map[int64][]byte // read already
}

func newTree(ctx context.Context, db querier) *tree {
	return &tree{ctx: ctx, db: db, tiles: map[int64][]byte{}}
}

// node gives the hash of a node all of whose leaves are in the log.
func (t *tree) node(id compact.NodeID) ([]byte, error) {
	level, height := id.Level/tileHeight, id.Level%tileHeight
	first := id.Index << height // of its hashes in the level
	tile, err := t.tile(level, first/tileWidth)
	if err != nil {
		return nil, err
	}
	from, n := int(first%tileWidth)*hashSize, hashSize<<height
	if from+n > len(tile) {
		return nil, fmt.Errorf("prooflog: the log has no node %d of height %d", id.Index, id.Level)
	}
	return subtree(tile[from : from+n]), nil
}

func (t *tree) tile(level uint, n uint64) ([]byte, error) {
	id := tileID(level, n)
	if hashes, ok := t.tiles[id]; ok {
		return hashes, nil
	}
	hashes, err := readTile(t.ctx, t.db, level, n)
	if err == nil {
		t.tiles[id] = hashes
	}
	return hashes, err
}

func (t *tree) nodes(ids []compact.NodeID) (hashes [][]byte, err error) {
	for _, id := range ids {
		h, err := t.node(id)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}

// root gives the root over the first leaves of the log.
func (t *tree) root(size uint64) (root [32]byte, err error) {
	if size == 0 {
		return [32]byte(hasher.EmptyRoot()), nil
	}
	hashes, err := t.nodes(compact.RangeNodes(0, size, nil))
	if err != nil {
		return root, err
	}
	sum := hashes[len(hashes)-1]
	for i := len(hashes) - 2; i >= 0; i-- {
		sum = hasher.HashChildren(hashes[i], sum)
	}
	return [32]byte(sum), nil
}

// subtree gives the root over a power of two of hashes, which it leaves alone.
func subtree(hashes []byte) []byte {
	for len(hashes) > hashSize {
		next := make([]byte, 0, len(hashes)/2)
		for i := 0; i < len(hashes); i += 2 * hashSize {
			next = append(next, hasher.HashChildren(hashes[i:i+hashSize], hashes[i+hashSize:i+2*hashSize])...)
		}
		hashes = next
	}
	return hashes
}

// grower adds leaves at the end of the tree: each leaf is written once, and each
// node above it once, whatever the log's size.
type grower struct {
	size   uint64
	levels []*open // the last tile of each level
	put    func(id int64, hashes []byte) error
}

// open is the last tile of a level, which may be empty.
type open struct {
	n      uint64 // its place in the level
	hashes []byte
	dirty  bool
}

// newGrower goes on with the tree of that size.
func newGrower(ctx context.Context, db querier, size uint64, put func(id int64, hashes []byte) error) (*grower, error) {
	g := &grower{size: size, put: put}
	for level, n := uint(0), size; n > 0; level, n = level+1, n/tileWidth {
		o := &open{n: n / tileWidth}
		if n%tileWidth > 0 {
			hashes, err := readTile(ctx, db, level, o.n)
			if err != nil {
				return nil, err
			}
			// More than the log's size says would be of a transaction that never was.
			if len(hashes) != int(n%tileWidth)*hashSize {
				return nil, fmt.Errorf("%w: tile %d of level %d has %d hashes of %d", ErrDamaged, o.n, level, len(hashes)/hashSize, n%tileWidth)
			}
			o.hashes = hashes
		}
		g.levels = append(g.levels, o)
	}
	return g, nil
}

func (g *grower) add(leaf [32]byte) error {
	g.size++
	return g.push(0, leaf[:])
}

// push puts a hash at the end of a level; a full tile is one hash of the next.
func (g *grower) push(level uint, hash []byte) error {
	if int(level) == len(g.levels) {
		g.levels = append(g.levels, &open{})
	}
	o := g.levels[level]
	o.hashes, o.dirty = append(o.hashes, hash...), true
	if len(o.hashes) < tileWidth*hashSize {
		return nil
	}
	if err := g.put(tileID(level, o.n), o.hashes); err != nil {
		return err
	}
	above := subtree(o.hashes)
	*o = open{n: o.n + 1}
	return g.push(level+1, above)
}

// flush writes the tiles that are not full.
func (g *grower) flush() error {
	for level, o := range g.levels {
		if o.dirty {
			if err := g.put(tileID(uint(level), o.n), o.hashes); err != nil {
				return err
			}
			o.dirty = false
		}
	}
	return nil
}
