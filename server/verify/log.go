package verify

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"hailong/internal/fact"
	"hailong/internal/sqlite"
	"hailong/server/prooflog"
)

// openLog begins to read the log's file, before the database is read: so the
// database has all that the log has. A server without a log has no reader.
func (v *verifier) openLog() error {
	path := filepath.Join(v.o.Data, "log.db")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	db, err := sqlite.OpenReader(v.ctx, path, 1, 16<<10)
	if err != nil {
		return err
	}
	l := &logReader{v: v, db: db, factory: &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}}
	v.reader = l
	if l.tx, err = db.BeginTx(v.ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
		return err
	}
	var size int64
	if err := l.tx.QueryRowContext(v.ctx, `SELECT id, seq, size FROM log`).Scan(&l.id, &l.seq, &size); err != nil {
		return fmt.Errorf("verify: the log's file: %w", err)
	}
	l.size = uint64(size)
	return nil
}

func (l *logReader) close() error {
	var errs []error
	if l.tx != nil {
		errs = append(errs, l.tx.Rollback())
	}
	return errors.Join(append(errs, l.db.Close())...)
}

// log verifies the log of the facts against the facts, and against every
// checkpoint that was ever signed of it; and what all servers' checkpoints say
// of the origins.
func (v *verifier) log() error {
	checkpoints, err := v.checkpoints()
	if err != nil {
		return err
	}
	l := v.reader
	if l == nil {
		return v.say("log: there is none yet")
	}
	var fresh sql.NullInt64 // facts that came after the log was read
	if _, err := v.one([]any{&fresh}, `SELECT sum(last - first + 1) FROM arrival WHERE seq > ?`, l.seq); err != nil {
		return err
	}
	for _, c := range checkpoints {
		switch {
		case !bytes.Equal(c.Log, l.id):
		case c.Size > l.size+uint64(fresh.Int64):
			return broken("the log has %d leaves, and a checkpoint of it %d", l.size, c.Size)
		case c.Size <= l.size:
			l.own = append(l.own, c)
		}
	}
	if err := l.verify(); err != nil {
		return err
	}
	if err := l.covers(); err != nil {
		return err
	}
	return v.say("log %x: %d leaves hold, and %d of its checkpoints; %d of all logs name facts that are here", l.id[:4], l.size, len(l.own), len(checkpoints))
}

// logReader reads one log.
type logReader struct {
	v       *verifier
	db      *sql.DB
	tx      *sql.Tx
	id      []byte
	seq     int64 // of the last arrival in it
	size    uint64
	own     []sealed // checkpoints of this log, by size
	factory *compact.RangeFactory

	level map[uint][]byte // the tile read last, by level
	at    map[uint]uint64
}

// tileWidth is how many hashes a row of table tile has.
const tileWidth = 256

// stored gives a hash of a level of tiles, as the file has it; nil where it has none.
func (l *logReader) stored(level uint, index uint64) ([]byte, error) {
	n := index / tileWidth
	if at, ok := l.at[level]; !ok || at != n {
		var hashes []byte
		err := l.tx.QueryRowContext(l.v.ctx, `SELECT hashes FROM tile WHERE id = ?`, int64(level)<<48|int64(n)).Scan(&hashes)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
		l.level[level], l.at[level] = hashes, n
	}
	from := int(index%tileWidth) * 32
	if from+32 > len(l.level[level]) {
		return nil, nil
	}
	return l.level[level][from : from+32], nil
}

// verify goes through the leaves: each is that of a fact that is here, the stored
// nodes follow from them, and so does the root of each checkpoint.
func (l *logReader) verify() error {
	l.level, l.at = map[uint][]byte{}, map[uint]uint64{}
	given := uint64(0)
	for _, c := range l.own {
		if !l.v.o.Since.IsZero() && l.before(c) {
			given = max(given, c.Size)
		}
	}
	tree, err := l.begin(given)
	if err != nil {
		return err
	}
	next := 0
	for next < len(l.own) && l.own[next].Size < given {
		next++
	}
	root := func() error { // of the checkpoints of this size
		for ; next < len(l.own) && l.own[next].Size == tree.End(); next++ {
			got, err := tree.GetRootHash(nil)
			if err != nil {
				return err
			}
			if c := l.own[next]; !bytes.Equal(got, c.Root) {
				return broken("the log does not lead to its checkpoint over %d leaves, number %d of %s", c.Size, c.Number, c.by)
			}
		}
		return nil
	}
	if given > 0 {
		if err := root(); err != nil {
			return err
		}
	}
	var fault error
	visit := func(id compact.NodeID, hash []byte) {
		if fault != nil || id.Level%8 != 0 || id.Level == 0 {
			return
		}
		have, err := l.stored(id.Level/8, id.Index)
		if err != nil {
			fault = err
		} else if !bytes.Equal(have, hash) {
			fault = broken("the log's tree was changed above the leaves %d to %d", id.Index<<id.Level, (id.Index+1)<<id.Level-1)
		}
	}
	err = l.leaves(given, func(o *origin, number uint64, hashes []fact.Hash) error {
		index := tree.End()
		have, err := l.stored(0, index)
		if err != nil {
			return err
		}
		if have == nil {
			return broken("leaf %d is missing from the log", index)
		}
		known := false
		for _, h := range hashes {
			leaf := prooflog.LeafHash(h)
			known = known || bytes.Equal(leaf[:], have)
		}
		if !known {
			return broken("leaf %d of the log is not number %d of %s", index, number, o)
		}
		if err := tree.Append(bytes.Clone(have), visit); err != nil {
			return err
		}
		if index%4096 == 0 {
			l.v.o.Progress("log", index, l.size)
		}
		return errors.Join(fault, root())
	})
	if err == nil && tree.End() != l.size {
		err = broken("the log has %d leaves, and names the facts of %d", l.size, tree.End())
	}
	return err
}

