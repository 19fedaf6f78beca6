package verify

import (
	"bytes"
	"fmt"

	"hailong/internal/fact"
	"hailong/server/prooflog"
)

// sealed is a checkpoint of the database with the fact that brought it.
type sealed struct {
	prooflog.Checkpoint
	body *fact.Checkpoint
	by   *origin
}

// checkpoints reads all that were recorded, by log and size, and verifies each by
// itself: its signature, that table and fact say the same, and what it names.
func (v *verifier) checkpoints() (all []sealed, err error) {
	err = v.each(func(scan func(...any) error) error {
		var c sealed
		var oid, number, size int64
		var raw, log, root, note []byte
		if err := scan(&oid, &number, &raw, &log, &size, &root, &note); err != nil {
			return err
		}
		for _, o := range v.origins {
			if o.oid == oid {
				c.by = o
			}
		}
		what := fmt.Sprintf("the checkpoint that is number %d of %s", number, c.by)
		if c.body, err = checkpointOf(raw); err != nil || c.by == nil {
			return broken("%s can't be read", what)
		}
		if !bytes.Equal(log, c.body.Log) || uint64(size) != c.body.Size || !bytes.Equal(root, c.body.Root) || !bytes.Equal(note, c.body.Note) {
			return broken("the database's row of %s is not what the fact says", what)
		}
		p, err := prooflog.Parse(c.body.Note, c.by.public)
		if err != nil {
			return broken("%s is not signed by its server", what)
		}
		if !bytes.Equal(p.Log, c.body.Log) || p.Size != c.body.Size || !bytes.Equal(p.Root, c.body.Root) {
			return broken("%s says something else in its signed text", what)
		}
		c.Point, c.Number = p, uint64(number)
		all = append(all, c)
		return nil
	}, `SELECT c.fact >> 40, c.fact & 1099511627775, f.bytes, c.log, c.size, c.root, c.note FROM checkpoint c JOIN fact f ON f.id = c.fact ORDER BY c.log, c.size`)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		for _, h := range c.body.Holds {
			if err := v.names(c, h); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// names verifies that a fact which a checkpoint names is here, on the chain or
// set aside. What has not come yet is no contradiction.
func (v *verifier) names(c sealed, h fact.Hold) error {
	o := v.byID[h.Origin]
	if o == nil || h.Number > o.head {
		return nil
	}
	var raw []byte
	ok, err := v.one([]any{&raw}, `SELECT bytes FROM fact WHERE id = ?`, id(o.oid, h.Number))
	if err != nil || ok && fact.HashOf(raw) == h.Hash {
		return err
	}
	var known int
	if ok, err = v.one([]any{&known}, `SELECT 1 FROM aside WHERE oid = ? AND number = ? AND hash = ?`, o.oid, int64(h.Number), h.Hash[:]); err != nil || ok {
		return err
	}
	return broken("number %d of %s is not the fact that the checkpoint of %s over %d leaves names", h.Number, o, c.by, c.Size)
}
