package projection

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"

	"hailong/internal/survey"
)

// Gone gives those of some digests whose words are to be kept nowhere: they were
// erased, or are of a text that is older than its retention. Where a text was
// recorded twice, both must be. What no fact in effect names is not among them.
func (p *Projection) Gone(ctx context.Context, digests [][32]byte) (gone [][32]byte, err error) {
	comment, contact, err := p.keptFrom(ctx, p.o.Now())
	if err != nil {
		return nil, err
	}
	names := make([]string, len(digests))
	for i, d := range digests {
		names[i] = hex.EncodeToString(d[:])
	}
	list, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	r, err := p.db.Read().QueryContext(ctx, `WITH asked(digest) AS MATERIALIZED (SELECT unhex(value) FROM json_each(?1))
		SELECT digest FROM asked a WHERE EXISTS (SELECT 1 FROM erased e WHERE e.digest = a.digest)
		OR EXISTS (SELECT 1 FROM text t WHERE t.digest = a.digest AND t.digest <> x'') AND
			NOT EXISTS (SELECT 1 FROM text t WHERE t.digest = a.digest AND t.digest <> x'' AND (t.at = 0 OR t.at >= iif(t.purpose = ?2, ?3, ?4)))`,
		string(list), survey.PurposeComment, comment, contact)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for r.Next() {
		var raw []byte
		if err := r.Scan(&raw); err != nil {
			return nil, err
		}
		gone = append(gone, [32]byte(raw))
	}
	return gone, r.Err()
}
