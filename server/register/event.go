package register

import (
	"context"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// EventRow is a step of a dossier as it is written in a request.
type EventRow struct {
	Code string // dossier code
	Step string // supplement, refused or returned
	At   string // see ParseTime
	Desk string // where it happened; may be ""
}

// EventResult is what became of one event: New where it was recorded, neither
// New nor Fault where it was known already.
type EventResult struct {
	New   bool
	Fault *survey.Error
}

// Events records steps of dossiers that are registered. To send an event again
// changes nothing. An error is about all of them, and nothing was recorded;
// otherwise there is one result for each, in their order.
func (r *Register) Events(ctx context.Context, rows []EventRow) ([]EventResult, error) {
	if len(rows) == 0 || len(rows) > MaxDossiers {
		return nil, survey.New(survey.CodeTooMany, MaxDossiers)
	}
	places, err := r.state.places(ctx)
	if err != nil {
		return nil, err
	}
	results := make([]EventResult, len(rows))
	bodies := make([]*fact.Event, len(rows))
	within := onlyOf(ctx)
	for i, row := range rows {
		if bodies[i], err = r.event(places, row); err != nil {
			results[i].Fault = survey.ErrorOf(err)
		}
	}
	last, err := r.decide(ctx, func() (entries []fact.Entry, err error) {
		here := map[happened]bool{}
		for i, e := range bodies {
			if results[i].Fault != nil {
				continue
			}
			key := [32]byte(e.Ballot)
			dossier, ok, err := r.known(ctx, key)
			if err != nil {
				return nil, err
			}
			switch denied := within.dossier(places, dossier.desk, dossier.unit); {
			case !ok:
				results[i].Fault = survey.New(survey.CodeUnknownDossier)
				continue
			case denied != nil:
				results[i].Fault = survey.ErrorOf(denied)
				continue
			case e.At < dossier.received:
				results[i].Fault = survey.New(survey.CodeBadEventTime)
				continue
			}
			h := happened{key, e.Step, e.At}
			known := here[h] || r.events[h]
			if !known {
				if known, err = r.state.event(ctx, h); err != nil {
					return nil, err
				}
			}
			if !known {
				here[h], results[i].New = true, true
				entries = append(entries, fact.Entry{Kind: fact.KindEvent, Body: e})
			}
		}
		return entries, nil
	})
	if err != nil {
		return nil, err
	}
	r.settle(ctx, last)
	return results, nil
}

// event checks a row and gives its fact.
func (r *Register) event(p *places, row EventRow) (*fact.Event, error) {
	for _, f := range []struct{ name, text string }{{"code", row.Code}, {"step", row.Step}, {"at", row.At}} {
		if f.text == "" {
			return nil, survey.New(survey.CodeMissingField, f.name)
		}
	}
	normal, err := p.patterns.NormaliseCode(row.Code)
	if err != nil {
		return nil, err
	}
	var step survey.Step
	if err := step.UnmarshalText([]byte(row.Step)); err != nil {
		return nil, err
	}
	if step == survey.StepReceived {
		return nil, survey.New(survey.CodeBadStep, row.Step)
	}
	at, err := ParseTime(row.At)
	if err != nil {
		return nil, err
	}
	if at.Before(earliest) || at.After(r.o.Now().Add(ahead)) {
		return nil, survey.New(survey.CodeBadEventTime)
	}
	if row.Desk != "" {
		if err := p.desk(row.Desk); err != nil {
			return nil, err
		}
	}
	key := r.o.Keys.Ballot(normal)
	return &fact.Event{Ballot: key[:], Step: uint8(step), At: at.UnixMilli(), Desk: row.Desk}, nil
}
