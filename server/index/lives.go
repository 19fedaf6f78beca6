package index

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"slices"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// life is what holds of a unit from a day on: its name, kind and parent.
type life struct {
	from, until survey.Day
	Unit
}

// readLives reads what was said of those units that more was said of than once.
// Of facts about a unit the latest counts, from the day that it names on; what
// an earlier one said of the days before stands. So a unit may change its parent
// or kind on a day, and a period finds it where it was on the period's last day.
func (o *organisation) readLives(ctx context.Context, tx *sql.Tx, kinds map[string][2]string) error {
	said := map[string][]fact.Fact{}
	err := each(ctx, tx, func(scan scanner) error {
		var code string
		var data []byte
		if err := scan(&code, &data); err != nil {
			return err
		}
		f, err := fact.Decode(data)
		said[code] = append(said[code], f)
		return err
	}, `SELECT c.key, f.bytes FROM claim c JOIN fact f ON f.id = c.fact WHERE c.kind = ?1 AND c.key IN
(SELECT key FROM claim WHERE kind = ?1 GROUP BY key HAVING count(*) > 1)`, fact.KindUnit)
	if err != nil {
		return err
	}
	for code, facts := range said {
		u := o.byCode[code]
		if u == nil {
			continue
		}
		slices.SortFunc(facts, func(a, b fact.Fact) int {
			return cmp.Or(cmp.Compare(a.Wall, b.Wall), bytes.Compare(a.Origin[:], b.Origin[:]), cmp.Compare(a.Number, b.Number))
		})
		for i := range facts {
			var b fact.Unit
			if err := fact.Unmarshal(facts[i].Body, &b); err != nil {
				return err
			}
			l := life{survey.Day(b.From), survey.Day(b.Until), Unit{Code: code, Name: b.Name, NameEN: b.NameEN, Kind: b.Kind, Parent: b.Parent}}
			l.KindName, l.KindNameEN = kinds[b.Kind][0], kinds[b.Kind][1]
			u.lives = append(slices.DeleteFunc(u.lives, func(e life) bool { return e.from >= l.from }), l)
		}
		u.since = u.lives[0].from
	}
	return nil
}

// at makes every unit what it was on a day; before its first day, what it was
// then.
func (o *organisation) at(d survey.Day) {
	for i := range o.units {
		u := &o.units[i]
		for j := range u.lives {
			if l := &u.lives[j]; j == 0 || l.from <= d {
				u.Unit = l.Unit
			}
		}
	}
}
