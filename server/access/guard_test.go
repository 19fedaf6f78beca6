package access

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/web"
)

// people are who has signed in, by cookie, and programs, by token.
type guests struct {
	mu      sync.Mutex
	cookies map[string]Person
	tokens  map[string]Person
	fault   error
}

func (g *guests) Session(_ context.Context, cookie string) (Person, bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.cookies[cookie]
	return p, ok, g.fault
}

func (g *guests) Token(_ context.Context, bearer string) (Person, bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.tokens[bearer]
	return p, ok, g.fault
}

// house is an app behind a guard, whose handlers say whom they were called for.
type house struct {
	t      testing.TB
	app    *fiber.App
	guard  *Guard
	guests *guests
	places Places
	still  func(context.Context) bool // of the last request
}

type actorKey struct{}

func newHouse(t testing.TB) *house {
	t.Helper()
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, app: httpx.New(httpx.Options{Log: slog.New(slog.DiscardHandler), Catalogue: catalogue})}
	h.places = Places{
		Units: map[string]Place{"TINH": {Name: "Tỉnh"}, "VINH": {Name: "Vinh", NameEN: "Vinh City", Above: "TINH"}, "XA1": {Name: "Xã 1", Above: "VINH"}, "XA2": {Name: "Xã 2", Above: "XA1"},
			"CUALO": {Name: "Cửa Lò", Above: "TINH"}, "A": {Above: "B"}, "B": {Above: "A"}},
		Desks: map[string]Place{"MC-VINH": {Name: "Một cửa Vinh", Above: "VINH"}, "MC-VINH2": {Above: "VINH"}, "MC-XA1": {Above: "XA1"}, "MC-CUALO": {Above: "CUALO"}},
	}
	person := func(p Person) Person {
		p.Name, p.Session, p.CSRF, p.TOTP = "Người "+p.Role.String(), "s-"+p.Role.String(), "c-"+p.Role.String(), true
		return p
	}
	h.guests = &guests{
		cookies: map[string]Person{"half": {Role: Administrator, Session: "s", CSRF: "c-half"}, "nocsrf": {Role: Province, Session: "s"}, "odd": {Role: 42, Session: "s"}, "program": {Role: Program, Unit: "VINH"}},
		tokens:  map[string]Person{"program": {Role: Program, Unit: "VINH"}, "province": {Role: Province}},
	}
	for _, r := range Roles {
		if r != Program {
			h.guests.cookies[r.String()] = person(Person{Account: [16]byte{byte(r)}, Role: r, Unit: map[bool]string{true: "VINH"}[r.OfUnit()], Desk: map[bool]string{true: "MC-VINH"}[r.OfDesk()]})
		}
	}
	h.guard = New(Options{
		Auth: h.guests, Operator: func(b string) bool { return b == "operator" }, Today: func() survey.Day { return 20000 },
		Places: func(context.Context) (Places, error) {
			return Places{maps.Clone(h.places.Units), maps.Clone(h.places.Desks)}, nil
		},
		Act: func(ctx context.Context, p Person, from string) context.Context {
			return context.WithValue(ctx, actorKey{}, p.Role.String()+" "+from)
		},
	})
	say := func(c *fiber.Ctx) error {
		p, ok := From(c)
		h.still = Still(c)
		form := map[string]string{}
		if c.Method() == "POST" && strings.HasPrefix(c.Get("Content-Type"), "application/x-www-form-urlencoded") {
			var err error
			if form, err = httpx.Form(c, "name"); err != nil {
				return err
			}
		}
		who := httpx.NewFrame(c, "").Who
		return c.SendString(fmt.Sprintf("role=%v ok=%v unit=%s a=%s form=%v actor=%v who=%v", p.Role, ok, c.Query("unit"), c.Query("a"), form, c.UserContext().Value(actorKey{}), who != nil))
	}
	for _, r := range []string{"/", "/unit/:code", "/compare", "/desk", "/desk/:code", "/reports", "/status", "/api/v1/index", "/api/v1/reports", "/r/:id"} {
		h.app.Get(r, say)
	}
	for _, r := range []string{"/r/:id", "/signout", "/api/v1/organisation", "/api/v1/receipts"} {
		h.app.Post(r, say)
	}
	if err := h.guard.Install(h.app); err != nil {
		t.Fatal(err)
	}
	return h
}

