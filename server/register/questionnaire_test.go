package register_test

import (
	"context"
	"testing"
	"time"

	"hailong/internal/survey"
	"hailong/server/questionnaire"
	"hailong/server/register/registertest"
)

func version(t *testing.T, n uint16, overall string) *questionnaire.Version {
	t.Helper()
	v := &questionnaire.Version{Questionnaire: survey.Questionnaire{Version: n, Consent: survey.Words{"vi": "x"},
		Services: []survey.ServiceSheet{{Service: survey.ServicePublic, Overall: survey.Words{"vi": overall}}}}}
	for range 5 {
		v.Scale = append(v.Scale, survey.Words{"vi": "x"})
	}
	if err := v.Check(); err != nil {
		t.Fatal(err)
	}
	return v
}

// A version is recorded once; with other content it is refused, also while the
// projection is behind, and after a restart then.
func TestQuestionnaireIsNeverChanged(t *testing.T) {
	w := registertest.New(t, nil)
	again := func(when string) {
		t.Helper()
		before := w.Facts()
		isNew, err := w.Register.LoadQuestionnaire(ctx, version(t, 1, "Thế nào?"))
		if err != nil || isNew {
			t.Errorf("%s: the same: %v %v", when, isNew, err)
		}
		if _, err := w.Register.LoadQuestionnaire(ctx, version(t, 1, "Ra sao?")); survey.CodeOf(err) != survey.CodeSheetKnown {
			t.Errorf("%s: other content: %v", when, err)
		}
		if w.Facts() != before {
			t.Errorf("%s: facts were recorded", when)
		}
	}
	w.Pause()
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if isNew, err := w.Register.LoadQuestionnaire(short, version(t, 1, "Thế nào?")); err != nil || !isNew {
		t.Fatal(isNew, err)
	}
	again("projection behind")
	w.Restart(w.Outbox)
	again("projection behind, restarted")
	w.Resume()
	again("applied")

	later := version(t, 1, "Thế nào?")
	later.From = survey.DayOf(registertest.Now) + 1
	if isNew, err := w.Register.LoadQuestionnaire(ctx, later); err != nil || !isNew {
		t.Errorf("begins another day: %v %v", isNew, err)
	}
	if isNew, err := w.Register.LoadQuestionnaire(ctx, version(t, 2, "Ra sao?")); err != nil || !isNew {
		t.Errorf("another version: %v %v", isNew, err)
	}
	all, err := w.Questionnaires(ctx)
	if err != nil || len(all) != 2 || all[0].Questionnaire.Version != 1 || all[0].InForce || !all[1].InForce {
		t.Errorf("%+v %v", all, err)
	}
	if q, err := w.Projection.Questionnaire(ctx, 2); err != nil || q.Services[0].Overall["vi"] != "Ra sao?" {
		t.Errorf("%+v %v", q, err)
	}
	if q, err := w.Projection.Questionnaire(ctx, 3); err != nil || q != nil {
		t.Errorf("%+v %v", q, err)
	}
}
