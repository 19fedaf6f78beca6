package projection

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// wordsKept are words that came into effect.
type wordsKept struct {
	digest  [32]byte
	purpose survey.Purpose // of a text; 0: of an act or account
	at      int64          // of a text: when it was written, Unix ms; 0: not known yet
}

// textTime is when a text was written, as table text has it.
func (w *run) textTime(o *origin, f *fact.Fact) (int64, error) {
	at, estimated, _ := o.timeOf(f)
	if estimated {
		return at, w.estimate(o, f.Boot)
	}
	return at, nil
}

const textsUndated = `SELECT fact FROM text WHERE fact BETWEEN ? AND ? AND at = 0`
const textsAll = `SELECT fact FROM text WHERE fact BETWEEN ? AND ?`

// dateTexts dates those of an origin's texts that a query gives.
func (w *run) dateTexts(o *origin, query string) error {
	ids, err := w.ids(query, id(o.oid, 0), id(o.oid, fact.MaxNumber))
	if err != nil {
		return err
	}
	for _, x := range ids {
		f, err := w.fact(x)
		if err != nil {
			return err
		}
		at, err := w.textTime(o, f)
		if err == nil {
			err = w.exec(`UPDATE text SET at = ?1 WHERE fact = ?2 AND at <> ?1`, at, x)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropUnkept leaves, of the words that came into effect, those that are to be
// kept.
func (w *run) dropUnkept() error {
	if len(w.texts) == 0 {
		return nil
	}
	digests := make([][32]byte, len(w.texts))
	for i, x := range w.texts {
		digests[i] = x.digest
	}
	gone := map[[32]byte]bool{}
	err := w.among(`SELECT digest FROM erased WHERE digest IN `, blobs(digests), func(r cells) error {
		var raw []byte
		err := r.Scan(&raw)
		gone[[32]byte(raw)] = true
		return err
	})
	if err != nil {
		return err
	}
	settings := map[string]string{}
	err = w.each(func(r cells) error {
		var key, value string
		err := r.Scan(&key, &value)
		settings[key] = value
		return err
	}, `SELECT key, value FROM setting WHERE key GLOB 'retention:*'`)
	from := keptFrom(settings, w.tx.Now)
	w.texts = slices.DeleteFunc(w.texts, func(x wordsKept) bool {
		return gone[x.digest] || x.at != 0 && x.at < from[x.purpose]
	})
	return err
}

// keptFrom gives, by purpose, from which moment on words that were written are
// still kept.
func keptFrom(settings map[string]string, now time.Time) map[survey.Purpose]int64 {
	from := map[survey.Purpose]int64{}
	for _, r := range survey.Retentions {
		from[r.Purpose] = survey.KeptFrom(survey.DayOf(now), r.Of(settings[r.Setting]))
	}
	return from
}

// keptFrom reads the settings.
func (p *Projection) keptFrom(ctx context.Context, now time.Time) (comment, contact int64, err error) {
	settings := map[string]string{}
	for _, r := range survey.Retentions {
		value, rerr := p.Setting(ctx, r.Setting)
		settings[r.Setting], err = value, errors.Join(err, rerr)
	}
	from := keptFrom(settings, now)
	return from[survey.PurposeComment], from[survey.PurposeContact], err
}

// Texts lists the digests of the texts, acts and accounts in effect whose words
// are to be kept, at most limit of them, from after on; next is what to ask with
// for more, and no digests is the end. Texts that no longer hold are among them:
// whether one holds may change with facts that come late. Not among them are
// words that were erased, texts that are older than their retention, and what an
// account said before its latest fact. A digest may come twice.
func (p *Projection) Texts(ctx context.Context, after int64, limit int) (digests [][32]byte, next int64, err error) {
	comment, contact, err := p.keptFrom(ctx, p.o.Now())
	if err != nil {
		return nil, after, err
	}
	return p.digests(ctx, after, `SELECT fact, digest FROM text WHERE fact > ?1 AND digest <> x'' AND (at = 0 OR at >= iif(purpose = ?2, ?3, ?4))
		AND digest NOT IN (SELECT digest FROM erased)
		UNION ALL SELECT fact, digest FROM act WHERE fact > ?1 AND digest NOT IN (SELECT digest FROM erased)
		UNION ALL SELECT fact, digest FROM account WHERE fact > ?1 AND digest NOT IN (SELECT digest FROM erased)
		ORDER BY fact LIMIT ?5`, survey.PurposeComment, comment, contact, limit)
}

// Expired lists the digests of texts that are older at now than their retention,
// as Texts lists the others. Where a text was recorded twice, both must be.
func (p *Projection) Expired(ctx context.Context, now time.Time, after int64, limit int) (digests [][32]byte, next int64, err error) {
	comment, contact, err := p.keptFrom(ctx, now)
	if err != nil {
		return nil, after, err
	}
	return p.digests(ctx, after, `SELECT fact, digest FROM text t WHERE fact > ?1 AND digest <> x'' AND at <> 0 AND at < iif(purpose = ?2, ?3, ?4)
		AND NOT EXISTS (SELECT 1 FROM text u WHERE u.digest = t.digest AND u.digest <> x'' AND (u.at = 0 OR u.at >= iif(u.purpose = ?2, ?3, ?4)))
		ORDER BY fact LIMIT ?5`, survey.PurposeComment, comment, contact, limit)
}

func (p *Projection) digests(ctx context.Context, after int64, query string, args ...any) (digests [][32]byte, next int64, err error) {
	r, err := p.db.Read().QueryContext(ctx, query, append([]any{after}, args...)...)
	if err != nil {
		return nil, after, err
	}
	defer r.Close()
	next = after
	for r.Next() {
		var raw []byte
		if err := r.Scan(&next, &raw); err != nil {
			return nil, after, err
		}
		digests = append(digests, [32]byte(raw))
	}
	return digests, next, r.Err()
}

// Erased gives those of some digests whose words are to be kept nowhere.
func (p *Projection) Erased(ctx context.Context, digests [][32]byte) (erased [][32]byte, err error) {
	names := make([]string, len(digests))
	for i, d := range digests {
		names[i] = hex.EncodeToString(d[:])
	}
	list, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	r, err := p.db.Read().QueryContext(ctx, `SELECT DISTINCT digest FROM erased WHERE digest IN (SELECT unhex(value) FROM json_each(?))`, string(list))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for r.Next() {
		var raw sql.RawBytes
		if err := r.Scan(&raw); err != nil {
			return nil, err
		}
		erased = append(erased, [32]byte(raw))
	}
	return erased, r.Err()
}
