package register

import (
	"bytes"
	"context"
	"database/sql"
	"errors"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/questionnaire"
)

// Sheet is a version of the questionnaire, as recorded.
type Sheet struct {
	From          survey.Day // from which it is shown; 0: always
	InForce       bool       // it is what is shown today
	Questionnaire *survey.Questionnaire
}

// LoadQuestionnaire records a version, or another day on which a recorded one
// begins. new is false where it is recorded so already; with other content it is
// survey.CodeSheetKnown: answers stay tied to what was shown.
func (r *Register) LoadQuestionnaire(ctx context.Context, v *questionnaire.Version) (isNew bool, err error) {
	q, err := v.Fact()
	if err != nil {
		return false, err
	}
	last, err := r.decide(ctx, func() ([]fact.Entry, error) {
		have, err := r.sheet(ctx, q.Version)
		switch {
		case err != nil:
			return nil, err
		case have == nil:
		case !sameSheet(have.Document, q.Document):
			return nil, survey.New(survey.CodeSheetKnown, q.Version)
		case have.From == q.From:
			return nil, nil
		default:
			q.Document = have.Document
		}
		return []fact.Entry{{Kind: fact.KindQuestionnaire, Body: q}}, nil
	})
	if err != nil {
		return false, err
	}
	r.settle(ctx, last)
	return last != nil, nil
}

// sheet gives a version as it was recorded last; nil where it was not.
func (r *Register) sheet(ctx context.Context, version uint16) (*fact.Questionnaire, error) {
	if q := r.sheets[version]; q != nil {
		return q, nil
	}
	q := &fact.Questionnaire{Version: version}
	err := r.state.db.QueryRowContext(ctx, `SELECT since, document FROM questionnaire WHERE version = ?`, version).Scan(&q.From, &q.Document)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return q, err
}

// sameSheet compares what documents say: another program may have written the
// one that is recorded.
func sameSheet(recorded, document []byte) bool {
	if bytes.Equal(recorded, document) {
		return true
	}
	q, err := survey.ParseQuestionnaire(recorded)
	if err != nil {
		return false
	}
	again, err := q.Document()
	return err == nil && bytes.Equal(again, document)
}

// Questionnaires gives the recorded versions that this program understands.
func (r *Register) Questionnaires(ctx context.Context) (all []Sheet, err error) {
	versions, err := r.o.Projection.Versions(ctx)
	today, found := survey.DayOf(r.o.Now()), false
	for _, v := range versions { // the first that has begun is in force
		x := Sheet{From: v.From, Questionnaire: v.Questionnaire, InForce: !found && v.From <= today}
		found = found || x.InForce
		all = append(all, x)
	}
	return all, err
}
