package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/api"
)

var updateAccess = flag.Bool("update", false, "write deploy/access.md anew")

const accessFile = "../../deploy/access.md"

// The table for people is what the program does.
func TestAccessDocument(t *testing.T) {
	want := access.Document()
	if *updateAccess {
		if err := os.WriteFile(accessFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(accessFile); err != nil || string(have) != want {
		t.Errorf("deploy/access.md is not what server/access says (%v); try: go test ./cmd/hailong-server -run TestAccessDocument -update, and look at what changed", err)
	}
}

// signs reads deploy/access.md: what each role gets, by method and path, with
// nobody as the first.
func signs(t *testing.T) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(accessFile)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(data)) {
		if cells := strings.Split(strings.TrimSpace(line), "|"); strings.HasPrefix(line, "| `") {
			for i := range cells {
				cells[i] = strings.Trim(cells[i], " `")
			}
			all[cells[2]+" "+cells[1]] = cells[3 : len(cells)-1]
		}
	}
	return all
}

// What came of a request.
const (
	in      = "in"
	nobody  = "asked to sign in"
	refused = "refused"
	led     = "led to the own page"
)

// outcome sends a request and says what the guard made of it. What a handler
// then says of a request without content does not matter, unless it breaks.
func (s *station) outcome(method, path string, headers []string) string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	to := res.Header.Get("Location")
	switch {
	case res.StatusCode == 401:
		return nobody
	case res.StatusCode == 303 && (strings.HasPrefix(to, "/unit/VINH") || strings.HasPrefix(to, "/desk/MC-VINH")):
		return led
	case res.StatusCode == 403:
		var p httpx.Problem
		if method == http.MethodHead {
			return refused
		}
		if data, err := io.ReadAll(res.Body); err != nil || json.Unmarshal(data, &p) != nil || p.Code != survey.CodeForbidden {
			s.t.Errorf("%s %s: 403 %s", method, path, data)
		}
		return refused
	case res.StatusCode >= 500 && res.StatusCode != 503:
		s.t.Errorf("%s %s: %s", method, path, res.Status)
	}
	return in
}