// before says whether a checkpoint was made before Since.
func (l *logReader) before(c sealed) bool {
	var at int64
	ok, err := l.v.one([]any{&at}, `SELECT at FROM checkpoint WHERE fact = ?`, id(c.by.oid, c.Number))
	return ok && err == nil && at < l.v.o.Since.UnixMilli()
}

// begin gives the tree over the leaves that are taken as given.
func (l *logReader) begin(given uint64) (*compact.Range, error) {
	if given == 0 {
		return l.factory.NewEmptyRange(0), nil
	}
	var hashes [][]byte
	for _, id := range compact.RangeNodes(0, given, nil) {
		level, height := id.Level/8, id.Level%8
		var nodes [][]byte
		for i := range uint64(1) << height {
			h, err := l.stored(level, id.Index<<height+i)
			if err != nil {
				return nil, err
			}
			if h == nil {
				return nil, broken("the log lacks what stands above its leaf %d", id.Index<<id.Level)
			}
			nodes = append(nodes, bytes.Clone(h))
		}
		for ; len(nodes) > 1; nodes = nodes[:len(nodes)/2] {
			for i := range len(nodes) / 2 {
				nodes[i] = rfc6962.DefaultHasher.HashChildren(nodes[2*i], nodes[2*i+1])
			}
		}
		hashes = append(hashes, nodes[0])
	}
	return l.factory.NewRange(0, given, hashes)
}

// leaves calls fn for each leaf from an index on, with the hashes of the facts
// that are here under its number: the one on the chain, and those that lost.
func (l *logReader) leaves(from uint64, fn func(o *origin, number uint64, hashes []fact.Hash) error) error {
	rows, err := l.tx.QueryContext(l.v.ctx, `SELECT start, origin, first, last FROM run WHERE start + last - first >= ? ORDER BY start`, int64(from))
	if err != nil {
		return err
	}
	defer rows.Close()
	next := from
	for rows.Next() {
		var start, first, last int64
		var of []byte
		if err := rows.Scan(&start, &of, &first, &last); err != nil {
			return err
		}
		if uint64(start) < from { // it begins before what is looked at
			first, start = first+int64(from)-start, int64(from)
		}
		if uint64(start) != next {
			return broken("the log names no fact for its leaf %d", next)
		}
		var o *origin
		if len(of) == 16 {
			o = l.v.byID[fact.OriginID(of)]
		}
		if o == nil {
			return broken("the log has facts of origin %x, and the database has none", of)
		}
		if err := l.v.run(o, first, last, fn); err != nil {
			return err
		}
		next = uint64(start) + uint64(last-first) + 1
	}
	return rows.Err()
}

// run reads the facts of one run of numbers, each with those that lost a fork to
// it.
func (v *verifier) run(o *origin, first, last int64, fn func(o *origin, number uint64, hashes []fact.Hash) error) error {
	lost := map[int64][]fact.Hash{}
	err := v.each(func(scan func(...any) error) error {
		var n int64
		var raw []byte
		err := scan(&n, &raw)
		lost[n] = append(lost[n], fact.HashOf(raw))
		return err
	}, `SELECT number, bytes FROM aside WHERE oid = ? AND number BETWEEN ? AND ?`, o.oid, first, last)
	if err != nil {
		return err
	}
	next := first
	missing := func(until int64) error {
		for ; next < until; next++ {
			if lost[next] == nil {
				return broken("number %d of %s is in the log, and missing from the database", next, o)
			}
			if err := fn(o, uint64(next), lost[next]); err != nil {
				return err
			}
		}
		return nil
	}
	err = v.each(func(scan func(...any) error) error {
		var at int64
		var raw []byte
		if err := scan(&at, &raw); err != nil {
			return err
		}
		if err := missing(at); err != nil {
			return err
		}
		next = at + 1
		return fn(o, uint64(at), append(lost[at], fact.HashOf(raw)))
	}, `SELECT id & 1099511627775, bytes FROM fact WHERE id BETWEEN ? AND ? ORDER BY id`, id(o.oid, uint64(first)), id(o.oid, uint64(last)))
	if err != nil {
		return err
	}
	return missing(last + 1)
}

// covers verifies that every fact of a chain is in the log, but for what arrived
// after it.
func (l *logReader) covers() error {
	for _, o := range l.v.origins {
		var fresh sql.NullInt64 // the first number that the log need not have yet
		if _, err := l.v.one([]any{&fresh}, `SELECT min(first) FROM arrival WHERE oid = ? AND seq > ?`, o.oid, l.seq); err != nil {
			return err
		}
		last := o.head
		if fresh.Valid {
			last = min(last, uint64(fresh.Int64)-1)
		}
		rows, err := l.tx.QueryContext(l.v.ctx, `SELECT first, last FROM run WHERE origin = ? ORDER BY first`, o.id[:])
		if err != nil {
			return err
		}
		next := uint64(1)
		for rows.Next() {
			var first, to int64
			if err := rows.Scan(&first, &to); err != nil {
				return errors.Join(err, rows.Close())
			}
			if uint64(first) > next {
				break
			}
			next = max(next, uint64(to)+1)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		if next <= last {
			return broken("number %d of %s is in the database, and not in the log", next, o)
		}
	}
	return nil
}
