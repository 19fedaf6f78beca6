package register

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"hailong/internal/fact"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/organisation"
)

// state reads the projection's tables.
type state struct{ db *sql.DB }

// each runs a query and calls fn for each row.
func (s state) each(ctx context.Context, fn func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("register: %.40q: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return fmt.Errorf("register: %.40q: %w", query, err)
		}
	}
	return rows.Err()
}

// places are the units and desks that dossiers may name.
type places struct {
	units    map[string]fact.Unit
	desks    map[string]fact.Desk
	patterns receipt.Patterns
}

func (s state) places(ctx context.Context) (*places, error) {
	p := &places{units: map[string]fact.Unit{}, desks: map[string]fact.Desk{}, patterns: receipt.DefaultPatterns()}
	err := s.each(ctx, func(scan func(...any) error) error {
		var u fact.Unit
		err := scan(&u.Code, &u.Name, &u.NameEN, &u.Kind, &u.Parent, &u.From, &u.Until)
		p.units[u.Code] = u
		return err
	}, `SELECT code, name, name_en, kind, parent, since, until FROM unit`)
	if err != nil {
		return nil, err
	}
	err = s.each(ctx, func(scan func(...any) error) error {
		var d fact.Desk
		err := scan(&d.Code, &d.Unit, &d.Name, &d.NameEN, &d.Service)
		p.desks[d.Code] = d
		return err
	}, `SELECT code, unit, name, name_en, service FROM desk`)
	if err != nil {
		return nil, err
	}
	patterns, err := s.setting(ctx, organisation.SettingPatterns)
	if err != nil || patterns == "" {
		return p, err
	}
	p.patterns, err = receipt.CompilePatterns(strings.Split(patterns, "\n"))
	return p, err
}

// unit checks that a unit exists on a day.
func (p *places) unit(code string, on survey.Day) error {
	u, ok := p.units[code]
	switch {
	case code == "":
		return survey.New(survey.CodeMissingField, "unit")
	case !ok:
		return survey.New(survey.CodeUnknownUnit, clip(code))
	case int32(on) < u.From || u.Until != 0 && int32(on) >= u.Until:
		return survey.New(survey.CodeUnitClosed, code, on.Start().Format("02/01/2006"))
	}
	return nil
}

func (p *places) desk(code string) error {
	if _, ok := p.desks[code]; !ok {
		return survey.New(survey.CodeUnknownDesk, clip(code))
	}
	return nil
}

// setting gives a setting's value; "" where there is none.
func (s state) setting(ctx context.Context, key string) (value string, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT value FROM setting WHERE key = ?`, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// has says whether a query gives a row.
func (s state) has(ctx context.Context, query string, args ...any) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, query, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// eventSize is the length of one event in table ballot: time, step.
const eventSize = 9

// event says whether a step of a dossier is known.
func (s state) event(ctx context.Context, h happened) (bool, error) {
	var events []byte
	err := s.db.QueryRowContext(ctx, `SELECT events FROM ballot WHERE key = ?`, h.ballot[:]).Scan(&events)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	want := make([]byte, 0, eventSize)
	for shift := 56; shift >= 0; shift -= 8 {
		want = append(want, byte(h.at>>shift))
	}
	want = append(want, h.step)
	for ; len(events) >= eventSize; events = events[eventSize:] {
		if bytes.Equal(events[:eventSize], want) {
			return true, err
		}
	}
	return false, err
}

// thing names one row of the organisation.
type thing struct {
	kind fact.Kind
	key  string
}

// organised gives the whole organisation in force, by what each fact is about.
func (s state) organised(ctx context.Context) (map[thing]any, error) {
	p, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	all := map[thing]any{}
	keep := func(kind fact.Kind, body any) { all[thing{kind, nameOf(body)}] = body }
	for _, u := range p.units {
		keep(fact.KindUnit, u)
	}
	for _, d := range p.desks {
		keep(fact.KindDesk, d)
	}
	var k fact.UnitKind
	var q fact.Kiosk
	var t fact.Target
	var x fact.Setting
	return all, errors.Join(
		s.each(ctx, func(scan func(...any) error) error {
			defer func() { keep(fact.KindUnitKind, k) }()
			return scan(&k.Code, &k.Name, &k.NameEN)
		}, `SELECT code, name, name_en FROM unit_kind`),
		s.each(ctx, func(scan func(...any) error) error {
			defer func() { keep(fact.KindKiosk, q) }()
			return scan(&q.Code, &q.Desk, &q.Name)
		}, `SELECT code, desk, name FROM kiosk`),
		s.each(ctx, func(scan func(...any) error) error {
			defer func() { keep(fact.KindTarget, t) }()
			return scan(&t.Kind, &t.Unit, &t.Service, &t.From, &t.Operator, &t.Hundredths)
		}, `SELECT kind, unit, service, since, operator, hundredths FROM target`),
		s.each(ctx, func(scan func(...any) error) error {
			defer func() { keep(fact.KindSetting, x) }()
			return scan(&x.Key, &x.Value)
		}, `SELECT key, value FROM setting`),
	)
}

// nameOf gives what a body of the organisation is about.
func nameOf(body any) string {
	switch b := body.(type) {
	case fact.UnitKind:
		return b.Code
	case fact.Unit:
		return b.Code
	case fact.Desk:
		return b.Code
	case fact.Kiosk:
		return b.Code
	case fact.Target:
		return fmt.Sprintf("%s|%s|%d|%d", b.Kind, b.Unit, b.Service, b.From)
	case fact.Setting:
		return b.Key
	}
	return ""
}
