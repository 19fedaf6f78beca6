package access

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
)

// Authenticator says who somebody is; it is asked at every request, so both
// answer from memory where they can.
type Authenticator interface {
	// Session gives the person of a session's cookie; false: none that lasts.
	Session(ctx context.Context, cookie string) (Person, bool, error)
	// Token gives the program of a token; false: none that lasts.
	Token(ctx context.Context, bearer string) (Person, bool, error)
}

// Options of New. Auth and Operator may be nil: then nobody comes in that way.
type Options struct {
	Auth     Authenticator
	Operator func(bearer string) bool // whether it is the token in the data folder
	// Places gives the organisation as it stands today.
	Places func(context.Context) (Places, error)
	Today  func() survey.Day
	// Act says in a context who acts, from an address of the network; nil: no
	// audit.
	Act    func(ctx context.Context, p Person, from string) context.Context
	Secure bool // pages are reached by https: cookies are of that alone
}

// Guard stands before every route of an app.
type Guard struct {
	o      Options
	places atomic.Pointer[dated]
	turns  atomic.Uint64   // of the organisation
	routes map[string]Rule // GET, by path
}

// dated is the organisation as it stood on a day, after so many changes.
type dated struct {
	Places
	day   survey.Day
	turns uint64
}

// New makes a guard; Install sets it up.
func New(o Options) *Guard { return &Guard{o: o, routes: map[string]Rule{}} }

// Changed says that the organisation is another one now.
func (g *Guard) Changed() { g.turns.Add(1) }

// CookieName is the name of the session's cookie.
func CookieName(secure bool) string {
	if secure {
		return "__Host-hailong"
	}
	return "hailong"
}

// Install puts the guard before each route that the app has by now. A route
// without a rule is an error.
func (g *Guard) Install(app *fiber.App) error {
	routes := app.GetRoutes(true) // in the order of the stack, without what is used by all
	for _, stack := range app.Stack() {
		for _, route := range stack {
			if len(routes) == 0 || len(routes[0].Handlers) == 0 || len(route.Handlers) == 0 || &routes[0].Handlers[0] != &route.Handlers[0] {
				continue
			}
			routes = routes[1:]
			rule, ok := RuleOf(route.Method, route.Path)
			if !ok {
				return fmt.Errorf("access: nothing says who may ask for %s %s: the table of server/access must name it", route.Method, route.Path)
			}
			rule.Method, rule.Path = route.Method, route.Path
			if route.Method == fiber.MethodGet {
				g.routes[route.Path] = rule
			}
			route.Handlers = append([]fiber.Handler{g.before(&rule)}, route.Handlers...)
		}
	}
	if len(routes) > 0 {
		return fmt.Errorf("access: %s %s is not guarded", routes[0].Method, routes[0].Path)
	}
	return nil
}

// before is what a request passes through before the route's own handlers.
func (g *Guard) before(rule *Rule) fiber.Handler {
	if rule.May == nil {
		return g.open
	}
	return func(c *fiber.Ctx) error {
		who := credential(c, CookieName(g.o.Secure))
		p, ok, err := g.authenticate(c.UserContext(), who)
		if err != nil {
			return err
		}
		if !ok {
			return g.nobody(c)
		}
		s, err := g.scope(c.UserContext(), p)
		if err != nil {
			return err
		}
		g.set(c, s)
		if !rule.may(p.Role) {
			return survey.New(survey.CodeForbidden)
		}
		if changes(c) {
			if err := permit(c, rule, who, p); err != nil {
				return err
			}
		}
		if done, err := rule.keep(c, s); done || err != nil {
			return err
		}
		if g.o.Act != nil {
			c.SetUserContext(g.o.Act(c.UserContext(), p, httpx.Address(c).String()))
		}
		c.Locals(stillKey{}, func(ctx context.Context) bool {
			now, ok, err := g.authenticate(ctx, who)
			return err != nil || ok && now.Role == p.Role && now.Unit == p.Unit && now.Desk == p.Desk
		})
		return c.Next()
	}
}

// open lets everybody through; the page knows who has signed in.
func (g *Guard) open(c *fiber.Ctx) error {
	if who := credential(c, CookieName(g.o.Secure)); who.cookie != "" {
		if p, ok, err := g.authenticate(c.UserContext(), who); ok && err == nil {
			if s, err := g.scope(c.UserContext(), p); err == nil {
				g.set(c, s)
			}
		}
	}
	return c.Next()
}

// given is what a request shows to say who asks.
type given struct {
	cookie, bearer string
	program        bool // it has a header Authorization
}

func credential(c *fiber.Ctx, cookie string) (w given) {
	if header := c.Get(fiber.HeaderAuthorization); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		w.program = true
		if strings.EqualFold(scheme, "Bearer") {
			w.bearer = httpx.Copy(strings.TrimSpace(token))
		}
		return w
	}
	w.cookie = httpx.Copy(c.Cookies(cookie))
	return w
}

