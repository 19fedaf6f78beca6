package admin

import (
	"cmp"
	"encoding/hex"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/account"
)

// accountPage is the data of the view staff/account-form: a new account, or one
// that is there.
type accountPage struct {
	frame
	Path               string // of the account; "": a new one
	Login, Name, Email string
	Roles              []option
	Units, Desks       []option
	Off, HasTOTP       bool
	Class, State       string
	Bound              string // place of sign-in to which it is joined
}

// secretPage is the data of the view staff/once: what is shown this once.
type secretPage struct {
	frame
	Text, Secret, Copy, Label string
	Notes                     []string
	Back                      string
}

func (p *pages) showNew(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	return p.form(c, nil, account.Particulars{}, "", nil)
}

// form shows the fields, with what was wrong.
func (p *pages) form(c *fiber.Ctx, x *account.Account, in account.Particulars, done string, fault error) error {
	title := "admin.account.new"
	if x != nil {
		title = "admin.account.title"
	}
	places, err := p.places(c)
	if err != nil {
		return err
	}
	data := accountPage{frame: newFrame(c, "accounts", title), Login: in.Login, Name: in.Name, Email: in.Email,
		Units: selected(places.units, in.Unit), Desks: selected(places.desks, in.Desk)}
	for _, r := range access.Roles {
		if r != access.Program {
			data.Roles = append(data.Roles, option{r.String(), data.L.T("access.role." + r.String()), r == cmp.Or(in.Role, access.Unit)})
		}
	}
	if x != nil {
		data.Path = "/admin/accounts/" + hex.EncodeToString(x.ID[:])
		data.Off, data.HasTOTP, data.Bound = x.Off, x.HasTOTP, x.Issuer
		data.Class, data.State = state(&data.frame, x)
		data.done(done, "changed", "second")
	}
	status, err := data.fail(fault)
	if err != nil {
		return err
	}
	return p.Views.Send(c, status, "staff/account-form", data)
}

// particulars reads the form. A place that the role has none of is left out: a
// form without scripts sends it all the same.
func particulars(c *fiber.Ctx) (in account.Particulars, err error) {
	form, err := httpx.Form(c, "login", "name", "email", "role", "unit", "desk")
	if err != nil {
		return in, err
	}
	in = account.Particulars{Login: form["login"], Name: form["name"], Email: strings.TrimSpace(form["email"])}
	in.Role, _ = access.ParseRole(form["role"])
	if in.Role == access.Program {
		in.Role = 0
	}
	if in.Role.OfUnit() {
		in.Unit = form["unit"]
	}
	if in.Role.OfDesk() {
		in.Desk = form["desk"]
	}
	if in.Role == 0 {
		return in, survey.New(survey.CodeBadField, "role")
	}
	return in, nil
}

func (p *pages) createAccount(c *fiber.Ctx) error {
	in, err := particulars(c)
	if err != nil {
		return err
	}
	x, err := p.Gate.Create(c.UserContext(), in)
	if err != nil {
		return p.form(c, nil, in, "", err)
	}
	return p.showLink(c, &x)
}

// showLink makes a one-time link and shows it.
func (p *pages) showLink(c *fiber.Ctx, x *account.Account) error {
	code, err := p.Gate.NewLink(c.UserContext(), x.ID)
	if err != nil {
		return err
	}
	data := secretPage{frame: newFrame(c, "accounts", "admin.link.title"), Secret: p.Address + account.LinkPath + code, Back: "/admin/accounts"}
	data.Text = data.L.T("admin.link.text", "Name", x.Name, "Login", x.Login)
	data.Label, data.Notes = data.L.T("admin.link.label"), []string{data.L.T("admin.link.note"), data.L.T("admin.once")}
	return p.Views.Send(c, fiber.StatusOK, "staff/once", data)
}

func (p *pages) showAccount(c *fiber.Ctx) error {
	done, err := doneOf(c)
	if err != nil {
		return err
	}
	x, err := p.account(c, false)
	if err != nil {
		return err
	}
	return p.form(c, &x, stands(&x), done, nil)
}

// stands are the particulars of an account as they are.
func stands(x *account.Account) account.Particulars {
	return account.Particulars{Role: x.Role, Unit: x.Unit, Desk: x.Desk, Off: x.Off, Login: x.Login, Name: x.Name, Email: x.Email, Issuer: x.Issuer, Subject: x.Subject}
}

func (p *pages) changeAccount(c *fiber.Ctx) error {
	in, err := particulars(c)
	if err != nil {
		return err
	}
	x, err := p.account(c, false)
	if err != nil {
		return err
	}
	in.Off = x.Off
	if in.Email == x.Email { // another address may be another person's
		in.Issuer, in.Subject = x.Issuer, x.Subject
	}
	if _, err := p.Gate.Change(c.UserContext(), x.ID, in); err != nil {
		return p.form(c, &x, in, "", err)
	}
	return to(c, "/admin/accounts/"+hex.EncodeToString(x.ID[:])+"?done=changed")
}

func (p *pages) newLink(c *fiber.Ctx) error {
	if err := empty(c); err != nil {
		return err
	}
	x, err := p.account(c, false)
	if err != nil {
		return err
	}
	return p.showLink(c, &x)
}

func (p *pages) turnOff(c *fiber.Ctx) error {
	if err := empty(c); err != nil {
		return err
	}
	x, err := p.account(c, false)
	if err != nil {
		return err
	}
	if _, err := p.Gate.TurnOff(c.UserContext(), x.ID); err != nil {
		return p.form(c, &x, stands(&x), "", err)
	}
	return to(c, "/admin/accounts?done=off")
}

func (p *pages) turnOn(c *fiber.Ctx) error {
	if err := empty(c); err != nil {
		return err
	}
	x, err := p.account(c, false)
	if err != nil {
		return err
	}
	in := stands(&x)
	in.Off = false
	if _, err := p.Gate.Change(c.UserContext(), x.ID, in); err != nil {
		return p.form(c, &x, stands(&x), "", err)
	}
	return to(c, "/admin/accounts?done=on")
}

func (p *pages) removeSecond(c *fiber.Ctx) error {
	if err := empty(c); err != nil {
		return err
	}
	x, err := p.account(c, false)
	if err != nil {
		return err
	}
	if err := p.Gate.RemoveTOTP(c.UserContext(), x.ID); err != nil {
		return p.form(c, &x, stands(&x), "", err)
	}
	return to(c, "/admin/accounts/"+hex.EncodeToString(x.ID[:])+"?done=second")
}
