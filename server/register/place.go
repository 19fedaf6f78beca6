package register

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// Names are what a receipt's page says of a place.
type Names struct {
	Desk, DeskUnit string // the receiving desk, and the unit whose desk it is
	Unit           string // the settling authority
}

// NamesOf gives the names behind codes. One of them may be "": the unit is then
// the desk's own, the desk none.
// A code that is not known is survey.CodeUnknownDesk or CodeUnknownUnit.
func (r *Register) NamesOf(ctx context.Context, desk, unit string) (n Names, err error) {
	p, err := r.state.places(ctx)
	if err != nil {
		return n, err
	}
	d, ok := p.desks[desk]
	if !ok && desk != "" {
		return n, survey.New(survey.CodeUnknownDesk, clip(desk))
	}
	u, ok := p.units[cmp.Or(unit, d.Unit)]
	if !ok {
		return n, survey.New(survey.CodeUnknownUnit, clip(unit))
	}
	return Names{Desk: d.Name, DeskUnit: p.units[d.Unit].Name, Unit: u.Name}, nil
}

// Desks lists the desks of the units that exist today, of one unit where unit is
// not "", by code.
func (r *Register) Desks(ctx context.Context, unit string) ([]fact.Desk, error) {
	p, err := r.state.places(ctx)
	if err != nil {
		return nil, err
	}
	today := survey.DayOf(r.o.Now())
	if unit != "" {
		if err := p.unit(unit, today); err != nil {
			return nil, err
		}
	}
	var all []fact.Desk
	for _, d := range p.desks {
		if (unit == "" || d.Unit == unit) && p.unit(d.Unit, today) == nil {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b fact.Desk) int { return strings.Compare(a.Code, b.Code) })
	return all, nil
}

// KioskDesks lists the desks of Desks that have a kiosk, the one of the first
// kiosk code first.
func (r *Register) KioskDesks(ctx context.Context) ([]fact.Desk, error) {
	desks, err := r.Desks(ctx, "")
	if err != nil {
		return nil, err
	}
	var all []fact.Desk
	err = r.state.each(ctx, func(scan func(...any) error) error {
		var code string
		err := scan(&code)
		if i := slices.IndexFunc(desks, func(d fact.Desk) bool { return d.Code == code }); i >= 0 {
			all = append(all, desks[i])
		}
		return err
	}, `SELECT desk FROM kiosk GROUP BY desk ORDER BY min(code)`)
	return all, err
}

// IsSample says whether this server's data are marked as a sample.
func (r *Register) IsSample(ctx context.Context) (bool, error) {
	v, err := r.state.setting(ctx, SettingSample)
	return v == "true", err
}

// SettingSample is the key of the setting that marks sample data: "true".
const SettingSample = "sample"
