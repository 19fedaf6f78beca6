package api

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/organisation"
	"hailong/server/register"
)

func TestBadInput(t *testing.T) {
	s := newSite(t)
	long := strings.Repeat("x", 500)
	jsonRoutes := []string{"/api/v1/receipts", "/api/v1/receipts/reprint", "/api/v1/receipts/page", "/api/v1/slips", "/api/v1/dossiers/events",
		"/api/v1/kiosks/admit", "/api/v1/kiosks/revoke", "/api/v1/forks/decide",
		"/api/v1/accounts/off", "/api/v1/accounts/link", "/api/v1/tokens", "/api/v1/tokens/rotate"}
	type bad struct{ method, path, contentType, body string }
	var all []bad
	for _, path := range jsonRoutes {
		for _, body := range []string{"", "{", "null", "[]", "1", `"x"`, "{}", "{} {}", `{"nonsense":1}`, `{"code":1}`, `{"code":{}}`, "\xff", `{"code":"` + long + `"}`,
			`{"key":"zz","kiosk":"K01"}`, `{"count":-1,"unit":"BV"}`, `{"count":1e9,"unit":"BV"}`, `{"number":-1}`, `{"number":1e30}`, strings.Repeat("[", 20000)} {
			all = append(all, bad{"POST", path, "application/json", body})
		}
		all = append(all,
			bad{"POST", path, "text/plain", "{}"}, bad{"POST", path, "", "{}"}, bad{"POST", path, "application/json;;;", "{}"},
			bad{"POST", path + "?nonsense=1", "application/json", "{}"},
			bad{"POST", path, "application/json", `{"code":"` + strings.Repeat("x", manyBody) + `"}`},
			bad{"GET", path, "", ""}, bad{"PUT", path, "application/json", "{}"})
	}
	for _, more := range []string{
		`,"received":"31/11/2026 09:30"`, `,"received":"2026-02-30T00:00:00+07:00"`, `,"received":"30/11/2027 09:30"`, `,"due":"19/11/2026"`,
		`,"unit":"NOBODY"`, `,"desk":"NOBODY"`, `,"service":"x"`, `,"field":"` + long + `"`, `,"officer":"Nguyễn Văn A"`, `,"dossiers":[]`,
	} {
		all = append(all, bad{"POST", "/api/v1/receipts", "application/json", dossier(code, more)})
		all = append(all, bad{"POST", "/api/v1/receipts/page", "application/json", dossier(code, more)})
	}
	all = append(all,
		bad{"POST", "/api/v1/receipts", "application/json", `{"dossiers":[` + strings.Repeat("{},", 1000) + `{}]}`},
		bad{"POST", "/api/v1/receipts?pictures=maybe", "application/json", dossier(code)},
		bad{"POST", "/api/v1/receipts/page", "application/json", dossier(code, `,"copies":1000`)},
		bad{"POST", "/api/v1/receipts/page", "application/json", dossier(code, `,"receipt":"x"`)},
		bad{"POST", "/api/v1/receipts/page", "application/json", dossier(code, `,"receipt":"x","reprint":true`)},
		bad{"POST", "/api/v1/slips", "application/json", `{"unit":"BV","count":1,"service":"x"}`},
		bad{"POST", "/api/v1/slips", "application/json", `{"unit":"OLD","count":1}`},
		bad{"POST", "/api/v1/dossiers/events", "application/json", `{"events":[]}`},
		bad{"POST", "/api/v1/dossiers/events", "application/json", `{"events":[{}]}`},
		bad{"POST", "/api/v1/receipts/import", "application/json", "{}"},
		bad{"POST", "/api/v1/receipts/import", "text/csv", ""},
		bad{"POST", "/api/v1/receipts/import", "text/csv", "a,b\n"},
		bad{"POST", "/api/v1/receipts/import", "text/csv", "\xff\xfe"},
		bad{"POST", "/api/v1/receipts/import", "text/csv", strings.Repeat("x", register.MaxCSV+1)},
		bad{"POST", "/api/v1/organisation", "application/json", "{}"},
		bad{"POST", "/api/v1/organisation", "application/yaml", ""},
		bad{"POST", "/api/v1/organisation", "application/yaml", "units: ["},
		bad{"POST", "/api/v1/organisation", "application/yaml", "\xff"},
		bad{"POST", "/api/v1/organisation", "application/yaml", strings.Repeat("#", 3<<20)},
		bad{"POST", "/api/v1/questionnaires", "application/json", "{}"},
		bad{"POST", "/api/v1/questionnaires", "application/yaml", ""},
		bad{"POST", "/api/v1/questionnaires", "application/yaml", "scale: ["},
		bad{"POST", "/api/v1/questionnaires", "application/yaml", "\xff"},
		bad{"POST", "/api/v1/questionnaires", "application/yaml", strings.Repeat("#", 2<<20)},
		bad{"POST", "/api/v1/questionnaires?from=x", "application/yaml", sheet},
		bad{"POST", "/api/v1/questionnaires?since=2026-01-01", "application/yaml", sheet},
		bad{"GET", "/api/v1/questionnaires?x=1", "", ""},
	)
	for _, query := range []string{"", "?from=2026-01-01", "?from=2026-01-01&to=2026-02-30", "?from=2026-02-01&to=2026-01-01", "?from=2026-01-01&to=2026-01-01",
		"?from=1/1/2026&to=2026-02-01", "?from=2000-01-01&to=2026-02-01", "?from=2026-01-01&to=2026-02-01&unit=NOBODY", "?from=2026-01-01&to=2026-02-01&unit=",
		"?from=2026-01-01&to=2026-02-01&service=x", "?from=2026-01-01&to=2026-02-01&x=1", "?from=2026-01-01&from=2026-01-02&to=2026-02-01", "?from=%ff&to=%00"} {
		all = append(all, bad{"GET", "/api/v1/index" + query, "", ""})
	}
	before := s.Facts()
	for _, b := range all {
		status, body := s.do(b.method, b.path, b.contentType, b.body)
		if status < 400 || status >= 500 {
			t.Errorf("%s %s %q %.80q: %d %.200s", b.method, b.path, b.contentType, b.body, status, body)
			continue
		}
		if p := struct {
			Code    survey.Code `json:"code"`
			Message string      `json:"message"`
			Results []struct{}  `json:"results"`
		}{}; json.Unmarshal([]byte(body), &p) != nil || (p.Code == "" || p.Message == "") && len(p.Results) == 0 {
			t.Errorf("%s %s %.80q: no code in %.200s", b.method, b.path, b.body, body)
		}
	}
	if s.Facts() != before {
		t.Errorf("%d facts of bad input", s.Facts()-before)
	}
	if strings.Contains(s.log.String(), "panic") {
		t.Error("a panic was logged")
	}
}

// markSample loads the setting that marks sample data.
func (s *site) markSample() {
	s.t.Helper()
	o := organisation.Organisation{Settings: []fact.Setting{{Key: register.SettingSample, Value: "true"}}}
	if _, err := s.LoadOrganisation(context.Background(), &o); err != nil {
		s.t.Fatal(err)
	}
}
