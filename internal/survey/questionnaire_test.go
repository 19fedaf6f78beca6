package survey_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"hailong/internal/survey"

	"pgregory.net/rapid"
)

func vi(s string) survey.Words { return survey.Words{"vi": s} }

func sheets() *survey.Questionnaire {
	scale := make([]survey.Words, 5)
	for i := range scale {
		scale[i] = vi("Mức " + string(rune('1'+i)))
	}
	return &survey.Questionnaire{
		Version: 1, Scale: scale, Consent: vi("Tôi đồng ý để cơ quan liên hệ lại <với tôi> & trả lời."),
		Services: []survey.ServiceSheet{{
			Service: survey.ServiceAdministrative, Overall: survey.Words{"vi": "Bạn hài lòng đến mức nào?", "en": "How satisfied are you?"},
			Steps:     map[string]survey.Words{"refused": vi("Việc giải thích lý do từ chối?")},
			Factors:   []survey.Factor{{Code: "access", Name: vi("Tiếp cận")}, {Code: "staff", Name: vi("Công chức")}},
			Questions: []survey.Question{{Code: "access", Factor: "access", Text: vi("Nơi chờ?")}, {Code: "officer", Factor: "staff", Text: vi("Cán bộ tiếp nhận?"), Officer: true}},
			Reasons:   []survey.Reason{{Code: "staff.polite", Factor: "staff", Good: vi("Lịch sự"), Bad: vi("Chưa lịch sự"), Kiosk: true}},
		}},
	}
}

func TestQuestionnaire(t *testing.T) {
	q := sheets()
	doc, err := q.Document()
	if err != nil {
		t.Fatal(err)
	}
	got, err := survey.ParseQuestionnaire(doc)
	if err != nil || !reflect.DeepEqual(got, q) {
		t.Fatalf("%v\n%s", err, doc)
	}
	if again, err := got.Document(); err != nil || string(again) != string(doc) {
		t.Error("the same questionnaire gives other bytes")
	}
	s := got.For(survey.ServiceAdministrative)
	if s == nil || got.For(survey.ServicePublic) != nil || (*survey.Questionnaire)(nil).For(survey.ServicePublic) != nil {
		t.Fatal("sheet by service")
	}
	if !s.HasQuestion("officer") || s.HasQuestion("staff.polite") || !s.HasReason("-staff.polite") || s.HasReason("staff.polite") || s.HasReason("") || s.HasReason("+access") {
		t.Error("codes")
	}
	if s.Overall.In("en") != "How satisfied are you?" || s.Overall.In("lo") != s.Overall["vi"] {
		t.Error("words fall back to Vietnamese")
	}
	for _, bad := range []string{"", "[]", "{}", `{"version":1,"colour":"red"}`, string(doc[:len(doc)-1]), `{"version":70000}`, string(doc) + string(doc), string(doc) + "x"} {
		if q, err := survey.ParseQuestionnaire([]byte(bad)); err == nil {
			t.Errorf("%.40q: %+v", bad, q)
		}
	}
}

// Each fault is named by its place, however many there are.
func TestQuestionnaireFaults(t *testing.T) {
	for want, spoil := range map[string]func(q *survey.Questionnaire, s *survey.ServiceSheet){
		"version":                       func(q *survey.Questionnaire, _ *survey.ServiceSheet) { q.Version = 0 },
		"scale:":                        func(q *survey.Questionnaire, _ *survey.ServiceSheet) { q.Scale = q.Scale[:4] },
		"scale[2]: no Vietnamese":       func(q *survey.Questionnaire, _ *survey.ServiceSheet) { q.Scale[2] = survey.Words{"en": "x"} },
		"consent":                       func(q *survey.Questionnaire, _ *survey.ServiceSheet) { q.Consent = nil },
		"services: one":                 func(q *survey.Questionnaire, _ *survey.ServiceSheet) { q.Services = nil },
		"services[0].service":           func(_ *survey.Questionnaire, s *survey.ServiceSheet) { s.Service = 0 },
		"services[1].service":           func(q *survey.Questionnaire, s *survey.ServiceSheet) { q.Services = append(q.Services, *s) },
		"services[0].overall.en":        func(_ *survey.Questionnaire, s *survey.ServiceSheet) { s.Overall["en"] = strings.Repeat("x", 401) },
		"services[0].steps.lost":        func(_ *survey.Questionnaire, s *survey.ServiceSheet) { s.Steps["lost"] = vi("?") },
		"services[0].factors[1].code":   func(_ *survey.Questionnaire, s *survey.ServiceSheet) { s.Factors[1].Code = "access" },
		"services[0].questions[0].code": func(_ *survey.Questionnaire, s *survey.ServiceSheet) { s.Questions[0].Code = "Chờ" },
		"questions[1].factor":           func(_ *survey.Questionnaire, s *survey.ServiceSheet) { s.Questions[1].Factor = "fees" },
		"reasons[0].bad":                func(_ *survey.Questionnaire, s *survey.ServiceSheet) { s.Reasons[0].Bad = nil },
		"reasons: at most 6": func(_ *survey.Questionnaire, s *survey.ServiceSheet) {
			for i := range 6 {
				r := s.Reasons[0]
				r.Code = "r" + string(rune('0'+i))
				s.Reasons = append(s.Reasons, r)
			}
		},
		"at most 12 factors": func(_ *survey.Questionnaire, s *survey.ServiceSheet) { s.Questions = make([]survey.Question, 41) },
	} {
		q := sheets()
		spoil(q, &q.Services[0])
		if err := q.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	q := sheets()
	q.Version, q.Consent = 0, nil
	if err := q.Check(); err == nil || !strings.Contains(err.Error(), "version") || !strings.Contains(err.Error(), "consent") {
		t.Error("one fault hides another:", err)
	}
	if err := sheets().Check(); err != nil {
		t.Error(err)
	}
}

func TestHours(t *testing.T) {
	h, err := survey.ParseHours("T2-T6 07:30-11:30 13:30-17:00; t7 07:30-11:30")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{
		"2026-11-23T07:29": false, "2026-11-23T07:30": true, "2026-11-23T11:29": true, "2026-11-23T11:30": false, // a Monday
		"2026-11-27T16:59": true, "2026-11-28T08:00": true, "2026-11-28T14:00": false, "2026-11-29T08:00": false,
	} {
		moment, err := time.ParseInLocation("2006-01-02T15:04", at, survey.Zone)
		if err != nil {
			t.Fatal(err)
		}
		if h.Open(moment.UTC()) != want {
			t.Errorf("%s: %v", at, !want)
		}
	}
	if always, err := survey.ParseHours(" "); err != nil || !always.Open(time.Unix(0, 0)) {
		t.Error("no hours are all hours")
	}
	if night, err := survey.ParseHours("T7-T2 00:00-24:00"); err != nil || !night.Open(survey.NewDay(2026, 11, 29).Start()) || night.Open(survey.NewDay(2026, 11, 24).Start()) {
		t.Error("a run of days over the week's end")
	}
	for _, bad := range []string{"T2", "07:30-11:30", "T2-T8 07:30-11:30", "T1 07:30-11:30", "T2 11:30-07:30", "T2 7-11", "T2 07:60-08:00", "T2 23:00-24:01", "T2 07:30-11:30;", "T2 -1:00-02:00"} {
		if _, err := survey.ParseHours(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	rapid.Check(t, func(t *rapid.T) { // whatever is written, nothing breaks
		if h, err := survey.ParseHours(rapid.String().Draw(t, "hours")); err == nil {
			h.Open(time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), 0))
		}
	})
}
