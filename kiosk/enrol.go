package kiosk

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/enrolment"
	"hailong/internal/httpx"
	"hailong/internal/survey"
)

// Enroller has this device let in by a server.
type Enroller interface {
	// Pin gives what the server at an address is known by, for staff to compare;
	// zero where there is nothing to compare.
	Pin(ctx context.Context, server string) (enrolment.Pin, error)
	// Enrol brings a code to that server. Errors of the catalogue have a sentence
	// in the language.
	Enrol(ctx context.Context, server string, pin enrolment.Pin, code, language string) error
}

// EnrolPage asks staff for a server and a code, and then, where nobody else
// vouches for the server, whether it is the right one.
type EnrolPage struct {
	httpx.Frame
	Ticket      string
	ScreenMM    int // see Setup
	Server      string
	Fingerprint string // of the device's key
	Problem     string // why it did not go; "": nothing did
	Confirm     string // the server's pin in groups; "": no question
}

// enrolling is how far staff have come with it.
type enrolling struct {
	server, code string
	pin          enrolment.Pin // to be confirmed; zero: nothing is
	problem      string
}

// Greatest lengths of what staff type, in bytes.
const (
	maxServer = 200
	maxCode   = 64
)

// enrol takes a step of it; the page comes after a redirect.
func (a *app) enrol(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "ticket", "server", "code", "confirm")
	if err != nil {
		return err
	}
	t, ok := a.corner.take(form["ticket"])
	if !ok {
		return a.refuse(c, 0, survey.New(survey.CodeUnauthorised))
	}
	at := enrolling{server: serverAddress(form["server"]), code: strings.TrimSpace(form["code"])}
	if t.enrolling != nil && form["confirm"] != "" {
		at = *t.enrolling
	}
	ctx, l := c.UserContext(), httpx.Language(c)
	switch {
	case len(form["server"]) > maxServer || len(form["code"]) > maxCode:
		return survey.New(survey.CodeBadForm)
	case at.server == "" && at.code == "": // only opened
		s, err := a.status(ctx)
		if err != nil {
			return err
		}
		return a.toEnrol(c, enrolling{server: s.Server})
	case at.server == "" || at.code == "":
		at.problem = l.T("enrol.missing")
		return a.toEnrol(c, at)
	}
	if at.pin == (enrolment.Pin{}) {
		if at.pin, err = a.Enroller.Pin(ctx, at.server); err == nil && at.pin != (enrolment.Pin{}) {
			return a.toEnrol(c, at)
		}
	}
	if err == nil {
		err = a.Enroller.Enrol(ctx, at.server, at.pin, at.code, l.Tag)
	}
	if err != nil {
		e := survey.ErrorOf(err)
		if e.Code == survey.CodeInternal {
			a.Log.Warn("enrolment from the corner", "error", err)
			e = survey.New(survey.CodeNoServer)
		}
		at.pin, at.problem = enrolment.Pin{}, e.Message
		if l.Tag == "en" {
			at.problem = e.MessageEN
		}
		return a.toEnrol(c, at)
	}
	return a.toCorner(c, ticket{scanned: l.T("enrol.done"), readable: true})
}

func (a *app) toEnrol(c *fiber.Ctx, at enrolling) error {
	return c.Redirect(httpx.Language(c).Link("/staff/enrol/"+a.corner.issue(ticket{enrolling: &at})), fiber.StatusSeeOther)
}

// showEnrol shows where whoever was just let in stands.
func (a *app) showEnrol(c *fiber.Ctx) error {
	t, ok := a.corner.take(httpx.Param(c, "ticket"))
	if !ok || t.enrolling == nil {
		return c.Redirect(httpx.Language(c).Link("/staff"), fiber.StatusSeeOther)
	}
	s, err := a.status(c.UserContext())
	if err != nil {
		return err
	}
	p := EnrolPage{
		Frame: httpx.NewFrame(c, ""), Ticket: a.corner.issue(ticket{enrolling: t.enrolling}), ScreenMM: a.ScreenMM,
		Server: t.enrolling.server, Problem: t.enrolling.problem, Fingerprint: s.Fingerprint,
	}
	p.Title = p.L.T("enrol.title")
	if pin := t.enrolling.pin; pin != (enrolment.Pin{}) {
		p.Confirm = enrolment.Grouped(strings.TrimPrefix(pin.String(), "SHA256:"))
	}
	return a.views.Send(c, fiber.StatusOK, "kiosk/enrol", p)
}

// serverAddress adds what staff need not type.
func serverAddress(typed string) string {
	typed = strings.ToLower(strings.TrimSpace(typed))
	if typed != "" && !strings.Contains(typed, "://") {
		typed = "https://" + typed
	}
	return typed
}
