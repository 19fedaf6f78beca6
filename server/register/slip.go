package register

import (
	"cmp"
	"context"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// IssueSlips records count one-time slips of a unit, each its own ballot. desk
// may be "": then they count for the unit alone. service 0 is what the desk
// offers, else public. Every call gives other slips: what was not answered was
// perhaps recorded, and is then never handed out.
func (r *Register) IssueSlips(ctx context.Context, unit, desk string, service survey.Service, count int) ([]Registered, error) {
	if count < 1 || count > MaxSlips {
		return nil, survey.New(survey.CodeBadCount, MaxSlips)
	}
	places, err := r.state.places(ctx)
	if err != nil {
		return nil, err
	}
	now := r.o.Now()
	if err := places.unit(unit, survey.DayOf(now)); err != nil {
		return nil, err
	}
	if desk != "" {
		if err := places.desk(desk); err != nil {
			return nil, err
		}
	}
	if err := onlyOf(ctx).slips(places, desk, unit); err != nil {
		return nil, err
	}
	service = cmp.Or(service, survey.Service(places.desks[desk].Service), survey.ServicePublic)
	slips := make([]Registered, count)
	entries := make([]fact.Entry, count)
	for i := range slips {
		if slips[i], err = r.draw(); err != nil {
			return nil, err
		}
		hash := slips[i].ID.Hash()
		entries[i] = fact.Entry{Kind: fact.KindSlip, Body: &fact.Slip{
			Hash: hash[:], Desk: desk, Unit: unit, Service: uint8(service), Issued: now.UnixMilli(),
		}}
	}
	last, err := r.decide(ctx, func() ([]fact.Entry, error) { return entries, nil })
	if err != nil {
		return nil, err
	}
	r.settle(ctx, last)
	return slips, nil
}
