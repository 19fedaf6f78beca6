package main

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"hailong/internal/survey"
	"hailong/server/api"
)

// asks loads a questionnaire, edited.
func (s *station) asks(edit func(string) string) {
	s.t.Helper()
	data, err := os.ReadFile("../../deploy/example/questionnaire.yaml")
	if err != nil {
		s.t.Fatal(err)
	}
	text := string(data)
	if edit != nil {
		if text = edit(text); text == string(data) {
			s.t.Fatal("the example has other lines by now")
		}
	}
	s.post("/api/v1/questionnaires", "application/yaml", text, 200, nil)
}

// says posts what was added after a tap.
func (s *station) says(more string, form url.Values) answer {
	s.t.Helper()
	at, err := url.Parse(more)
	if err != nil {
		s.t.Fatal(err)
	}
	form.Set("t", at.Query().Get("t"))
	return ask(s.t, "POST", s.url+at.Path, form.Encode(), "Content-Type", kindForm, "Accept", "text/html")
}

// What is said by phone beyond the first tap: asked by the questionnaire in
// force, about the step that the dossier has reached and the officer whom the
// receipt names, recorded in the same ballot, its words kept sealed.
func TestPhoneSaysMore(t *testing.T) {
	s := organised(t)
	s.asks(nil)
	var out api.DossierResults
	s.postJSON("/api/v1/receipts?pictures=false", api.DossierList{Dossiers: []api.Dossier{
		{Code: code(1), Desk: "MC-VPUB", Received: anHourAgo(), Officer: "CB07"}, {Code: code(2), Desk: "MC-VPUB", Received: anHourAgo()},
	}}, 200, &out)
	named, unnamed := out.Results[0].Receipt, out.Results[1].Receipt
	s.settled()

	a := s.byPhone(named.ID, "2")
	more := a.header.Get("Location")
	if a.status != 303 || !strings.Contains(more, "/more?t=") {
		t.Fatalf("%d %s", a.status, more)
	}
	if a := look(t, s.url+more); !strings.Contains(a.body, "Đã ghi nhận") || strings.Contains(a.body, "answer.officer") {
		t.Errorf("a tap on a page without a version is asked for words alone: %s", a.body)
	}
	tapped := ask(t, "POST", s.url+"/r/"+named.ID, "score=2&version=1", "Content-Type", kindForm, "Accept", "text/html")
	more = tapped.header.Get("Location")
	if a := look(t, s.url+more); !strings.Contains(a.body, `name="answer.officer"`) || !strings.Contains(a.body, `name="answer.access"`) || strings.Contains(a.body, "CB07") {
		t.Errorf("the officer is asked about, and not named: %s", a.body)
	}
	other := ask(t, "POST", s.url+"/r/"+unnamed.ID, "score=4&version=1", "Content-Type", kindForm, "Accept", "text/html").header.Get("Location")
	if a := look(t, s.url+other); strings.Contains(a.body, `name="answer.officer"`) || !strings.Contains(a.body, `name="answer.access"`) {
		t.Errorf("no officer: %s", a.body)
	}
	if a := s.says(more, url.Values{"answer.officer": {"1"}, "answer.access": {"4"}, "comment": {"Xin <i>cảm ơn</i>."}, "consent": {"1"}, "contact": {"0900 000 000"}}); a.status != 303 || !strings.HasPrefix(a.header.Get("Location"), "/r/"+named.ID+"/thanks?p=") {
		t.Fatalf("%d %s %s", a.status, a.header.Get("Location"), a.body)
	}
	s.settled()
	if n := s.ballots(); n != (api.Scores{Two: 1, Four: 1}) {
		t.Errorf("one ballot a dossier: %+v", n)
	}
	var said []survey.Writing
	eventually(t, "the server keeps the words", func() bool {
		said = nil
		digests, _, err := s.proj.Texts(t.Context(), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range digests {
			sealed, ok, err := s.words.Get(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			plain, opens := s.keys.OpenWords(sealed)
			var w survey.Writing
			if !ok || !opens || json.Unmarshal(plain, &w) != nil {
				return false
			}
			if w.Comment+w.Contact != "" { // else an act's words
				said = append(said, w)
			}
		}
		return len(said) == 2
	})
	if said[0].Comment+said[1].Comment != "Xin <i>cảm ơn</i>." || said[0].Contact+said[1].Contact != "0900 000 000" || said[0].Consent+said[1].Consent == "" {
		t.Errorf("%d writings that are others", len(said))
	}
	if log := s.book.String(); strings.Contains(log, "cảm ơn") || strings.Contains(log, "0900 000") || strings.Contains(log, named.ID) {
		t.Error("the log holds what was written, or for which receipt")
	}

	// Asked for supplements, the dossier's page asks about that; in the languages
	// of the setting.
	s.postJSON("/api/v1/dossiers/events", map[string]any{"events": []map[string]string{{"code": code(1), "step": "supplement", "at": time.Now().Format(time.RFC3339)}}}, 200, nil)
	s.settled()
	a = look(t, s.url+"/r/"+named.ID)
	if !strings.Contains(a.body, "việc hướng dẫn bổ sung hồ sơ?") || !strings.Contains(a.body, "lang=lo") || strings.Contains(look(t, s.url+"/province", s.operator()...).body, "lang=lo") {
		t.Errorf("supplement: %s", a.body)
	}
	if a := look(t, s.url+"/r/"+unnamed.ID, "Accept-Language", "lo"); !strings.Contains(a.body, `<html lang="lo">`) || !strings.Contains(a.body, "ທ່ານພໍໃຈກັບການບໍລິການແນວໃດ?") {
		t.Errorf("Lao: %s", a.body)
	}
	// A new version is shown from then on; whoever began with the old one ends with it.
	s.asks(func(text string) string {
		text = strings.Replace(text, "version: 1\n", "version: 2\n", 1)
		return strings.Replace(text, "Bạn hài lòng thế nào về việc phục vụ?", "Câu của bản hai?", 1)
	})
	s.settled()
	if a := look(t, s.url+"/r/"+unnamed.ID); !strings.Contains(a.body, "Câu của bản hai?") {
		t.Errorf("version 2: %s", a.body)
	}
	if a := s.says(other, url.Values{"answer.access": {"5"}}); a.status != 303 {
		t.Errorf("a form of version 1: %d %s", a.status, a.body)
	}
}
