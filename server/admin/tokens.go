package admin

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/server/access"
	"hailong/server/account"
)

// tokensPage is the data of the view staff/tokens.
type tokensPage struct {
	frame
	Name     string
	Units    []option
	Programs []programLine
}

// programLine is a program's account.
type programLine struct {
	ID, Name, Unit string
	Class, State   string
	Since, Used    string
	Until          []string // when tokens that were replaced end
	Off            bool
}

func (p *pages) listTokens(c *fiber.Ctx) error {
	done, err := doneOf(c)
	if err != nil {
		return err
	}
	return p.tokens(c, done, "", "", nil)
}

func (p *pages) tokens(c *fiber.Ctx, done, name, unit string, fault error) error {
	all, err := p.Gate.List(c.UserContext())
	if err != nil {
		return err
	}
	places, err := p.places(c)
	if err != nil {
		return err
	}
	data := tokensPage{frame: newFrame(c, "tokens", "admin.tokens.title"), Name: name, Units: selected(places.units, unit)}
	data.done(done, "tokenoff")
	slices.SortStableFunc(all, func(a, b account.Account) int {
		return cmp.Or(compareBool(a.Off, b.Off), strings.Compare(fold(a.Name), fold(b.Name)))
	})
	for _, x := range all {
		if x.Role == access.Program {
			data.Programs = append(data.Programs, p.program(c, &data.frame, &places, &x))
		}
	}
	status, err := data.fail(fault)
	if err != nil {
		return err
	}
	return p.Views.Send(c, status, "staff/tokens", data)
}

func (p *pages) program(c *fiber.Ctx, f *frame, places *places, x *account.Account) programLine {
	l := programLine{ID: hex.EncodeToString(x.ID[:]), Name: cmp.Or(x.Name, "–"), Unit: places.of(f.L, x), Off: x.Off, Since: "–", Used: f.L.T("admin.tokens.never")}
	if used := p.Gate.LastUse(c.UserContext(), x.ID); !used.IsZero() {
		l.Used = f.L.Moment(used)
	}
	l.Class, l.State = "met", f.L.T("admin.state.on")
	switch {
	case x.Off:
		l.Class, l.State = "none", f.L.T("admin.state.off")
	case !x.Readable:
		l.Class, l.State = "notmet", f.L.T("admin.state.absent")
	case len(x.Tokens) == 0:
		l.Class, l.State = "toofew", f.L.T("admin.tokens.none")
	}
	for _, t := range x.Tokens {
		if t.Until.IsZero() {
			l.Since = f.L.Moment(t.Since)
		} else {
			l.Until = append(l.Until, f.L.Moment(t.Until))
		}
	}
	return l
}

func (p *pages) createToken(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "name", "unit")
	if err != nil {
		return err
	}
	x, err := p.Gate.Create(c.UserContext(), account.Particulars{Role: access.Program, Name: form["name"], Unit: form["unit"]})
	if err != nil {
		return p.tokens(c, "", form["name"], form["unit"], err)
	}
	return p.showToken(c, &x, false)
}

func (p *pages) rotateToken(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "now")
	if err != nil {
		return err
	}
	x, err := p.account(c, true)
	if err != nil {
		return err
	}
	return p.showToken(c, &x, form["now"] != "")
}

// showToken gives a program a token and shows it.
func (p *pages) showToken(c *fiber.Ctx, x *account.Account, atOnce bool) error {
	text, err := p.Gate.NewToken(c.UserContext(), x.ID, atOnce)
	if err != nil {
		return p.tokens(c, "", "", "", err)
	}
	data := secretPage{frame: newFrame(c, "tokens", "admin.token.title"), Secret: text, Back: "/admin/tokens"}
	data.Text, data.Label = data.L.T("admin.token.text", "Name", x.Name), data.L.T("admin.token.label")
	data.Notes = []string{data.L.T("admin.token.note"), data.L.T("admin.once")}
	return p.Views.Send(c, fiber.StatusOK, "staff/once", data)
}

func (p *pages) turnOffToken(c *fiber.Ctx) error {
	if err := empty(c); err != nil {
		return err
	}
	x, err := p.account(c, true)
	if err != nil {
		return err
	}
	if _, err := p.Gate.TurnOff(c.UserContext(), x.ID); err != nil {
		return p.tokens(c, "", "", "", err)
	}
	return to(c, "/admin/tokens?done=tokenoff")
}
