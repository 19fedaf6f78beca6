// Package admin serves the administrators' pages: accounts, programs' tokens,
// kiosks with the devices that are let in as them, and ratings that are declared
// void. Each page says in words what a button will do before it is pressed, and
// what was done after.
package admin

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"hailong/internal/enrolment"
	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/account"
	"hailong/server/index"
	"hailong/server/projection"
	"hailong/server/register"
)

// Index tells of the organisation; *index.Index does.
type Index interface {
	Today() survey.Day
	Organisation(ctx context.Context, day survey.Day) (units []index.Unit, desks []index.Place, err error)
	Kiosks(ctx context.Context) ([]index.KioskPlace, error)
}

// Register records what concerns devices; *register.Register does, and says what
// each method answers.
type Register interface {
	Revoke(ctx context.Context, public ed25519.PublicKey, reason string) (isNew bool, err error)
	Given(ctx context.Context, kiosk string, from, to time.Time) ([]projection.Run, error)
	VoidTime(ctx context.Context, kiosk string, from, to time.Time, reason string) ([]projection.Run, error)
	Void(ctx context.Context, origin fact.OriginID, first, last uint64, reason string, lift bool) (isNew bool, err error)
	Voids(ctx context.Context) ([]register.Voided, error)
}

// Enroller makes codes by which devices come in; *enrol.Enrol does.
type Enroller interface {
	Make(ctx context.Context, kiosk string) (code string, until time.Time, err error)
}

// Deps are what the pages need; all but Pin are required.
type Deps struct {
	Gate     *account.Gate
	Index    Index
	Register Register
	Enrol    Enroller
	Views    *httpx.Views
	Heard    func(public []byte) (last, since time.Time) // as page.Deps
	Address  string                                      // of this server, as people and devices reach it
	Pin      enrolment.Pin                               // of its own authority for certificates; zero: none
}

// maxForm is the greatest form in bytes.
const maxForm = 16 << 10

type pages struct{ Deps }

// Pages adds the pages to the app; the guard of server/access stands before
// them.
func Pages(app fiber.Router, d Deps) {
	p, limit := &pages{d}, httpx.Limit(maxForm)
	app.Get("/admin", func(c *fiber.Ctx) error {
		return c.Redirect(httpx.Language(c).Link("/admin/accounts"), fiber.StatusSeeOther)
	})
	app.Get("/admin/accounts", p.listAccounts)
	app.Post("/admin/accounts", limit, p.createAccount)
	app.Get("/admin/accounts/new", p.showNew)
	app.Get("/admin/accounts/:id", p.showAccount)
	app.Post("/admin/accounts/:id", limit, p.changeAccount)
	app.Post("/admin/accounts/:id/link", limit, p.newLink)
	app.Post("/admin/accounts/:id/off", limit, p.turnOff)
	app.Post("/admin/accounts/:id/on", limit, p.turnOn)
	app.Post("/admin/accounts/:id/second", limit, p.removeSecond)
	app.Get("/admin/tokens", p.listTokens)
	app.Post("/admin/tokens", limit, p.createToken)
	app.Post("/admin/tokens/:id/rotate", limit, p.rotateToken)
	app.Post("/admin/tokens/:id/off", limit, p.turnOffToken)
	app.Get("/admin/kiosks", p.listKiosks)
	app.Get("/admin/kiosks/:code", p.showKiosk)
	app.Post("/admin/kiosks/:code/enrol", limit, p.makeCode)
	app.Post("/admin/kiosks/:code/revoke", limit, p.revoke)
	app.Get("/admin/voids", p.listVoids)
	app.Post("/admin/voids", limit, p.voidTime)
	app.Post("/admin/voids/lift", limit, p.lift)
}

// frame is what the frame of every page here shows.
type frame struct {
	httpx.Frame
	Nav, Tab       string // entry of the navigation, and of the pages here
	Sample, Charts bool
	Done           string // what has just been done; "": nothing
	Problem        string // what was wrong; "": nothing
}

