package register

import (
	"cmp"
	"context"

	"hailong/internal/survey"
)

type withinKey struct{}

// Within gives a context in which nothing is done for dossiers of other units:
// one is the unit's if that settles it or runs the desk that received it. What
// would be for another is survey.CodeForbidden, of many rows each by itself.
func Within(ctx context.Context, unit string) context.Context {
	return context.WithValue(ctx, withinKey{}, unit)
}

// only is the unit of a context, if it has one.
type only struct {
	unit string
	set  bool
}

func onlyOf(ctx context.Context) only {
	unit, set := ctx.Value(withinKey{}).(string)
	return only{unit, set}
}

// dossier says whether one of a desk and a settling unit may be touched. An empty
// unit is the desk's own.
func (o only) dossier(p *places, desk, unit string) error {
	own := p.desks[desk].Unit
	if o.set && (o.unit == "" || own != o.unit && cmp.Or(unit, own) != o.unit) {
		return survey.New(survey.CodeForbidden)
	}
	return nil
}

// slips says whether slips may be issued: for the unit alone, at its own desks.
func (o only) slips(p *places, desk, unit string) error {
	if o.set && (o.unit == "" || unit != o.unit || desk != "" && p.desks[desk].Unit != o.unit) {
		return survey.New(survey.CodeForbidden)
	}
	return nil
}
