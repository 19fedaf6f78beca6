package texts

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"hailong/internal/survey"
)

// text is one thing that somebody wrote, as it may be listed.
type text struct {
	digest  [32]byte
	purpose survey.Purpose
	month   survey.Day // its first day; 0: not known yet
	desk    desk
	comment [32]byte // of a wish to be contacted: what it is about; zeros: nothing was written
}

type desk struct{ code, name, nameEN, unit string }

// query lists the texts that hold and are to be kept. A comment appears here when
// it may on the desk's page: once its ballot is shown among five. That of a
// walk-in, which is in no cell, appears with its month's end.
const query = `SELECT t.fact, t.purpose, t.digest, t.at, t.session, coalesce(d.code, ''), coalesce(d.name, ''), coalesce(d.name_en, ''), coalesce(d.unit, u.code, ''),
	b.kind <> 3 AND NOT EXISTS (SELECT 1 FROM cell c JOIN held h ON h.cell = c.id AND h.ballot = b.id WHERE c.unit = b.unit AND c.service = b.service AND c.desk = b.desk)
FROM text t JOIN ballot b ON b.id = t.ballot LEFT JOIN desk d ON d.id = b.desk LEFT JOIN unit u ON u.id = b.unit
WHERE t.digest <> x'' AND t.holds = 1 AND t.digest NOT IN (SELECT digest FROM erased) AND (t.at = 0 OR t.at >= iif(t.purpose = ?1, ?2, ?3))
	AND (?4 = '' OR coalesce(d.unit, u.code) = ?4)`

// monthOf is the first day of the month of a moment.
func monthOf(milli int64) survey.Day {
	if milli == 0 {
		return 0
	}
	return survey.DayOfMilli(milli).Month().From
}

// list gives the texts of a unit, or of all, by month, the latest first; within a
// month in an order that says nothing.
func (d Deps) list(ctx context.Context, unit string) ([]text, error) {
	today := survey.DayOf(d.Now())
	comments, contacts, err := d.kept(ctx, today)
	if err != nil {
		return nil, err
	}
	type sitting struct {
		origin  int64
		session [16]byte
	}
	all, wishes, about := []text{}, map[sitting]bool{}, map[sitting][32]byte{}
	of := map[[32]byte]sitting{}
	err = d.each(ctx, func(scan func(...any) error) error {
		var x text
		var at, written int64
		var digest, session []byte
		var released bool
		if err := scan(&at, &x.purpose, &digest, &written, &session, &x.desk.code, &x.desk.name, &x.desk.nameEN, &x.desk.unit, &released); err != nil {
			return err
		}
		x.digest, x.month = [32]byte(digest), monthOf(written)
		s := sitting{at >> 40, [16]byte(session)}
		switch {
		case x.purpose == survey.PurposeContact:
			wishes[s] = true
			of[x.digest] = s
			all = append(all, x)
			return nil
		case x.purpose != survey.PurposeComment:
			return nil // of a newer program
		}
		about[s] = x.digest
		of[x.digest] = s
		if released || x.month != 0 && x.month < today.Month().From {
			all = append(all, x)
		}
		return nil
	}, query, survey.PurposeComment, comments, contacts, unit)
	if err != nil {
		return nil, err
	}
	// What a wish to be contacted is about stands beside it, not a second time.
	all = slices.DeleteFunc(all, func(x text) bool { return x.purpose == survey.PurposeComment && wishes[of[x.digest]] })
	for i := range all {
		if all[i].purpose == survey.PurposeContact {
			all[i].comment = about[of[all[i].digest]]
		}
	}
	slices.SortFunc(all, func(a, b text) int {
		return cmp.Or(cmp.Compare(b.month, a.month), bytes.Compare(a.digest[:], b.digest[:]))
	})
	return all, nil
}

// kept gives from which moments on comments and contact data are kept.
func (d Deps) kept(ctx context.Context, today survey.Day) (comments, contacts int64, err error) {
	settings := map[string]string{}
	err = d.each(ctx, func(scan func(...any) error) error {
		var key, value string
		err := scan(&key, &value)
		settings[key] = value
		return err
	}, `SELECT key, value FROM setting WHERE key GLOB 'retention:*'`)
	from := func(r survey.Retention) int64 { return survey.KeptFrom(today, r.Of(settings[r.Setting])) }
	return from(survey.KeptComments), from(survey.KeptContacts), err
}

// erasures counts what was erased of a unit's texts, or of all, by month of the
// text, the latest first.
func (d Deps) erasures(ctx context.Context, unit string) (months []survey.Day, counts map[survey.Day]int64, err error) {
	counts = map[survey.Day]int64{}
	err = d.each(ctx, func(scan func(...any) error) error {
		var at int64
		err := scan(&at)
		counts[monthOf(at)]++
		return err
	}, `SELECT t.at FROM text t JOIN ballot b ON b.id = t.ballot LEFT JOIN desk d ON d.id = b.desk LEFT JOIN unit u ON u.id = b.unit
		WHERE t.digest IN (SELECT digest FROM erased) AND (?1 = '' OR coalesce(d.unit, u.code) = ?1)`, unit)
	for m := range counts {
		months = append(months, m)
	}
	slices.SortFunc(months, func(a, b survey.Day) int { return cmp.Compare(b, a) })
	return months, counts, err
}

// isErased says whether words are to be kept nowhere.
func (d Deps) isErased(ctx context.Context, digest [32]byte) (erased bool, err error) {
	err = d.DB.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM erased WHERE digest = ?)`, digest[:]).Scan(&erased)
	return erased, err
}

// waitErased waits a moment until an erasure is in effect here.
func (d Deps) waitErased(ctx context.Context, digest [32]byte) error {
	ctx, done := context.WithTimeout(ctx, 3*time.Second)
	defer done()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		erased, err := d.isErased(ctx, digest)
		if err != nil || erased {
			return err
		}
		select {
		case <-ctx.Done():
			return nil // it is recorded, and holds once it is back from the stream
		case <-tick.C:
		}
	}
}

func (d Deps) each(ctx context.Context, fn func(scan func(...any) error) error, query string, args ...any) (err error) {
	rows, err := d.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