func newFrame(c *fiber.Ctx, tab, titleKey string) frame {
	f := frame{Frame: httpx.NewFrame(c, ""), Nav: "admin", Tab: tab}
	f.Title = f.L.T(titleKey)
	return f
}

// done reads ?done=, which the redirect after a change carries.
func (f *frame) done(name string, known ...string) {
	for _, k := range known {
		if name == k {
			f.Done = f.L.T("admin.done." + k)
		}
	}
}

// fail puts what a person can mend on the page, and gives the answer's status;
// any other fault is given back.
func (f *frame) fail(err error) (status int, _ error) {
	var e *survey.Error
	switch {
	case err == nil:
		return fiber.StatusOK, nil
	case !errors.As(err, &e) || e.Code.Status() >= fiber.StatusInternalServerError && e.Code != survey.CodeAccountNotHere:
		return 0, err
	}
	f.Problem = e.Message
	if f.L.Tag == "en" {
		f.Problem = e.MessageEN
	}
	return e.Code.Status(), nil
}

// to leads on after a change, so that nothing is sent twice.
func to(c *fiber.Ctx, path string) error {
	return c.Redirect(httpx.Language(c).Link(path), fiber.StatusSeeOther)
}

// empty refuses a form with fields of which the page has none.
func empty(c *fiber.Ctx) error {
	_, err := httpx.Form(c)
	return err
}

// doneOf reads the only parameter that many pages have.
func doneOf(c *fiber.Ctx) (string, error) {
	query, err := httpx.Query(c, "done")
	return query["done"], err
}

// pick chooses the name of the language, the Vietnamese one where there is no
// other.
func pick(l locale.Choice, vi, en, code string) string {
	if l.Tag == "en" && en != "" {
		return en
	}
	return cmp.Or(vi, code)
}

// places names units and desks.
type places struct {
	units []option
	desks []option
	names map[string]string // by "unit CODE", "desk CODE"
}

// option is one entry of a select.
type option struct {
	Value, Text string
	Selected    bool
}

func (p *pages) places(c *fiber.Ctx) (out places, err error) {
	units, desks, err := p.Index.Organisation(c.UserContext(), p.Index.Today())
	l := httpx.Language(c)
	out.names = map[string]string{}
	for _, u := range units {
		name := pick(l, u.Name, u.NameEN, u.Code)
		out.units = append(out.units, option{Value: u.Code, Text: name + " · " + u.Code})
		out.names["unit "+u.Code] = name
	}
	for _, d := range desks {
		name := pick(l, d.Name, d.NameEN, d.Code)
		out.desks = append(out.desks, option{Value: d.Code, Text: name + " · " + d.Code})
		out.names["desk "+d.Code] = name
	}
	return out, err
}

// of names the place of an account.
func (p *places) of(l locale.Choice, x *account.Account) string {
	switch {
	case x.Role.OfUnit():
		return cmp.Or(p.names["unit "+x.Unit], x.Unit)
	case x.Role.OfDesk():
		return cmp.Or(p.names["desk "+x.Desk], x.Desk)
	}
	return l.T("own.place.all")
}

// selected marks one of some options.
func selected(all []option, value string) []option {
	out := make([]option, len(all))
	for i, o := range all {
		o.Selected = o.Value == value
		out[i] = o
	}
	return out
}

// account gives the account that the address names.
func (p *pages) account(c *fiber.Ctx, programs bool) (account.Account, error) {
	id, err := hex.DecodeString(httpx.Param(c, "id"))
	if err != nil || len(id) != 16 {
		return account.Account{}, survey.New(survey.CodeUnknownAccount)
	}
	x, ok, err := p.Gate.ByID(c.UserContext(), [16]byte(id))
	if err == nil && (!ok || (x.Role == access.Program) != programs) {
		err = survey.New(survey.CodeUnknownAccount)
	}
	return x, err
}

// fold writes text as it is searched: lower case, without Vietnamese marks.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case r == 'đ' || r == 'Đ':
			return 'd'
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
}
