package main

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"hailong/internal/httpx/httpxtest"
	"hailong/internal/survey"
	"hailong/server/access"
)

// as is a surfer who has signed in already.
func (s *station) as(g guest) *surfer {
	s.t.Helper()
	b := s.surf("")
	at, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: access.CookieName(false), Value: g.cookie, Path: "/"}})
	b.get("/account") // has the token of forms
	return b
}

var onceShown = regexp.MustCompile(`id="secret"[^>]*>([^<]+)<`)

// An administrator makes an account, changes it and turns it off, by forms alone.
func TestAdminAccounts(t *testing.T) {
	s := organised(t)
	b := s.as(s.guest(access.Administrator, ""))
	a := b.form("/admin/accounts", "name", "Trần Thị <b>Ánh</b>", "login", "Anh.TT", "email", "", "role", "desk", "unit", "VINH", "desk", "MC-VINH")
	link := onceShown.FindStringSubmatch(a.body)
	if a.status != 200 || link == nil || !strings.HasPrefix(link[1], s.url+"/signin/link#") || !strings.Contains(a.body, "Trần Thị &lt;b&gt;") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	_, code, _ := strings.Cut(link[1], "#")
	owner := s.surf("")
	if a := owner.form("/signin/password", "code", code, "new", secondPassword); a.header.Get("Location") != "/desk/MC-VINH" {
		t.Fatalf("the owner is led to %q: %s", a.header.Get("Location"), a.body)
	}
	for search, want := range map[string]bool{"tran anh": true, "TRẦN": true, "anh.tt": true, "bộ phận một cửa vinh": true, "đã tắt": false, "nobody": false} {
		if a := b.get("/admin/accounts?q=" + url.QueryEscape(search)); a.status != 200 || strings.Contains(a.body, "anh.tt") != want {
			t.Errorf("a search for %q: %d, found %v", search, a.status, !want)
		}
	}
	x, ok, err := s.accounts.ByLogin(t.Context(), "anh.tt")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	path := "/admin/accounts/" + hex.EncodeToString(x.ID[:])
	if a := b.form(path, "name", x.Name, "login", "anh.tt", "email", "", "role", "unit", "unit", "VINH", "desk", "MC-VINH"); a.status != 303 || owner.in() {
		t.Fatalf("another role: %d, the sessions before are good: %v", a.status, owner.in())
	}
	if a := owner.signIn("anh.tt", secondPassword); a.header.Get("Location") != "/unit/VINH" {
		t.Errorf("with the new role one is led to %q", a.header.Get("Location"))
	}
	if a := b.form(path + "/off"); a.status != 303 || owner.in() {
		t.Errorf("turned off: %d", a.status)
	}
	if a := b.get("/admin/accounts?q=anh.tt&done=off"); !strings.Contains(a.body, "Đã tắt tài khoản.") || !strings.Contains(a.body, "đã tắt</span>") {
		t.Errorf("the list after that: %s", a.body)
	}
	if a := owner.signIn("anh.tt", secondPassword); a.status != 401 {
		t.Errorf("an account that is off lets in: %d", a.status)
	}
	if a := b.form(path + "/on"); a.status != 303 {
		t.Errorf("turned on: %d", a.status)
	}
	if a := b.form(path + "/link"); a.status != 200 || !onceShown.MatchString(a.body) {
		t.Errorf("another link: %d", a.status)
	}
	for name, form := range map[string][]string{
		"a name that is taken": {"name", "Ai đó", "login", "ANH.TT", "role", "province"},
		"no name":              {"name", " ", "login", "aido", "role", "province"},
		"no such role":         {"name", "Ai đó", "login", "aido", "role", "king"},
		"a program":            {"name", "Ai đó", "login", "aido", "role", "program"},
		"no unit":              {"name", "Ai đó", "login", "aido", "role", "unit"},
		"no such unit":         {"name", "Ai đó", "login", "aido", "role", "unit", "unit", "NHA"},
		"no such field":        {"name", "Ai đó", "login", "aido", "role", "province", "off", "1"},
		"no page's token":      {"name", "Ai đó", "login", "aido", "role", "province", "csrf", "x"},
	} {
		if a := b.form("/admin/accounts", form...); a.status < 400 || a.status > 499 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	for _, path := range []string{"/admin/accounts/x", "/admin/accounts/" + strings.Repeat("0", 32), "/admin/accounts/" + strings.Repeat("0", 31)} {
		if a := b.get(path); a.status != 404 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

// The last administrator can't be turned off, and without a second factor one
// changes nothing.
func TestAdminLast(t *testing.T) {
	s := organised(t)
	g := s.guest(access.Administrator, "")
	b, path := s.as(g), "/admin/accounts/"+hex.EncodeToString(g.Account[:])
	if a := b.form(path + "/off"); a.status != 409 || !strings.Contains(a.body, "tài khoản quản trị cuối cùng") || !b.in() {
		t.Errorf("%d %s", a.status, a.body)
	}
	g.TOTP = false
	b = s.as(s.again(g))
	if a := b.form("/admin/accounts", "name", "Ai đó", "login", "aido", "role", "province"); a.status != 403 || !strings.Contains(a.body, string(survey.CodeSecondFactor)) {
		t.Errorf("without a second factor: %d", a.status)
	}
}

// A program's token registers receipts of its unit, is replaced, and turned off.
func TestAdminTokens(t *testing.T) {
	s := organised(t)
	b := s.as(s.guest(access.Administrator, ""))
	a := b.form("/admin/tokens", "name", "Một cửa điện tử Vinh", "unit", "VINH")
	shown := onceShown.FindStringSubmatch(a.body)
	if a.status != 200 || shown == nil {
		t.Fatalf("%d %s", a.status, a.body)
	}
	received := anHourAgo()
	good := func(token string) bool {
		a := ask(t, "POST", s.url+"/api/v1/receipts?pictures=false", `{"dossiers":[{"code":"`+code(1)+`","desk":"MC-VINH","received":"`+received+`"}]}`,
			"Authorization", "Bearer "+token, "Content-Type", "application/json")
		if a.status != 200 && a.status != 401 {
			t.Errorf("%d %s", a.status, a.body)
		}
		return a.status == 200
	}
	if !good(shown[1]) {
		t.Error("a new token is not good")
	}
	list := b.get("/admin/tokens")
	if strings.Contains(list.body, shown[1]) || !strings.Contains(list.body, "Một cửa điện tử Vinh") {
		t.Errorf("the list: %s", list.body)
	}
	id := regexp.MustCompile(`/admin/tokens/([0-9a-f]{32})/rotate`).FindStringSubmatch(list.body)[1]
	a = b.form("/admin/tokens/" + id + "/rotate")
	next := onceShown.FindStringSubmatch(a.body)
	if next == nil || !good(shown[1]) || !good(next[1]) {
		t.Fatalf("replaced: %d", a.status)
	}
	a = b.form("/admin/tokens/"+id+"/rotate", "now", "1")
	last := onceShown.FindStringSubmatch(a.body)
	if last == nil || good(shown[1]) || good(next[1]) || !good(last[1]) {
		t.Error("replaced at once: the former ones are good")
	}
	if a := b.form("/admin/tokens/" + id + "/off"); a.status != 303 || good(last[1]) {
		t.Errorf("turned off: %d", a.status)
	}
	if strings.Contains(s.book.String(), last[1]) {
		t.Error("a token stands in the log")
	}
	for name, form := range map[string][]string{"no unit": {"name", "X"}, "no such unit": {"name", "X", "unit", "NHA"}, "no name": {"unit", "VINH"}} {
		if a := b.form("/admin/tokens", form...); a.status < 400 || a.status > 499 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
}

// A code lets one device in; it is seen in the list, revoked with a reason, and
// its ratings between two times are declared void and counted again.
func TestAdminKiosks(t *testing.T) {
	s := organised(t)
	b := s.as(s.guest(access.Administrator, ""))
	if a := b.get("/admin/kiosks"); a.status != 200 || !strings.Contains(a.body, "chưa có thiết bị") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	a := b.form("/admin/kiosks/K01/enrol")
	if shown := onceShown.FindStringSubmatch(a.body); a.status != 200 || shown == nil || !strings.Contains(a.body, "hailong-kiosk enrol --server="+s.url+" --code="+shown[1]) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	k := startKiosk(t, s.url, t.TempDir())
	s.admit("K01", k.key())
	k.placed()
	id := s.register("MC-VPUB", anHourAgo(), code(1))[0].ID
	k.rate(id, 5, "")
	s.settled()
	page := b.get("/admin/kiosks/K01")
	if !strings.Contains(page.body, `value="`+k.key()+`"`) || !strings.Contains(page.body, "có thiết bị") {
		t.Fatalf("the device is not there: %s", page.body)
	}

	at := func(d time.Duration) string { return time.Now().Add(d).In(survey.Zone).Format("2006-01-02T15:04") }
	times := []string{"kiosk", "K01", "from", at(-time.Hour), "until", at(2 * time.Minute), "reason", "tự bấm <thử>"}
	a = b.form("/admin/voids", times...)
	if a.status != 200 || !strings.Contains(a.body, "1 phiếu của máy K01") {
		t.Fatalf("what would be void: %d %s", a.status, a.body)
	}
	if v, err := s.voids(); err != nil || v != 0 {
		t.Fatalf("to ask makes void: %d %v", v, err)
	}
	if a := b.form("/admin/voids", append(times, "sure", "1")...); a.status != 303 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if v, err := s.voids(); err != nil || v != 1 {
		t.Fatalf("void: %d %v", v, err)
	}
	list := b.get("/admin/voids")
	fields := regexp.MustCompile(`name="(origin|first|last)" value="([^"]+)"`).FindAllStringSubmatch(list.body, -1)
	if len(fields) != 3 || !strings.Contains(list.body, "tự bấm &lt;thử&gt;") {
		t.Fatalf("the list: %s", list.body)
	}
	lift := []string{"reason", "đã xác minh"}
	for _, f := range fields {
		lift = append(lift, f[1], f[2])
	}
	if a := b.form("/admin/voids/lift", lift...); a.status != 303 {
		t.Errorf("lifted: %d %s", a.status, a.body)
	}
	if v, err := s.voids(); err != nil || v != 0 {
		t.Errorf("void after that: %d %v", v, err)
	}
	for name, form := range map[string][]string{
		"no such kiosk":      {"kiosk", "K99", "from", at(-time.Hour), "until", at(0), "reason", "x"},
		"no time":            {"kiosk", "K01", "from", "", "until", at(0), "reason", "x"},
		"no such day":        {"kiosk", "K01", "from", "2026-02-30T10:00", "until", at(0), "reason", "x"},
		"the wrong way":      {"kiosk", "K01", "from", at(0), "until", at(-time.Hour), "reason", "x"},
		"no reason":          {"kiosk", "K01", "from", at(-time.Hour), "until", at(2 * time.Minute), "reason", "", "sure", "1"},
		"a very long reason": {"kiosk", "K01", "from", at(-time.Hour), "until", at(2 * time.Minute), "reason", strings.Repeat("x", 5000), "sure", "1"},
	} {
		if a := b.form("/admin/voids", form...); a.status < 400 || a.status > 499 {
			t.Errorf("%s: %d", name, a.status)
		}
	}

	if a := b.form("/admin/kiosks/K01/revoke", "key", k.key(), "reason", ""); a.status != 400 {
		t.Errorf("without a reason: %d", a.status)
	}
	if a := b.form("/admin/kiosks/K02/revoke", "key", k.key(), "reason", "x"); a.status != 400 {
		t.Errorf("as another kiosk's: %d", a.status)
	}
	if a := b.form("/admin/kiosks/K01/revoke", "key", k.key(), "reason", "máy bị mất"); a.status != 303 {
		t.Errorf("revoked: %d %s", a.status, a.body)
	}
	if a := b.get("/admin/kiosks/K01?done=revoked"); !strings.Contains(a.body, "đã thu hồi") || strings.Contains(a.body, `value="`+k.key()) {
		t.Errorf("the page after that: %s", a.body)
	}
	if a := b.get("/admin/kiosks/K99"); a.status != 404 {
		t.Errorf("no such kiosk: %d", a.status)
	}
}

// voids counts the ratings that are void.
func (s *station) voids() (n int, err error) {
	return n, s.proj.Reader().QueryRowContext(s.t.Context(), `SELECT count(*) FROM voided`).Scan(&n)
}

// What is sent wrongly to the pages of signing in and administration is refused
// calmly, and records nothing.
func TestPeoplesPagesBadInput(t *testing.T) {
	s := organised(t)
	x := s.owner(manager("an"), secondPassword)
	recorded := s.recorded()
	bad, post, get := []httpxtest.Bad{}, httpxtest.Post, httpxtest.Get
	one, long := "/admin/accounts/"+hex.EncodeToString(x.ID[:]), strings.Repeat("x", 20<<10)
	for _, path := range []string{"/signin", "/signin/second", "/signin/link", "/signin/password", "/admin/accounts", one, one + "/link", one + "/off", one + "/on", one + "/second",
		"/admin/tokens", "/admin/tokens/" + strings.Repeat("0", 32) + "/rotate", "/admin/kiosks/K01/enrol", "/admin/kiosks/K01/revoke", "/admin/voids", "/admin/voids/lift"} {
		bad = append(bad, post(path, kindForm, "nonsense=1", survey.CodeUnknownField), post(path, kindForm, "%ff=1", survey.CodeBadForm), post(path, kindForm, "code=1&code=1&nonsense=1", ""),
			post(path, kindJSON, "{}", survey.CodeWrongContentType), post(path, "", "", survey.CodeWrongContentType), post(path, kindForm, "login="+long, survey.CodeBodyTooLarge))
	}
	for _, path := range []string{"/signin", "/signin/link", "/signin/second", "/admin/accounts", "/admin/accounts/new", one, "/admin/tokens", "/admin/kiosks", "/admin/kiosks/K01", "/admin/voids"} {
		bad = append(bad, get(path+"?nonsense=1", survey.CodeUnknownParameter), get(path+"?lang=vi&lang=en", ""))
	}
	for _, id := range []string{"x", "%00", "%ff", strings.Repeat("0", 32), strings.Repeat("z", 32), long[:7000]} {
		bad = append(bad, get("/admin/accounts/"+id, survey.CodeUnknownAccount), get("/admin/kiosks/"+id, survey.CodeUnknownKiosk),
			post("/admin/tokens/"+id+"/off", kindForm, "", survey.CodeUnknownAccount), post("/admin/kiosks/"+id+"/enrol", kindForm, "", survey.CodeUnknownKiosk))
	}
	bad = append(bad, post("/admin/kiosks/K01/revoke", kindForm, "key=zz&reason=x", survey.CodeBadField),
		post("/admin/voids/lift", kindForm, "origin=x&first=1&last=2&reason=x", survey.CodeBadField),
		post("/admin/voids/lift", kindForm, "origin="+strings.Repeat("0", 32)+"&first=-1&last=2&reason=x", survey.CodeBadField),
		post("/admin/tokens/"+hex.EncodeToString(x.ID[:])+"/rotate", kindForm, "", survey.CodeUnknownAccount))
	httpxtest.Refused(t, s.url, bad, "Authorization", "Bearer "+s.token)
	if now := s.recorded(); now != recorded {
		t.Errorf("bad input was recorded: %d facts", now-recorded)
	}
	if logged := s.book.String(); strings.Contains(logged, "goroutine ") || strings.Contains(logged, "level=ERROR") {
		t.Error("bad input was logged as a fault of ours")
	}
}
