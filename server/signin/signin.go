// Package signin lets people in: the pages on which they sign in, by password or
// at another place, give a second factor, set a password by a one-time link, and
// look after their own account.
package signin

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/account"
	"hailong/server/audit"
	"hailong/server/openid"
)

// Recorder notes what changed nothing; *audit.Recorder does.
type Recorder interface {
	Note(ctx context.Context, action, subject string, d audit.Detail) error
}

// Deps are what the pages need; Elsewhere may be nil.
type Deps struct {
	Gate      *account.Gate
	Recorder  Recorder
	Views     *httpx.Views
	Log       *slog.Logger
	Secure    bool             // pages are reached by https
	Elsewhere *openid.Provider // another place of sign-in
	Name      string           // of that place, for its button
	Key       [32]byte         // seals what a browser carries through it; the same on all servers
}

// maxForm is the greatest form in bytes.
const maxForm = 16 << 10

type pages struct {
	Deps
	refusals budget
}

// Register adds the pages to the app. Those of one's own account need the guard
// of server/access before them.
func Register(app fiber.Router, d Deps) {
	p, limit := &pages{Deps: d, refusals: budget{now: time.Now}}, httpx.Limit(maxForm)
	app.Get("/signin", p.showSignIn)
	app.Post("/signin", limit, p.saveSignIn)
	app.Get("/signin/second", p.showSecond)
	app.Post("/signin/second", limit, p.saveSecond)
	app.Get("/signin/link", p.showLink)
	app.Post("/signin/link", limit, p.openLink)
	app.Post("/signin/password", limit, p.saveLinkPassword)
	if d.Elsewhere != nil {
		app.Get("/signin/elsewhere", p.goElsewhere)
		app.Get("/signin/oidc", p.comeBack)
	}
	app.Post("/signout", limit, p.signOut)
	app.Get("/account", p.showAccount)
	app.Post("/account/password", limit, p.savePassword)
	app.Post("/account/sessions", limit, p.endOthers)
	app.Get("/account/second", p.showSetUp)
	app.Post("/account/second", limit, p.saveSetUp)
	app.Post("/account/recovery", limit, p.newRecovery)
}

// page is what the frame of these pages shows.
type page struct {
	httpx.Frame
	Problem string // "": none
}

func newPage(c *fiber.Ctx, titleKey string) page {
	p := page{Frame: httpx.NewFrame(c, "")}
	p.Title = p.L.T(titleKey)
	return p
}

// fail puts the sentence of a fault that the person can mend on the page, and
// gives the answer's status; any other fault is given back.
func (p *page) fail(c *fiber.Ctx, err error) (status int, _ error) {
	if err == nil {
		return fiber.StatusOK, nil
	}
	var e *survey.Error
	if !errors.As(err, &e) || e.Code.Status() >= fiber.StatusInternalServerError && e.Code != survey.CodeAccountNotHere {
		return 0, err
	}
	p.Problem = e.Message
	if p.L.Tag == "en" {
		p.Problem = e.MessageEN
	}
	var wait account.Wait
	if errors.As(err, &wait) {
		seconds := int64(time.Duration(wait)/time.Second) + 1
		c.Set(fiber.HeaderRetryAfter, strconv.FormatInt(seconds, 10))
		p.Problem = p.L.T("signin.wait.seconds", "Count", seconds)
		if seconds > 90 {
			p.Problem = p.L.T("signin.wait.minutes", "Count", (seconds+59)/60)
		}
	}
	return e.Code.Status(), nil
}

// cookie is the cookie of the session.
func (p *pages) cookie(c *fiber.Ctx) string { return httpx.Copy(c.Cookies(p.cookieName())) }

func (p *pages) cookieName() string { return access.CookieName(p.Secure) }

// setCookie gives the browser a session. The cookie goes with links that lead
// here from elsewhere (Lax): with Strict, whoever follows one from a letter, or
// comes back from another place of sign-in, would seem not to have signed in.
// What changes something needs the token of its page as well.
func (p *pages) setCookie(c *fiber.Ctx, name, value string, lasts time.Duration) {
	k := &fiber.Cookie{Name: name, Value: value, Path: "/", HTTPOnly: true, Secure: p.Secure, SameSite: fiber.CookieSameSiteLaxMode}
	switch {
	case value == "":
		k.Expires = time.Unix(1, 0)
	case lasts > 0:
		k.MaxAge = int(lasts.Seconds())
	default:
		k.SessionOnly = true
	}
	c.Cookie(k)
}

// begin starts a session of an account, and leads on: to the second factor,
// where one is needed still, or to the path.
func (p *pages) begin(c *fiber.Ctx, x account.Account, second bool, next string) error {
	who := x.Person()
	who.TOTP = second
	if old := p.cookie(c); old != "" { // nobody goes on in a session that was there before
		if err := p.Gate.Sessions.End(c.UserContext(), old); err != nil {
			return err
		}
	}
	value, err := p.Gate.Sessions.Start(c.UserContext(), who)
	if err != nil {
		return err
	}
	p.setCookie(c, p.cookieName(), value, 0)
	language := httpx.Language(c)
	if x.HasTOTP && !second {
		return c.Redirect(language.Link("/signin/second?next="+url.QueryEscape(next)), fiber.StatusSeeOther)
	}
	p.note(p.as(c, x), "signin", hex.EncodeToString(x.ID[:]))
	if x.Role == access.Administrator && !second {
		return c.Redirect(language.Link("/account"), fiber.StatusSeeOther) // which says what is missing
	}
	return c.Redirect(language.Link(cmp.Or(next, who.Home())), fiber.StatusSeeOther)
}

// as is the request's context with the account as who acts.
func (p *pages) as(c *fiber.Ctx, x account.Account) context.Context {
	return audit.With(c.UserContext(), audit.Actor{Account: x.ID, Via: fact.ViaPage, Name: x.Name, From: httpx.Address(c).String()})
}

// note records; what can't be recorded just now keeps nobody out.
func (p *pages) note(ctx context.Context, action, subject string) {
	if err := p.Recorder.Note(ctx, action, subject, audit.Detail{}); err != nil {
		p.Log.Warn("note an act", "action", action, "error", err)
	}
}

// refused notes an attempt that failed, without what was typed.
func (p *pages) refused(c *fiber.Ctx, err error) {
	var e *survey.Error
	if errors.As(err, &e) && (e.Code == survey.CodeWrongSignIn || e.Code == survey.CodeWrongCode || e.Code == survey.CodeLinkSpent) && p.refusals.take() {
		p.note(audit.With(c.UserContext(), audit.Actor{Via: fact.ViaPage, From: httpx.Address(c).String()}), "signin.refused", string(e.Code))
	}
}

// local gives a path of ours to go on to, or "": nobody is led elsewhere.
func local(next string) string {
	u, err := url.Parse(next)
	bad := strings.ContainsFunc(next, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' })
	if err != nil || bad || len(next) > 1000 || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || u.Fragment != "" ||
		!strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") {
		return ""
	}
	for _, own := range []string{"/signin", "/signout", "/api/"} {
		if strings.HasPrefix(u.Path, own) {
			return ""
		}
	}
	return next
}