// filled fills the path and query of a route with units and desks.
func filled(rule access.Rule, id, unit, desk string) string {
	code := unit
	if rule.Desk != "" {
		code = desk
	}
	path := strings.NewReplacer(":code", code, ":unit", unit, ":id", id, "*", "staff.css").Replace(rule.Path)
	q := url.Values{}
	for _, name := range rule.Units {
		if name[0] == '?' {
			q.Set(name[1:], unit)
		}
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return path
}

// TestEveryRouteAsEveryRole walks the real server's routes, with methods and
// all, as nobody, as each role and as the operator: each gets what
// deploy/access.md says, in the own unit or desk and in another.
func TestEveryRouteAsEveryRole(t *testing.T) {
	area := filepath.Join(t.TempDir(), "areas.geojson")
	if err := os.WriteFile(area, []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"VINH"},"geometry":{"type":"Polygon","coordinates":[[[105,18],[106,18],[106,19],[105,18]]]}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := organised(t, "--map="+area)
	id := s.register("MC-VPUB", anHourAgo(), code(1))[0].ID
	guests := []guest{{}}
	for _, r := range access.Roles {
		place := "VINH"
		if r.OfDesk() {
			place = "MC-VINH"
		}
		guests = append(guests, s.guest(r, place))
	}
	guests = append(guests, guest{Person: access.Person{Role: access.Operator}, headers: s.operator()})
	want, walked := signs(t), map[string]bool{}
	for _, route := range s.app.GetRoutes(true) {
		method := route.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		name := method + " " + route.Path
		walked[name] = true
		cells := want[name]
		rule, ok := access.RuleOf(method, route.Path)
		if len(cells) != len(guests) || !ok {
			t.Errorf("%s: deploy/access.md does not have it: put a rule into server/access/table.go", name)
			continue
		}
		if route.Method == http.MethodHead && strings.HasSuffix(route.Path, "/live") {
			continue // as GET
		}
		for i, g := range guests {
			check := func(path, wanted string) {
				t.Helper()
				if g.cookie != "" && method != http.MethodGet {
					g = s.again(g) // what is asked may end it
				}
				if got := s.outcome(route.Method, path, g.headers); got != wanted {
					t.Errorf("%s %s as %s: %s, wanted %s", route.Method, path, map[bool]string{true: g.Role.String(), false: "nobody"}[i > 0], got, wanted)
				}
			}
			own, other := filled(rule, id, "VINH", "MC-VINH"), filled(rule, id, "VPUB", "MC-VPUB")
			bare, _, _ := strings.Cut(own, "?")
			switch cell := cells[i]; {
			case cells[0] == "●": // some lead on who has signed in
				if got := s.outcome(route.Method, own, g.headers); got != in && got != led {
					t.Errorf("%s %s: %s, for everybody", route.Method, own, got)
				}
			case i == 0:
				check(own, nobody)
			case cell == "":
				check(own, refused)
			case cell == "●":
				check(own, in)
				check(other, in)
			case cell == "→":
				check(bare, led)
			case cell == "→◐", cell == "◐":
				check(own, in)
				if own != other {
					check(other, refused)
				}
				if cell == "→◐" {
					check(bare, led)
				}
			default:
				t.Errorf("%s: %q", name, cell)
			}
		}
	}
	for _, elsewhere := range []string{"GET /signin/elsewhere", "GET /signin/oidc"} { // with another place's sign-in alone
		walked[elsewhere] = true
	}
	for name := range want {
		if !walked[name] {
			t.Errorf("%s is in the table and not on the server", name)
		}
	}
}

// A program's token is good for the dossiers of its unit, whatever a request
// says; many at once are each judged by themselves.
func TestTokenOfAnotherUnit(t *testing.T) {
	s := organised(t)
	theirs, ours := code(1), code(2)
	s.register("MC-VPUB", anHourAgo(), theirs)
	g := s.guest(access.Program, "VINH")
	send := func(path, body string) answer {
		t.Helper()
		return ask(t, "POST", s.url+path, body, append(g.headers, "Content-Type", kindJSON)...)
	}
	one := func(code, desk string) string {
		return `{"code":"` + code + `","desk":"` + desk + `","received":"` + anHourAgo() + `"}`
	}
	recorded := s.recorded()
	for _, c := range []struct{ path, body string }{
		{"/api/v1/receipts", one(code(3), "MC-VPUB")},
		{"/api/v1/receipts/reprint", `{"code":"` + theirs + `"}`},
		{"/api/v1/receipts/page", one(code(3), "MC-VPUB")},
		{"/api/v1/receipts/page", strings.Replace(one(theirs, "MC-VPUB"), "}", `,"reprint":true}`, 1)},
		{"/api/v1/slips", `{"unit":"BVDK-VINH","count":1}`},
	} {
		if a := send(c.path, c.body); a.status != 403 || !strings.Contains(a.body, "HL6005") {
			t.Errorf("%s %s: %d %s", c.path, c.body, a.status, a.body)
		}
	}
	if a := send("/api/v1/dossiers/events", `{"events":[{"code":"`+theirs+`","step":"returned","at":"`+anHourAgo()+`"}]}`); a.status != 422 || !strings.Contains(a.body, "HL6005") {
		t.Errorf("an event: %d %s", a.status, a.body)
	}
	if a := ask(t, "POST", s.url+"/api/v1/receipts/import", "mã hồ sơ,bộ phận một cửa,thời gian nhận\n"+code(3)+",MC-VPUB,"+anHourAgo()+"\n", append(g.headers, "Content-Type", "text/csv")...); a.status != 200 || !strings.Contains(a.body, "HL6005") || !strings.Contains(a.body, `"new":[]`) {
		t.Errorf("a file: %d %s", a.status, a.body)
	}
	if now := s.recorded(); now != recorded {
		t.Errorf("%d facts were recorded", now-recorded)
	}
	a := send("/api/v1/receipts?pictures=false", `{"dossiers":[`+one(ours, "MC-VINH")+`,`+one(code(3), "MC-VPUB")+`]}`)
	var out api.DossierResults
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || out.Registered != 1 || out.Refused != 1 || out.Results[1].Error.Code != survey.CodeForbidden {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := send("/api/v1/receipts/reprint?pictures=false", `{"code":"`+ours+`"}`); a.status != 201 {
		t.Errorf("the own: %d %s", a.status, a.body)
	}
}

// Pages and answers of a manager name nothing outside of the own scope.
func TestScopeOfPages(t *testing.T) {
	s := organised(t)
	unit, desk := s.guest(access.Unit, "VINH"), s.guest(access.Desk, "MC-VINH")
	contact := s.guest(access.Contact, "VINH")
	today := survey.DayOf(time.Now())
	days := "from=" + (today - 3).String() + "&to=" + (today + 1).String()
	for _, c := range []struct {
		path string
		who  guest
		has  []string
		not  []string
	}{
		{"/desk", unit, []string{"MC-VINH"}, []string{"MC-VPUB"}},
		{"/desk", contact, []string{"MC-VINH"}, []string{"MC-VPUB"}},
		{"/reports", unit, []string{`value="VINH"`}, []string{`value="VPUB"`, `value=""`, "hailong-server export", "Toàn bộ"}},
		{"/compare", unit, []string{`value="VINH"`}, []string{`value="VPUB"`}},
		{"/unit/VINH", unit, []string{"Vinh", "Quản lý đơn vị", "Đăng xuất"}, []string{`href="/unit/VPUB`, `href="/status`, `href="/?`, `href="/map`}},
		{"/desk/MC-VINH", desk, []string{"Quản lý bộ phận một cửa"}, []string{`href="/unit/`, `href="/reports`, `href="/status`}},
		{"/api/v1/index?" + days, unit, []string{`"units":`}, []string{"VPUB"}},
		{"/api/v1/tree?" + days, unit, []string{`"lines":`}, []string{`"code":"VPUB"`}},
		{"/", s.guest(access.Province, ""), []string{`href="/status`, "Sở Nội vụ"}, nil},
	} {
		a := look(t, s.url+c.path, c.who.headers...)
		if a.status != 200 {
			t.Errorf("%s as %v: %d %.300s", c.path, c.who.Role, a.status, a.body)
		}
		for _, text := range c.has {
			if !strings.Contains(a.body, text) {
				t.Errorf("%s as %v lacks %q", c.path, c.who.Role, text)
			}
		}
		for _, text := range c.not {
			if strings.Contains(a.body, text) {
				t.Errorf("%s as %v has %q", c.path, c.who.Role, text)
			}
		}
	}
}

// A live page says nothing more once its session has ended, though its
// connection is open.
func TestLivePageEndsWithTheSession(t *testing.T) {
	s := organised(t)
	g := s.guest(access.Desk, "MC-VPUB")
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/desk/MC-VPUB/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(g.headers[0], g.headers[1])
	res, err := (&http.Client{}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && !strings.Contains(lines.Text(), `"number":0`) {
	}
	if err := s.accounts.Sessions.EndAllOf(t.Context(), g.Account); err != nil {
		t.Fatal(err)
	}
	s.byPhone(s.register("MC-VPUB", anHourAgo(), code(1))[0].ID, "5")
	for lines.Scan() {
		if strings.Contains(lines.Text(), `"number":1`) {
			t.Fatal("it goes on")
		}
	}
	if err := lines.Err(); err != nil {
		t.Error(err)
	}
}