// ask gives status, body and where to. who is a cookie, or with "Bearer " a
// token; headers are names and values in turn.
func (h *house) ask(method, path, who, body string, headers ...string) (int, string, string) {
	h.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Accept", "text/html")
	if strings.HasPrefix(who, "Bearer ") {
		r.Header.Set("Authorization", who)
	} else if who != "" {
		r.Header.Set("Cookie", "hailong="+who)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := h.app.Test(r, -1)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer.StatusCode, string(data), answer.Header.Get("Location")
}

func TestWhoComesIn(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		method, path, who string
		want              int
		says              string // in the body, or the address that it leads to
	}{
		// Nobody: a person is led to sign in and back, a program is told.
		{"GET", "/status?x=1&y=2", "", 303, "/signin?next=%2Fstatus%3Fx%3D1%26y%3D2"},
		{"GET", "/unit/VINH", "gone", 303, "/signin?next=%2Funit%2FVINH"},
		{"HEAD", "/status", "", 303, ""},
		{"GET", "/api/v1/index", "", 401, "HL6001"},
		{"POST", "/signout", "", 401, "HL6001"},
		{"GET", "/r/X", "", 200, "ok=false"},
		{"POST", "/r/X", "", 200, "ok=false"},
		{"GET", "/healthz", "", 200, "ok"},
		{"GET", "/metrics", "", 303, "/signin"},
		// Signed in: by role.
		{"GET", "/status", "administrator", 200, "role=administrator ok=true"},
		{"GET", "/status", "unit", 403, "HL6005"},
		{"GET", "/metrics", "unit", 403, "HL6005"},
		{"GET", "/metrics", "Bearer operator", 200, ""},
		{"GET", "/r/X", "unit", 200, "role=unit ok=true"}, // everybody's page knows who looks
		{"GET", "/status", "Bearer operator", 200, "role=operator"},
		{"GET", "/status", "Bearer  operator ", 200, "role=operator"},
		{"GET", "/status", "bearer operator", 401, ""},
		{"GET", "/status", "Bearer operatorx", 401, "HL6001"},
		{"GET", "/status", "Bearer program", 403, "HL6005"},
		{"POST", "/api/v1/receipts", "Bearer program", 200, "role=program"},
		{"POST", "/api/v1/organisation", "Bearer program", 403, "HL6005"},
		// A token is no cookie, and a cookie no token; a role that this version
		// does not know is nobody.
		{"GET", "/status", "odd", 303, "/signin"},
		{"POST", "/api/v1/receipts", "program", 401, ""},
		{"GET", "/status", "operator", 303, "/signin"},
		{"GET", "/status", "Bearer administrator", 401, ""},
		{"GET", "/status", "Bearer province", 401, ""},
	} {
		headers := []string{}
		if strings.HasPrefix(c.who, "bearer") {
			headers, c.who = []string{"Authorization", "Basic operator"}, ""
		}
		status, body, to := h.ask(c.method, c.path, c.who, "", headers...)
		if status != c.want || !strings.Contains(body+to, c.says) {
			t.Errorf("%s %s as %q: %d %q %s, want %d %s", c.method, c.path, c.who, status, body, to, c.want, c.says)
		}
	}
	// A program that shows a wrong token is not let in by a cookie beside it.
	if status, _, _ := h.ask("GET", "/status", "administrator", "", "Authorization", "Bearer wrong"); status != 401 {
		t.Errorf("a wrong token beside a good cookie: %d", status)
	}
	if _, body, _ := h.ask("POST", "/api/v1/receipts", "Bearer operator", ""); !strings.Contains(body, "actor=operator 0.0.0.0") {
		t.Errorf("who acts: %s", body)
	}
	h.guests.fault = survey.Wrap(survey.CodeUnavailable, errors.New("no connection"))
	if status, body, _ := h.ask("GET", "/status", "administrator", ""); status != 503 || !strings.Contains(body, "HL5003") {
		t.Errorf("sessions can't be asked: %d %s", status, body)
	}
	if status, body, _ := h.ask("GET", "/r/X", "administrator", ""); status != 200 || !strings.Contains(body, "ok=false") {
		t.Errorf("a citizen's page, sessions can't be asked: %d %s", status, body)
	}
}

