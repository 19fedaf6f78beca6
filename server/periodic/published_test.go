package periodic

import (
	"context"
	"testing"
	"time"

	"hailong/internal/survey"
	"hailong/server/report"
)

// publish closes a month, with the totals of some units and what they answered.
func (w *world) publish(id int, month survey.Period, totals map[string]survey.Counts, answers map[string]survey.Counts) time.Time {
	at := fifth(month).At
	w.write(w.closed, `INSERT INTO month VALUES (?, ?, ?, x'0102', ?, ?, 's1')`, id, month.From, month.To, id, at.UnixMilli())
	figure := func(unit, desk, dim, value string, n0 int64, n survey.Counts) {
		w.write(w.closed, `INSERT INTO figure (month, unit, service, desk, dim, value, n0, n1, n2, n3, n4, n5) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			id, unit, desk, dim, value, n0, n[0], n[1], n[2], n[3], n[4])
	}
	for unit, n := range totals {
		figure(unit, "D"+unit, "total", "", 0, n)
		figure(unit, "", "number", "dossiers", 2*n.Answers(), survey.Counts{})
		figure(unit, "", "number", "rated", n.Answers(), survey.Counts{})
		figure(unit, "", "number", "counted", n.Answers(), survey.Counts{})
		figure(unit, "", "number", "late", 1, survey.Counts{})
		figure(unit, "", "number", "voided", 3, survey.Counts{})
		figure(unit, "", "full", "", 0, survey.Counts{1, 0, 0, 0, 9})
		figure(unit, "D"+unit, "full", "", 0, survey.Counts{1, 0, 0, 0, 9})
	}
	for of, n := range answers { // UNIT/QUESTION
		unit, question := of[:len(of)-2], of[len(of)-1:]
		figure(unit, "", "question", question, 0, n)
		figure(unit, "D"+unit, "question", question, 0, n)
	}
	return at
}

// asks has two versions of a questionnaire with two factors, of which the later
// moves question b; both ask for the whole.
func (w *world) asks() {
	words := func(s string) survey.Words { return survey.Words{"vi": s, "en": s + " in English"} }
	for version := range 2 {
		factorOfB := []string{"f", "g"}[version]
		q := survey.Questionnaire{Version: uint16(version + 1), Scale: []survey.Words{words("1"), words("2"), words("3"), words("4"), words("5")}, Consent: words("c"),
			Services: []survey.ServiceSheet{{Service: survey.ServiceAdministrative, Overall: words("o"), Full: true,
				Factors:   []survey.Factor{{Code: "f", Name: words("Tiếp cận")}, {Code: "g", Name: words("Thủ tục")}},
				Questions: []survey.Question{{Code: "a", Factor: "f", Text: words("a")}, {Code: "b", Factor: factorOfB, Text: words("b")}},
				Reasons:   []survey.Reason{{Code: "r", Factor: "f", Good: words("r"), Bad: words("r")}}}}}
		if err := q.Check(); err != nil {
			w.t.Fatal(err)
		}
		document, err := q.Document()
		if err != nil {
			w.t.Fatal(err)
		}
		w.put(`INSERT INTO questionnaire VALUES (?, ?, ?)`, version+1, 100*version, document)
	}
}

// TestFillClosed: a period of closed months is told as it was published, and says
// what came later; with one month open it is told as of now.
func TestFillClosed(t *testing.T) {
	w := small(t)
	w.asks()
	september, october := month(2026, 9), month(2026, 10)
	for _, m := range []survey.Period{september, october} { // as of now: three more than published
		w.day(2, m.From+3, survey.Counts{3, 0, 0, 0, 50})
		w.put(`INSERT INTO void_day (day, unit, service, desk, n) VALUES (?, 2, 1, 0, 500)`, m.From)
	}
	w.publish(1, september, map[string]survey.Counts{"SXD": {0, 0, 0, 0, 50}, "GONE": {0, 0, 0, 0, 7}}, map[string]survey.Counts{"SXD/a": {0, 0, 0, 10, 0}, "SXD/b": {1, 0, 0, 1, 4}})
	at := w.publish(2, october, map[string]survey.Counts{"SXD": {0, 0, 0, 0, 50}, "VINH": {0, 5, 0, 0, 35}}, map[string]survey.Counts{"SXD/a": {0, 0, 0, 0, 10}, "VINH/b": {0, 0, 0, 0, 3}})

	both := survey.Period{From: september.From, To: october.To}
	r := w.fill(Ask{Period: both})
	if !r.Closed.Equal(at) || !r.Made.Equal(at) {
		t.Errorf("made %v, closed %v", r.Made, r.Closed)
	}
	s := r.Services[0]
	by := map[string]report.Row{}
	for _, u := range s.Units {
		by[u.Unit.Code] = u
	}
	x := by["SXD"]
	if x.Counts != (survey.Counts{0, 0, 0, 0, 100}) || x.After != 6 || x.Now != nil || x.Dossiers != 200 || x.Rated != 100 || x.Verdict != survey.VerdictMet ||
		x.Times.Late != 2 || x.Voided != 6 || x.Ratio766 != (survey.Tally{Satisfied: 198, Answers: 200}) || x.Band != 1 || x.Full != (survey.Tally{Satisfied: 18, Answers: 20}) {
		t.Errorf("%+v", x)
	}
	if low, high := survey.Wilson(100, 100); x.Low != low || x.High != high {
		t.Errorf("%+v", x.Rate)
	}
	if g := by["GONE"]; g.Counts.Answers() != 7 || !g.Shown {
		t.Errorf("a unit that is no more: %+v", g)
	}
	// Of the ward nothing was published: not what is known of it now either.
	if b, ok := by["BENTHUY"]; !ok || b.Shown || b.Dossiers != 0 || b.Band != 0 {
		t.Errorf("%+v", b)
	}
	if s.Total.Counts.Answers() != 147 || s.Total.After != 6 || s.Total.Full.Answers != 40 {
		t.Errorf("%+v", s.Total)
	}
	if len(s.Factors) != 2 || s.Factors[0].Name != "Tiếp cận" || s.Factors[0].Total.Counts != (survey.Counts{0, 0, 0, 10, 10}) || s.Factors[1].Code != "g" {
		t.Fatalf("%+v", s.Factors)
	}
	// Three answers at VINH would be the total less SXD's: neither is told.
	if g := s.Factors[1]; g.Total.Counts != (survey.Counts{1, 0, 0, 1, 7}) {
		t.Errorf("%+v", g)
	} else {
		for i, u := range s.Units {
			if g.Units[i].Shown && g.Units[i].Counts.Answers() > 0 {
				t.Errorf("%s: %+v", u.Unit.Code, g.Units[i])
			}
		}
	}
	if got := w.fill(Ask{Period: both, Language: "en"}).Services[0].Factors[0].Name; got != "Tiếp cận in English" {
		t.Error(got)
	}
	for _, f := range []report.Format{report.XLSX, report.CSV, report.DOCX} {
		if _, err := written(r, f); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}

	for _, p := range []survey.Period{{From: september.From, To: november.To}, {From: september.From + 1, To: october.To}, month(2026, 8)} {
		r := w.fill(Ask{Period: p})
		if !r.Closed.IsZero() || r.Made != noon() || len(r.Services) > 0 && len(r.Services[0].Factors) > 0 {
			t.Errorf("%v is closed", p)
		}
	}
	// What came later changes nothing but the number of what came later.
	w.day(2, october.From+9, survey.Counts{9, 0, 0, 0, 0})
	if later := w.fill(Ask{Period: both}).Services[0].Units; later[0].Counts != s.Units[0].Counts && later[0].Low != s.Units[0].Low {
		t.Errorf("%+v", later[0])
	}
	// The store keeps the same.
	store, err := OpenStore(t.TempDir(), w.Filler, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Update(context.Background(), []Closing{fifth(october)}); err != nil {
		t.Fatal(err)
	}
	first, err := written(w.fill(Ask{Period: october}), report.CSV)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range store.List() {
		if k.Format == report.CSV && (k.SHA256 != hash(first) || !k.Closed.Equal(at)) {
			t.Errorf("%+v, made now %s", k, hash(first))
		}
	}
}
