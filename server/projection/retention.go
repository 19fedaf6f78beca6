package projection

import (
	"context"
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
