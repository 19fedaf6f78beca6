package register

import (
	"context"
	"slices"

	"hailong/internal/fact"
	"hailong/server/organisation"
)

// Loaded says what LoadOrganisation did.
type Loaded struct {
	Recorded  int // entries that are new or differ
	Unchanged int
	// LeftOut are codes of units, desks and kiosks that are in force and that
	// the file does not have: facts are never taken back, so they stay.
	LeftOut []string
}

// LoadOrganisation records what a file says and is not in force already.
func (r *Register) LoadOrganisation(ctx context.Context, o *organisation.Organisation) (Loaded, error) {
	var done Loaded
	last, err := r.decide(ctx, func() (entries []fact.Entry, err error) {
		have, err := r.state.organised(ctx)
		if err != nil {
			return nil, err
		}
		for _, e := range o.Entries() {
			k := thing{e.Kind, nameOf(e.Body)}
			if have[k] == e.Body {
				done.Unchanged++
			} else {
				entries = append(entries, e)
			}
			delete(have, k)
		}
		for k := range have {
			if k.kind == fact.KindUnit || k.kind == fact.KindDesk || k.kind == fact.KindKiosk {
				done.LeftOut = append(done.LeftOut, k.key)
			}
		}
		slices.Sort(done.LeftOut)
		done.Recorded = len(entries)
		return entries, nil
	})
	if err != nil {
		return Loaded{}, err
	}
	r.settle(ctx, last)
	return done, nil
}
