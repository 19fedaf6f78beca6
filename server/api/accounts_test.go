package api

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"hailong/internal/bus"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/account"
	"hailong/server/broker"
	"hailong/server/natsauth/natsauthtest"
	keep "hailong/server/words"
)

// gate is what lets in at a site, with a broker of its own where it is to be
// asked for more than what stands in facts.
func (s *site) gate(withBroker bool) *account.Gate {
	s.t.Helper()
	realm, key, url := natsauthtest.Of(s.t, s.Keys), natsauthtest.Key(s.t), "nats://127.0.0.1:1"
	if withBroker {
		b, err := broker.Start(realm.Broker(broker.Options{Dir: filepath.Join(s.t.TempDir(), "stream")}))
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { b.Close() })
		url = b.URL()
	}
	nats, err := bus.Connect(realm.Server(bus.Options{URL: url}, key))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(nats.Close)
	store, err := keep.Open(s.t.Context(), filepath.Join(s.t.TempDir(), "words.db"), s.Keys)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { store.Close() })
	g, err := account.New(account.Options{
		Recorder: s.Outbox, Projection: s.Projection, DB: s.Projection.Reader(), Words: store, Keys: s.Keys, Bus: nats,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return g
}

// post sends JSON with the token and reads the answer.
func (s *site) postJSON(path, body string, want int, into any) {
	s.t.Helper()
	status, text := s.do(http.MethodPost, path, "application/json", body)
	if status != want {
		s.t.Fatalf("%s %s: %d %s", path, body, status, text)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		s.t.Fatal(err, text)
	}
}

// Accounts and tokens from their first link to their end.
func TestAccounts(t *testing.T) {
	s := newSiteWith(t, true)
	var link, again AccountLink
	s.postJSON("/api/v1/accounts", `{"role":"administrator","login":"Quản.Trị","name":"Người quản trị"}`, 201, &link)
	prefix := base + account.LinkPath
	if !strings.HasPrefix(link.Link, prefix) || link.Hours != 24 {
		t.Fatal(link)
	}
	s.postJSON("/api/v1/accounts/link", `{"login":"quản.trị"}`, 200, &again)
	if again.ID != link.ID || again.Link == link.Link {
		t.Fatal(link, again)
	}
	x, err := s.accounts.UseLink(t.Context(), again.Link[len(prefix):], "một câu dễ nhớ của riêng tôi")
	if err != nil || x.Role != access.Administrator {
		t.Fatal(x, err)
	}
	var token TokenText
	s.postJSON("/api/v1/tokens", `{"unit":"SXD","name":"Phần mềm một cửa"}`, 201, &token)
	if p, ok, err := s.accounts.Token(t.Context(), token.Token); err != nil || !ok || p.Unit != "SXD" || p.Role != access.Program {
		t.Fatal(p, ok, err)
	}
	var second TokenText
	s.postJSON("/api/v1/tokens/rotate", `{"id":"`+token.ID+`"}`, 200, &second)
	var list AccountList
	if status, text := s.do(http.MethodGet, "/api/v1/accounts", "", ""); status != 200 || json.Unmarshal([]byte(text), &list) != nil ||
		strings.Contains(text, token.Token) || strings.Contains(text, "argon2id") {
		t.Fatal(status, text)
	}
	for _, row := range list.Accounts {
		switch row.ID {
		case link.ID:
			if row.Role != "administrator" || row.Login != "quản.trị" || !row.Password || row.Off || !row.Readable || row.TOTP {
				t.Errorf("%+v", row)
			}
		case token.ID:
			if row.Role != "program" || row.Unit != "SXD" || len(row.Tokens) != 2 || row.Tokens[0].Until == nil || row.Tokens[1].Until != nil {
				t.Errorf("%+v", row)
			}
		default:
			t.Errorf("%+v", row)
		}
	}
	s.postJSON("/api/v1/tokens/rotate", `{"id":"`+token.ID+`","at_once":true}`, 200, &token)
	if _, ok, err := s.accounts.Token(t.Context(), second.Token); ok || err != nil {
		t.Error("the one before is good", err)
	}
	var done Recorded
	for _, want := range []bool{true, false} {
		s.postJSON("/api/v1/accounts/off", `{"id":"`+token.ID+`"}`, 200, &done)
		if done.New != want {
			t.Error("turned off:", done.New)
		}
	}
	if _, ok, err := s.accounts.Token(t.Context(), token.Token); ok || err != nil {
		t.Error("a token of an account that is off", err)
	}
}

// Each bad request has its code.
func TestBadAccounts(t *testing.T) {
	s := newSiteWith(t, true)
	var link AccountLink
	s.postJSON("/api/v1/accounts", `{"role":"administrator","login":"root","name":"Root"}`, 201, &link)
	none := strings.Repeat("0", 32)
	for _, c := range []struct {
		path, body string
		code       survey.Code
	}{
		{"/accounts", `{}`, survey.CodeMissingField},
		{"/accounts", `{"role":"king","login":"x1","name":"X"}`, survey.CodeBadField},
		{"/accounts", `{"role":"program","unit":"SXD","login":"","name":"X"}`, survey.CodeBadField},
		{"/accounts", `{"role":"operator","login":"x1","name":"X"}`, survey.CodeBadField},
		{"/accounts", `{"role":"auditor","login":"x 1","name":"X"}`, survey.CodeBadField},
		{"/accounts", `{"role":"auditor","login":"ROOT","name":"X"}`, survey.CodeLoginTaken},
		{"/accounts", `{"role":"auditor","login":"x1","name":""}`, survey.CodeMissingField},
		{"/accounts", `{"role":"unit","login":"x1","name":"X","unit":"XXX"}`, survey.CodeUnknownUnit},
		{"/accounts", `{"role":"desk","login":"x1","name":"X","desk":"XXX"}`, survey.CodeUnknownDesk},
		{"/accounts", `{"role":"auditor","login":"x1","name":"X","password":"x"}`, survey.CodeUnknownField},
		{"/accounts", `[]`, survey.CodeBadJSON},
		{"/accounts/off", `{}`, survey.CodeMissingField},
		{"/accounts/off", `{"id":"` + none + `","login":"root"}`, survey.CodeMissingField},
		{"/accounts/off", `{"id":"zz"}`, survey.CodeBadField},
		{"/accounts/off", `{"id":"` + none + `"}`, survey.CodeUnknownAccount},
		{"/accounts/off", `{"login":"root"}`, survey.CodeLastAdministrator},
		{"/accounts/link", `{"login":"nobody"}`, survey.CodeUnknownAccount},
		{"/tokens", `{"name":"X"}`, survey.CodeMissingField},
		{"/tokens", `{"unit":"SXD"}`, survey.CodeMissingField},
		{"/tokens", `{"unit":"XXX","name":"X"}`, survey.CodeUnknownUnit},
		{"/tokens/rotate", `{}`, survey.CodeMissingField},
		{"/tokens/rotate", `{"id":"` + none + `"}`, survey.CodeUnknownAccount},
		{"/tokens/rotate", `{"id":"` + link.ID + `"}`, survey.CodeUnknownAccount},
	} {
		status, text := s.do(http.MethodPost, "/api/v1"+c.path, "application/json", c.body)
		var p struct{ Code survey.Code }
		if err := json.Unmarshal([]byte(text), &p); err != nil || p.Code != c.code || status != c.code.Status() {
			t.Errorf("%s %s: %d %s, want %s", c.path, c.body, status, text, c.code)
		}
	}
}
