package index

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"hailong/internal/survey"
)

// Unit is an authority or public non-business unit.
type Unit struct {
	Code, Name, NameEN         string
	Kind, KindName, KindNameEN string
	Parent                     string // code; empty for the root
}

type unit struct {
	Unit
	id           int64
	since, until survey.Day // until 0: open
	lives        []life     // by day, where more was said of it than once
}

func (u *unit) aliveIn(p survey.Period) bool {
	return u.since < p.To && (u.until == 0 || u.until > p.From)
}

// dated is a target and the days on which it held.
type dated struct {
	survey.Target
	own    bool
	period survey.Period
}

type change struct {
	since survey.Day
	survey.Target
}

type targetKey struct {
	kind, unit string
	service    survey.Service
}

// organisation is what the small tables say.
type organisation struct {
	units   []unit // by code
	byCode  map[string]*unit
	targets map[targetKey][]change              // by day
	times   map[string]survey.TimelinessRoadmap // by kind of unit
	kinds   map[string]int                      // kindPlace
	least   int64
	sample  bool
}

func readOrganisation(ctx context.Context, tx *sql.Tx) (*organisation, error) {
	o := &organisation{byCode: map[string]*unit{}, targets: map[targetKey][]change{},
		times: map[string]survey.TimelinessRoadmap{}, least: survey.LeastAnswers}
	kinds := map[string][2]string{}
	err := each(ctx, tx, func(scan scanner) error {
		var code string
		var n [2]string
		err := scan(&code, &n[0], &n[1])
		kinds[code] = n
		return err
	}, `SELECT code, name, name_en FROM unit_kind`)
	if err != nil {
		return nil, err
	}
	err = each(ctx, tx, func(scan scanner) error {
		var u unit
		if err := scan(&u.Code, &u.id, &u.Name, &u.NameEN, &u.Kind, &u.Parent, &u.since, &u.until); err != nil {
			return err
		}
		u.KindName, u.KindNameEN = kinds[u.Kind][0], kinds[u.Kind][1]
		o.units = append(o.units, u)
		return nil
	}, `SELECT code, id, name, name_en, kind, parent, since, until FROM unit ORDER BY code`)
	if err != nil {
		return nil, err
	}
	for i := range o.units {
		o.byCode[o.units[i].Code] = &o.units[i]
	}
	if err := o.readLives(ctx, tx, kinds); err != nil {
		return nil, err
	}
	err = each(ctx, tx, func(scan scanner) error {
		var k targetKey
		var c change
		if err := scan(&k.kind, &k.unit, &k.service, &c.since, &c.Operator, &c.Hundredths); err != nil {
			return err
		}
		o.targets[k] = append(o.targets[k], c)
		return nil
	}, `SELECT kind, unit, service, since, operator, hundredths FROM target ORDER BY kind, unit, service, since`)
	if err != nil {
		return nil, err
	}
	return o, each(ctx, tx, func(scan scanner) error {
		var key, value string
		if err := scan(&key, &value); err != nil {
			return err
		}
		if kind, ok := strings.CutPrefix(key, survey.TimelinessPrefix); ok {
			if r, err := survey.ParseTimeliness(value); err == nil { // else no target: the file's loader refuses such text
				o.times[kind] = r
			}
		} else if key == "sample" {
			o.sample = value == "true"
		} else if n, err := strconv.ParseInt(value, 10, 32); err == nil && n > 0 {
			o.least = n
		}
		return nil
	}, `SELECT key, value FROM setting WHERE key IN ('sample', 'least_answers') OR key GLOB 'timeliness/*'`)
}

// targetsIn gives the targets that held in the period, in order, with the days
// of each; at least one entry, which may be no target. A unit's own goes before
// its kind's.
func (o *organisation) targetsIn(u *unit, s survey.Service, p survey.Period) []dated {
	own := o.targets[targetKey{unit: u.Code, service: s}]
	kind := o.targets[targetKey{kind: u.Kind, service: s}]
	days := []survey.Day{p.From}
	for _, cs := range [][]change{own, kind} {
		for _, c := range cs {
			if p.From < c.since && c.since < p.To {
				days = append(days, c.since)
			}
		}
	}
	if len(days) > 1 {
		slices.Sort(days)
		days = slices.Compact(days)
	}
	var ts []dated
	for i, d := range days {
		to := p.To
		if i+1 < len(days) {
			to = days[i+1]
		}
		t := dated{period: survey.Period{From: d, To: to}}
		if own, ok := inForce(own, d); ok {
			t.Target, t.own = own, true
		} else {
			t.Target, _ = inForce(kind, d)
		}
		if n := len(ts); n > 0 && ts[n-1].Target == t.Target {
			ts[n-1].period.To, ts[n-1].own = to, t.own
			continue
		}
		ts = append(ts, t)
	}
	return ts
}

// inForce gives the last target that began on the day or before it.
func inForce(cs []change, d survey.Day) (survey.Target, bool) {
	i := sort.Search(len(cs), func(i int) bool { return cs[i].since > d })
	if i == 0 {
		return survey.Target{}, false
	}
	return cs[i-1].Target, true
}

type scanner func(to ...any) error

// each runs a query and calls fn for each row.
func each(ctx context.Context, tx *sql.Tx, fn func(scanner) error, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%.40q: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return fmt.Errorf("%.40q: %w", query, err)
		}
	}
	return rows.Err()
}
