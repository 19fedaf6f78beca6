package projection

import (
	"encoding/binary"
	"errors"
	"slices"
)

// mergeBatches puts the batches of some blocks into one block. A batch that loses
// a rating can't be told apart any more from what comes in with its loss.
func (w *run) mergeBatches(cell, after, last int64, fresh []int64, gone ballots) error {
	var whole [][]int64
	mixed := slices.Clone(fresh)
	err := w.each(func(r cells) error {
		var raw []byte
		if err := r.Scan(&raw); err != nil {
			return err
		}
		ids, err := UnpackBallots(raw)
		n := len(ids)
		if ids = slices.DeleteFunc(ids, func(id int64) bool { return gone[id] }); len(ids) == n {
			whole = append(whole, ids)
		} else {
			mixed = append(mixed, ids...)
		}
		return err
	}, `SELECT ballots FROM batch WHERE cell = ? AND last > ? AND last <= ? ORDER BY last, number`, cell, after, last)
	if err == nil {
		err = w.exec(`DELETE FROM batch WHERE cell = ? AND last > ? AND last <= ?`, cell, after, last)
	}
	if len(mixed) > 0 {
		whole = append(whole, mixed)
	}
	for i, ids := range whole {
		if err == nil {
			err = w.putBatch(cell, last, i+1, ids)
		}
	}
	return err
}

func (w *run) putBatch(cell, last int64, number int, ids []int64) error {
	ids = slices.Sorted(slices.Values(ids))
	return w.exec(`INSERT INTO batch(cell, last, number, ballots) VALUES (?,?,?,?)`, cell, last, number, packBallots(ids))
}

// packBallots writes ids in order as column batch.ballots has them.
func packBallots(ids []int64) []byte {
	var b []byte
	before := int64(0)
	for _, id := range ids {
		b, before = binary.AppendUvarint(b, uint64(id-before)), id
	}
	return b
}

// UnpackBallots reads column batch.ballots.
func UnpackBallots(b []byte) (ids []int64, err error) {
	before := int64(0)
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errors.New("projection: a batch of ballots is not readable")
		}
		before += int64(d)
		ids, b = append(ids, before), b[n:]
	}
	return ids, nil
}
