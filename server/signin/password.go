package signin

import (
	"encoding/hex"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/server/access"
)

// signInData is the page that asks for name and password.
type signInData struct {
	page
	Login, Next   string
	Out           bool   // the person has just signed out
	Elsewhere     string // name of another place of sign-in; "": none
	ElsewhereLink string
}

func (p *pages) signInPage(c *fiber.Ctx, next string) signInData {
	out := signInData{page: newPage(c, "signin.title"), Next: local(next)}
	if p.Elsewhere != nil {
		out.Elsewhere = p.Name
		out.ElsewhereLink = out.L.Link("/signin/elsewhere?next=" + url.QueryEscape(out.Next))
	}
	return out
}

func (p *pages) showSignIn(c *fiber.Ctx) error {
	query, err := httpx.Query(c, "next", "out")
	if err != nil {
		return err
	}
	if who, ok := access.From(c); ok {
		if next := local(query["next"]); next != "" {
			return c.Redirect(httpx.Language(c).Link(next), fiber.StatusSeeOther)
		}
		return c.Redirect(httpx.Language(c).Link(who.Home()), fiber.StatusSeeOther)
	}
	data := p.signInPage(c, query["next"])
	data.Out = query["out"] != ""
	return p.Views.Send(c, fiber.StatusOK, "signin/signin", data)
}

func (p *pages) saveSignIn(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "login", "password", "next")
	if err != nil {
		return err
	}
	x, err := p.Gate.SignIn(c.UserContext(), form["login"], form["password"], httpx.Network(c))
	if err != nil {
		p.refused(c, err)
		data := p.signInPage(c, form["next"])
		if len(form["login"]) <= 100 { // any that somebody has
			data.Login = form["login"]
		}
		status, err := data.fail(c, err)
		if err != nil {
			return err
		}
		return p.Views.Send(c, status, "signin/signin", data)
	}
	return p.begin(c, x, false, local(form["next"]))
}

// signOut ends the session, and nothing of it stays in the browser.
func (p *pages) signOut(c *fiber.Ctx) error {
	if _, err := httpx.Form(c); err != nil {
		return err
	}
	if who, ok := access.From(c); ok {
		if err := p.Gate.Sessions.End(c.UserContext(), p.cookie(c)); err != nil {
			return err
		}
		p.note(c.UserContext(), "signout", hex.EncodeToString(who.Account[:]))
	}
	p.setCookie(c, p.cookieName(), "", 0)
	return c.Redirect(httpx.Language(c).Link("/signin?out=1"), fiber.StatusSeeOther)
}

// secondPage asks for the second factor.
type secondPage struct {
	page
	Next string
}

func (p *pages) showSecond(c *fiber.Ctx) error {
	query, err := httpx.Query(c, "next")
	if err != nil {
		return err
	}
	_, ok, err := p.Gate.Sessions.Get(c.UserContext(), p.cookie(c))
	if err != nil {
		return err
	}
	if _, in := access.From(c); in || !ok {
		return c.Redirect(httpx.Language(c).Link("/signin?next="+url.QueryEscape(local(query["next"]))), fiber.StatusSeeOther)
	}
	return p.Views.Send(c, fiber.StatusOK, "signin/second", secondPage{newPage(c, "signin.second.title"), local(query["next"])})
}

func (p *pages) saveSecond(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "code", "next")
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	session, ok, err := p.Gate.Sessions.Get(ctx, p.cookie(c))
	if err != nil {
		return err
	}
	x, known, err := p.Gate.ByID(ctx, session.Account)
	if err != nil {
		return err
	}
	if !ok || !known || !x.HasTOTP {
		data := p.signInPage(c, form["next"])
		data.Problem = data.L.T("signin.late")
		return p.Views.Send(c, fiber.StatusUnauthorized, "signin/signin", data)
	}
	if err := p.Gate.SecondFactor(p.as(c, x), x.ID, form["code"], httpx.Network(c)); err != nil {
		p.refused(c, err)
		data := secondPage{newPage(c, "signin.second.title"), local(form["next"])}
		status, err := data.fail(c, err)
		if err != nil {
			return err
		}
		return p.Views.Send(c, status, "signin/second", data)
	}
	return p.begin(c, x, true, local(form["next"]))
}