func TestScopes(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		path, who string
		want      int
		says      string
	}{
		{"/unit/VINH", "unit", 200, ""}, {"/unit/XA1", "unit", 200, ""}, {"/unit/XA2", "unit", 200, ""},
		{"/unit/TINH", "unit", 403, "HL6005"}, {"/unit/CUALO", "unit", 403, ""}, {"/unit/KHONG-CO", "unit", 403, ""}, {"/unit/A", "unit", 403, ""},
		{"/unit/VINH", "contact", 200, ""}, {"/unit/XA1", "contact", 403, ""}, {"/unit/VINH", "desk", 403, ""},
		{"/unit/CUALO", "province", 200, ""}, {"/unit/CUALO", "auditor", 200, ""}, {"/unit/CUALO", "administrator", 200, ""},
		{"/desk/MC-VINH", "unit", 200, ""}, {"/desk/MC-XA1", "unit", 200, ""}, {"/desk/MC-CUALO", "unit", 403, ""}, {"/desk/KHONG-CO", "unit", 403, ""},
		{"/desk/MC-VINH", "desk", 200, ""}, {"/desk/MC-VINH2", "desk", 403, ""}, {"/desk/MC-XA1", "desk", 403, ""},
		{"/desk/MC-VINH", "contact", 200, ""}, {"/desk/MC-XA1", "contact", 403, ""}, {"/desk/KHONG-CO", "province", 200, ""},
		// Led to the own page.
		{"/", "unit", 303, "/unit/VINH"}, {"/?period=year", "unit", 303, "/unit/VINH"}, {"/", "contact", 303, "/unit/VINH"}, {"/", "desk", 303, "/desk/MC-VINH"},
		{"/?lang=en", "desk", 303, "/desk/MC-VINH?lang=en"}, {"/", "province", 200, ""}, {"/", "administrator", 200, ""},
		{"/?unit=XA1", "unit", 200, "unit=XA1"}, {"/?unit=CUALO", "unit", 403, ""}, {"/?unit=VINH", "desk", 403, ""}, {"/?unit=", "unit", 303, "/unit/VINH"},
		{"/desk", "desk", 303, "/desk/MC-VINH"}, {"/desk", "unit", 200, ""},
		// What is left out is the own unit.
		{"/api/v1/reports", "unit", 200, "unit=VINH"}, {"/api/v1/reports?unit=XA2", "unit", 200, "unit=XA2"}, {"/api/v1/reports?unit=CUALO", "unit", 403, ""},
		{"/api/v1/reports?unit=VINH&unit=CUALO", "unit", 200, "unit=VINH"}, {"/api/v1/reports", "province", 200, "unit= "},
		{"/api/v1/reports", "desk", 403, ""}, {"/compare", "unit", 200, "a=VINH"}, {"/compare?a=XA1&b=CUALO", "unit", 403, ""}, {"/compare?b=XA1", "unit", 200, "a=VINH"},
	} {
		status, body, to := h.ask("GET", c.path, c.who, "")
		if status != c.want || !strings.Contains(body+" "+to, c.says) {
			t.Errorf("%s as %s: %d %q %s, want %d %s", c.path, c.who, status, body, to, c.want, c.says)
		}
	}
	// The tree is that of now.
	h.places.Units["XA2"] = Place{Above: "CUALO"}
	if status, _, _ := h.ask("GET", "/unit/XA2", "unit", ""); status != 200 {
		t.Errorf("before it is told: %d", status)
	}
	h.guard.Changed()
	if status, _, _ := h.ask("GET", "/unit/XA2", "unit", ""); status != 403 {
		t.Errorf("a unit that went elsewhere: %d", status)
	}
	if (Scope{}).Unit("VINH") || (Scope{}).Desk("MC-VINH") || (Scope{}).All() || (Scope{}).Texts() {
		t.Error("nobody sees something")
	}
	if (Scope{person: Person{Role: Unit}, places: &h.places}).Unit("") {
		t.Error("a manager without a unit sees what has none")
	}
}

func TestChangesNeedTheirForm(t *testing.T) {
	h := newHouse(t)
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		path, who, body string
		headers         []string
		want            int
		says            string
	}{
		{"/signout", "unit", "name=x&csrf=c-unit", []string{"Content-Type", form}, 200, "form=map[name:x]"}, // taken out
		{"/signout", "unit", "", []string{"csrf", "c-unit"}, 200, ""},
		{"/signout", "unit", "", nil, 403, "HL6003"},
		{"/signout", "unit", "csrf=", []string{"Content-Type", form}, 403, "HL6003"},
		{"/signout", "unit", "csrf=c-desk", []string{"Content-Type", form}, 403, "HL6003"},
		{"/signout", "unit", "csrf=c-unit", []string{"Content-Type", "text/plain"}, 403, "HL6003"},
		{"/signout?csrf=c-unit", "unit", "", nil, 403, "HL6003"},
		{"/signout", "nocsrf", "csrf=", []string{"Content-Type", form}, 403, "HL6003"},
		{"/signout", "unit", "csrf=c-unit", []string{"Content-Type", form, "Sec-Fetch-Site", "cross-site"}, 403, "HL6003"},
		// An administrator changes nothing without the second factor, and gets out.
		{"/api/v1/organisation", "half", "", []string{"csrf", "c-half"}, 403, "HL6006"},
		{"/signout", "half", "", []string{"csrf", "c-half"}, 200, ""},
		{"/api/v1/organisation", "administrator", "", []string{"csrf", "c-administrator"}, 200, ""},
		{"/api/v1/organisation", "administrator", "", nil, 403, "HL6003"},
		// The auditor changes nothing, with whatever form.
		{"/api/v1/organisation", "auditor", "", []string{"csrf", "c-auditor"}, 403, "HL6005"},
		// Programs have no form.
		{"/api/v1/organisation", "Bearer operator", "", nil, 200, ""},
		{"/r/X", "unit", "name=x", []string{"Content-Type", form}, 200, "form=map[name:x]"},
	} {
		if status, body, _ := h.ask("POST", c.path, c.who, c.body, c.headers...); status != c.want || !strings.Contains(body, c.says) {
			t.Errorf("%s as %s with %q %q: %d %s, want %d %s", c.path, c.who, c.body, c.headers, status, body, c.want, c.says)
		}
	}
}

