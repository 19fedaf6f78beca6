package signin

import (
	"github.com/gofiber/fiber/v2"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/account"
	"hailong/server/audit"
)

// linkPage asks for the code of a one-time link. It stands behind # in the
// link's address, where no log sees it, and a script puts it into the field.
type linkPage struct{ page }

// passwordPage asks for the password of a link's account, or, of the very first
// link, for an administrator's account.
type passwordPage struct {
	page
	Code, Login, Name string
	First             bool
	Least             int
}

func (p *pages) showLink(c *fiber.Ctx) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	return p.Views.Send(c, fiber.StatusOK, "signin/link", linkPage{newPage(c, "signin.link.title")})
}

// openLink shows what the code is for, and leaves it good: it may be looked at
// by a program that follows links.
func (p *pages) openLink(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "code")
	if err != nil {
		return err
	}
	data := passwordPage{page: newPage(c, "signin.new.title"), Code: form["code"], Least: account.MinPassword}
	x, err := p.lookAt(c, form["code"], &data)
	if err != nil {
		return p.noLink(c, err)
	}
	data.Login, data.Name = x.Login, x.Name
	return p.Views.Send(c, fiber.StatusOK, "signin/password", data)
}

// lookAt says whose a code is. Guessing at codes is slowed down as guessing at
// passwords is.
func (p *pages) lookAt(c *fiber.Ctx, code string, data *passwordPage) (x account.Account, err error) {
	ctx, key := c.UserContext(), account.ByPair(httpx.Network(c), "link")
	wait, err := p.Gate.Limits.Allow(ctx, key)
	if err == nil && wait > 0 {
		err = account.TooSoon(wait)
	}
	if err != nil {
		return x, err
	}
	x, data.First, err = p.Gate.Link(ctx, code)
	if err != nil && survey.ErrorOf(err).Code == survey.CodeLinkSpent {
		p.refused(c, err)
		if failed := p.Gate.Limits.Fail(ctx, key); failed != nil {
			return x, failed
		}
	}
	return x, err
}

// noLink shows the field for the code again.
func (p *pages) noLink(c *fiber.Ctx, fault error) error {
	data := linkPage{newPage(c, "signin.link.title")}
	status, err := data.fail(c, fault)
	if err != nil {
		return err
	}
	return p.Views.Send(c, status, "signin/link", data)
}

func (p *pages) saveLinkPassword(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "code", "new", "login", "name")
	if err != nil {
		return err
	}
	data := passwordPage{page: newPage(c, "signin.new.title"), Code: form["code"], Least: account.MinPassword}
	x, err := p.lookAt(c, form["code"], &data)
	if err != nil {
		return p.noLink(c, err)
	}
	data.Login, data.Name = x.Login, x.Name
	if data.First {
		data.Login, data.Name = form["login"], form["name"]
		x, err = p.Gate.UseFirstLink(audit.With(c.UserContext(), audit.Actor{Via: fact.ViaPage, Name: data.Name, From: httpx.Address(c).String()}),
			form["code"], form["login"], form["name"], form["new"])
	} else {
		x, err = p.Gate.UseLink(p.as(c, x), form["code"], form["new"])
	}
	if err != nil {
		status, err := data.fail(c, err)
		if err != nil {
			return err
		}
		return p.Views.Send(c, status, "signin/password", data)
	}
	return p.begin(c, x, false, "")
}
