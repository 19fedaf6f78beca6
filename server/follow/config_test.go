package follow_test

import (
	"slices"
	"testing"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/organisation"
)

// A kiosk is told what is asked today about its desk's service, in which
// languages, and when its desk is open.
func TestKioskIsToldWhatIsAsked(t *testing.T) {
	w := newWorld(t)
	s := w.server("s1")
	registry, kiosk := w.province()
	document := func(version uint16) []byte {
		q := survey.Questionnaire{Version: version, Consent: survey.Words{"vi": "x"}, Scale: slices.Repeat([]survey.Words{{"vi": "x"}}, 5),
			Services: []survey.ServiceSheet{{Service: survey.ServiceAdministrative, Overall: survey.Words{"vi": "?"}}}}
		d, err := q.Document()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	s.knows(registry.batch(), kiosk.batch())
	s.run(w.b.Addr(), "s1")
	b, device := w.connect(w.b.Addr()), w.device(kiosk)
	told := func(what string, service uint8, sheet []byte, hours string, languages ...string) {
		t.Helper()
		eventually(t, what, func() bool {
			c, err := device.Config(t.Context(), kiosk.public())
			return err == nil && c.Desk == "D1" && c.Service == service && string(c.Questionnaire) == string(sheet) && c.Hours == hours && slices.Equal(c.Languages, languages)
		})
	}
	told("nothing is set", 1, nil, "", "vi", "en")

	say := func(kind fact.Kind, body any) {
		t.Helper()
		registry.add(kind, body)
		if _, err := b.Publish(registry.id, registry.batch(), fact.Mark{Origin: registry.id, Number: registry.number, Hash: registry.prev}); err != nil {
			t.Fatal(err)
		}
	}
	later := int32(survey.NewDay(2200, 1, 1))
	say(fact.KindSetting, &fact.Setting{Key: organisation.SettingLanguages, Value: "vi,lo"})
	say(fact.KindSetting, &fact.Setting{Key: organisation.SettingHours, Value: "T2 07:30-11:30"})
	say(fact.KindQuestionnaire, &fact.Questionnaire{Version: 1, Document: document(1)})
	say(fact.KindQuestionnaire, &fact.Questionnaire{Version: 2, From: later, Document: document(2)})
	told("the province's", 1, document(1), "T2 07:30-11:30", "vi", "lo")
	say(fact.KindSetting, &fact.Setting{Key: organisation.HoursOf("D1"), Value: "T3 07:30-11:30"})
	say(fact.KindQuestionnaire, &fact.Questionnaire{Version: 3, Document: document(3)})
	told("the desk's own, and the next version", 1, document(3), "T3 07:30-11:30", "vi", "lo")
	if last, since := s.f.Heard(kiosk.public()); since.IsZero() || last.Before(since) {
		t.Errorf("heard at %v, listens since %v", last, since)
	}
	if _, err := b.Config(t.Context(), make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	if last, _ := s.f.Heard(make([]byte, 32)); !last.IsZero() {
		t.Error("a kiosk that nobody admitted is remembered")
	}
}