// What lasts ends with the session, or with the right.
func TestStill(t *testing.T) {
	h := newHouse(t)
	if status, _, _ := h.ask("GET", "/desk/MC-VINH", "desk", ""); status != 200 || !h.still(t.Context()) {
		t.Fatal(status)
	}
	h.guests.mu.Lock()
	was := h.guests.cookies["desk"]
	moved := was
	moved.Desk = "MC-XA1"
	h.guests.cookies["desk"] = moved
	h.guests.mu.Unlock()
	if h.still(t.Context()) {
		t.Error("a desk that is another's goes on")
	}
	h.guests.mu.Lock()
	h.guests.cookies["desk"], h.guests.fault = was, errors.New("no connection")
	h.guests.mu.Unlock()
	if !h.still(t.Context()) {
		t.Error("a lost connection ends what goes on")
	}
	h.guests.mu.Lock()
	h.guests.fault = nil
	delete(h.guests.cookies, "desk")
	h.guests.mu.Unlock()
	if h.still(t.Context()) {
		t.Error("it goes on after signing out")
	}
}

func TestRouteWithoutARule(t *testing.T) {
	app := fiber.New()
	app.Get("/secrets", func(c *fiber.Ctx) error { return nil })
	if err := New(Options{}).Install(app); err == nil || !strings.Contains(err.Error(), "GET /secrets") && !strings.Contains(err.Error(), "HEAD /secrets") {
		t.Error(err)
	}
	app = fiber.New()
	app.Use(func(c *fiber.Ctx) error { return c.Next() })
	app.Get("/", func(c *fiber.Ctx) error { return c.SendString("in") })
	if err := New(Options{}).Install(app); err != nil {
		t.Error(err)
	}
	answer, err := app.Test(httptest.NewRequest("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		t.Error("a route beside a middleware is open")
	}
}

func TestCookieNames(t *testing.T) {
	if CookieName(true) != "__Host-hailong" || CookieName(false) != "hailong" {
		t.Error("other names")
	}
	h := newHouse(t)
	h.guard.o.Secure = true
	if status, _, _ := h.ask("GET", "/status", "administrator", ""); status != 303 {
		t.Errorf("a cookie without https is taken where there is https: %d", status)
	}
	if status, _, _ := h.ask("GET", "/status", "", "", "Cookie", "__Host-hailong=administrator"); status != 200 {
		t.Error(status)
	}
}

// The way back leads to this host alone, whatever is asked for.
func TestWayBackStaysHere(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"http://other.example/status", "//other.example/../status", "/status?next=https://other.example", "/desk/%2f%2fother.example", "/desk/%0d%0aX:1"} {
		_, _, to := h.ask("GET", path, "", "")
		u, err := url.Parse(to)
		if err != nil {
			t.Errorf("%s leads to %q: %v", path, to, err)
			continue
		}
		if next := u.Query().Get("next"); to != "" && (u.Host != "" || u.Path != "/signin" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(to, "\r\n")) {
			t.Errorf("%s leads to %q", path, to)
		}
	}
}

// BenchmarkGuard is what the guard costs a request, in memory.
func BenchmarkGuard(b *testing.B) {
	h := newHouse(b)
	var route *fiber.Route
	for _, stack := range h.app.Stack() {
		for _, r := range stack {
			if r.Method == "GET" && r.Path == "/unit/:code" {
				route = r
			}
		}
	}
	route.Handlers[1] = func(c *fiber.Ctx) error { return nil }
	handler := h.app.Handler()
	ctx := newRequest("/unit/XA2", "hailong=unit")
	for b.Loop() {
		handler(ctx)
	}
}

func newRequest(path, cookie string) *fasthttp.RequestCtx {
	ctx := &fasthttp.RequestCtx{}
	ctx.Request.SetRequestURI(path)
	ctx.Request.Header.Set("Cookie", cookie)
	return ctx
}
