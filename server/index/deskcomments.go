package index

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"slices"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// readComments gives the digests of the comments of what is told: those of the
// sitting whose rating is shown. A comment thus appears and goes with five
// ballots and more, as its ballot's answers do. Those of the latest blocks come
// first, as nobody reads on for ever; within the blocks that end on one day
// they are shuffled, in an order that stays while this process runs. Those whose
// words were erased, or are older than their retention, are not among them.
func (x *Index) readComments(ctx context.Context, tx *sql.Tx, all []told, ratings []fact.Rating) ([][32]byte, error) {
	ballots := make([]int64, len(all))
	for i := range all {
		ballots[i] = all[i].ballot
	}
	list, err := json.Marshal(ballots)
	if err != nil {
		return nil, err
	}
	type comment struct {
		digest []byte
		fact   int64
		order  [32]byte
	}
	of := make([]comment, len(all))
	var days string
	err = each(ctx, tx, func(scan scanner) error { return scan(&days) }, `SELECT value FROM setting WHERE key = ?`, survey.KeptComments.Setting)
	if err != nil {
		return nil, err
	}
	err = each(ctx, tx, func(scan scanner) error {
		var i int
		var at int64
		var session, digest []byte
		if err := scan(&i, &at, &session, &digest); err != nil {
			return err
		}
		// Of a sitting the last text holds, which may take the words back.
		if at>>40 == all[i].fact>>40 && bytes.Equal(session, ratings[i].Session) && at > of[i].fact {
			of[i] = comment{digest: digest, fact: at}
		}
		return nil
	}, `SELECT j.key, t.fact, t.session, iif(t.at <> 0 AND t.at < ? OR t.digest IN (SELECT digest FROM erased), x'', t.digest)
FROM json_each(?) j CROSS JOIN entry e CROSS JOIN text t
WHERE e.ballot = j.value AND t.fact = e.fact AND t.purpose = ?`,
		survey.KeptFrom(x.Today(), survey.KeptComments.Of(days)), string(list), survey.PurposeComment)
	if err != nil {
		return nil, err
	}
	var order []int
	for i := range of {
		if len(of[i].digest) != 32 {
			continue
		}
		mac := hmac.New(sha256.New, x.secret[:])
		mac.Write(binary.BigEndian.AppendUint64([]byte("comment"), uint64(of[i].fact)))
		mac.Sum(of[i].order[:0])
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(all[b].ends, all[a].ends), bytes.Compare(of[a].order[:], of[b].order[:]))
	})
	digests := make([][32]byte, len(order))
	for k, i := range order {
		digests[k] = [32]byte(of[i].digest)
	}
	return digests, nil
}