// authenticate says who it is. A program's fault is never mended by a cookie
// that comes along.
func (g *Guard) authenticate(ctx context.Context, w given) (p Person, ok bool, err error) {
	switch {
	case w.bearer != "" && g.o.Operator != nil && g.o.Operator(w.bearer):
		return Person{Role: Operator, Name: Operator.String()}, true, nil
	case g.o.Auth == nil:
	case w.bearer != "":
		p, ok, err = g.o.Auth.Token(ctx, w.bearer)
		return p, ok && p.Role == Program, err
	case w.cookie != "":
		p, ok, err = g.o.Auth.Session(ctx, w.cookie)
		return p, ok && p.Role.Known() && p.Role != Program, err
	}
	return p, false, nil
}

// nobody is for who has not signed in: a person is asked to, a program told.
func (g *Guard) nobody(c *fiber.Ctx) error {
	if !changes(c) && c.Get(fiber.HeaderAuthorization) == "" && httpx.WantsPage(c) {
		return c.Redirect(httpx.Language(c).Link("/signin?next="+url.QueryEscape(string(c.Request().URI().RequestURI()))), fiber.StatusSeeOther)
	}
	c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="hailong"`)
	return survey.New(survey.CodeUnauthorised)
}

// changes says whether a request may change something.
func changes(c *fiber.Ctx) bool {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
		return false
	}
	return true
}

// permit is what a change needs beside the role: of a session the token that
// only its own pages know, of an administrator the second factor.
func permit(c *fiber.Ctx, rule *Rule, who given, p Person) error {
	if !who.program {
		token := []byte(c.Get("csrf"))
		if len(token) == 0 {
			fields := c.Request().PostArgs()
			token = append(token, fields.Peek("csrf")...)
			fields.Del("csrf") // a handler's form has its own fields alone
		}
		if p.CSRF == "" || subtle.ConstantTimeCompare(token, []byte(p.CSRF)) != 1 {
			return survey.New(survey.CodeCrossSite)
		}
	}
	if p.Role == Administrator && !p.TOTP && !rule.Self {
		return survey.New(survey.CodeSecondFactor)
	}
	return nil
}

// keep keeps a person to the own units and desks. done: it answered.
func (r *Rule) keep(c *fiber.Ctx, s Scope) (done bool, err error) {
	if s.All() {
		return false, nil
	}
	named := false
	for i, name := range r.Units {
		code := value(c, name)
		switch {
		case code == "" && i == 0 && r.Own:
			c.Context().QueryArgs().Set(name[1:], s.person.Unit)
		case code == "":
		case !s.Unit(code):
			return false, survey.New(survey.CodeForbidden)
		default:
			named = true
		}
	}
	if r.Desk != "" && !s.Desk(value(c, r.Desk)) {
		return false, survey.New(survey.CodeForbidden)
	}
	for _, role := range r.Home {
		if role == s.person.Role && !named {
			return true, c.Redirect(httpx.Language(c).Link(s.person.Home()), fiber.StatusSeeOther)
		}
	}
	return false, nil
}

// value is what the address says of a name of Rule.
func value(c *fiber.Ctx, name string) string {
	if name[0] == ':' {
		return httpx.Param(c, name[1:])
	}
	return httpx.Copy(c.Query(name[1:]))
}

// set makes the request's person known to handlers and pages.
func (g *Guard) set(c *fiber.Ctx, s Scope) {
	c.Locals(scopeKey{}, s)
	role := s.person.Role
	httpx.SetWho(c, s.who(func(path string) bool {
		rule, ok := g.routes[path]
		return ok && rule.may(role)
	}))
}

func (s Scope) who(may func(path string) bool) *httpx.Who {
	p, place := s.person, s.person.place(s.places)
	return &httpx.Who{Name: p.Name, Role: p.Role.String(), Place: place.Name, PlaceEN: place.NameEN, Home: p.Home(), CSRF: p.CSRF, MayGet: may}
}

// scope puts the person into the organisation, where that matters.
func (g *Guard) scope(ctx context.Context, p Person) (Scope, error) {
	s := Scope{person: p}
	if s.All() {
		return s, nil
	}
	turns, today := g.turns.Load(), g.o.Today()
	if have := g.places.Load(); have != nil && have.turns == turns && have.day == today {
		s.places = &have.Places
		return s, nil
	}
	places, err := g.o.Places(ctx)
	if err != nil {
		return Scope{}, err
	}
	now := &dated{places, today, turns}
	g.places.Store(now)
	s.places = &now.Places
	return s, nil
}

// stillKey is where the guard keeps what Still gives.
type stillKey struct{}

// Still gives a question for answers that last: whether whoever asks may still
// have it. Where that can't be found out just now, they may.
func Still(c *fiber.Ctx) func(context.Context) bool {
	if still, ok := c.Locals(stillKey{}).(func(context.Context) bool); ok {
		return still
	}
	return func(context.Context) bool { return true }
}

// As lets every request be of one person, without a guard: for tests and
// measurements of handlers.
func As(p Person, places Places) fiber.Handler {
	s := Scope{person: p, places: &places}
	return func(c *fiber.Ctx) error {
		c.Locals(scopeKey{}, s)
		httpx.SetWho(c, s.who(func(path string) bool {
			rule, ok := RuleOf(fiber.MethodGet, path)
			return ok && rule.may(p.Role)
		}))
		return c.Next()
	}
}
