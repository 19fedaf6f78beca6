package kiosk

import (
	"crypto/subtle"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/capture"
	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/survey"
)

// The corner is the staff's part of the screen, behind a PIN. Each page of it is
// shown once: a reload, or the back button, asks for the PIN again.

// PINPage asks for the PIN.
type PINPage struct {
	httpx.Frame
	Refused  bool
	ScreenMM int // see Setup
}

const (
	// freeTries is how many wrong PINs in a row cost no wait: fingers slip.
	freeTries = 2
	// longestWait after a wrong PIN. Whoever guesses six digits needs a year, and
	// staff are never locked out for long by a child at the screen.
	longestWait = time.Minute
	// ticketTime is how long a page of the corner may be used.
	ticketTime = 2 * time.Minute
	// maxTickets bounds what is remembered.
	maxTickets = 100
)

// corner decides who is let in. Its state ends with the process.
type corner struct {
	pin string // "": nobody
	now func() time.Time

	mu      sync.Mutex
	wrong   int       // in a row
	until   time.Time // no PIN is looked at before
	tickets map[string]ticket
}

// ticket lets its holder see one page.
type ticket struct {
	ends     time.Time
	scanned  string // what to say of a test scan, or of what was done; "": there was none
	readable bool
	// enrolling is how far staff have come with it; nil: they don't.
	enrolling *enrolling
}

func newCorner(pin string, now func() time.Time) *corner {
	return &corner{pin: pin, now: now, tickets: map[string]ticket{}}
}

// admit looks at a PIN. Errors: survey.CodeUnauthorised; CodeTooManyRequests
// while wait has not passed, whatever the PIN.
func (k *corner) admit(pin string) (wait time.Duration, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if now.Before(k.until) {
		return k.until.Sub(now), survey.New(survey.CodeTooManyRequests)
	}
	if k.pin != "" && subtle.ConstantTimeCompare([]byte(pin), []byte(k.pin)) == 1 {
		k.wrong = 0
		return 0, nil
	}
	k.wrong++
	if k.wrong > freeTries {
		k.until = now.Add(min(longestWait, time.Second<<min(k.wrong-freeTries, 10)))
	}
	return 0, survey.New(survey.CodeUnauthorised)
}

// issue gives a word for which take gives the ticket, once.
func (k *corner) issue(t ticket) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	for word, old := range k.tickets {
		if now.After(old.ends) || len(k.tickets) >= maxTickets {
			delete(k.tickets, word)
		}
	}
	word := capture.NewSession().String()
	t.ends = now.Add(ticketTime)
	k.tickets[word] = t
	return word
}

func (k *corner) take(word string) (ticket, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	t, ok := k.tickets[word]
	delete(k.tickets, word)
	return t, ok && !k.now().After(t.ends)
}

func isPage(c *fiber.Ctx) bool {
	return strings.Contains(c.Get(fiber.HeaderAccept), "text/html")
}

func (a *app) showPIN(c *fiber.Ctx) error { return a.askPIN(c, fiber.StatusOK) }

func (a *app) askPIN(c *fiber.Ctx, status int) error {
	p := PINPage{Frame: httpx.NewFrame(c, ""), Refused: status != fiber.StatusOK, ScreenMM: a.ScreenMM}
	p.Title = p.L.T("corner.title")
	for i := range p.Switches {
		p.Switches[i].Link = locale.In("/staff", p.Switches[i].Tag)
	}
	return a.views.Send(c, status, "kiosk/pin", p)
}

// openCorner takes a PIN. The page comes after a redirect, so that a reload does
// not send the PIN again.
func (a *app) openCorner(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "pin")
	if err != nil {
		return err
	}
	wait, err := a.corner.admit(form["pin"])
	if err != nil {
		return a.refuse(c, wait, err)
	}
	return a.toCorner(c, ticket{})
}

// refuse says the same to a wrong PIN and to one that comes too soon.
func (a *app) refuse(c *fiber.Ctx, wait time.Duration, err error) error {
	if wait > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	if !isPage(c) {
		return err
	}
	return a.askPIN(c, survey.ErrorOf(err).Code.Status())
}

func (a *app) toCorner(c *fiber.Ctx, t ticket) error {
	return c.Redirect(httpx.Language(c).Link("/staff/status/"+a.corner.issue(t)), fiber.StatusSeeOther)
}

// showCorner shows the status to whoever was just let in.
func (a *app) showCorner(c *fiber.Ctx) error {
	t, ok := a.corner.take(httpx.Param(c, "ticket"))
	if !ok {
		return c.Redirect(httpx.Language(c).Link("/staff"), fiber.StatusSeeOther)
	}
	s, err := a.status(c.UserContext())
	if err != nil {
		return err
	}
	p := StatusPage{Frame: httpx.NewFrame(c, ""), Fine: true, Ticket: a.corner.issue(ticket{}), Scanned: t.scanned, Readable: t.readable, MayEnrol: a.Enroller != nil}
	p.Title = p.L.T("status.title")
	p.Rows = a.rows(p.L.Language, s)
	for _, r := range p.Rows {
		p.Fine = p.Fine && r.Try == ""
	}
	return a.views.Send(c, fiber.StatusOK, "kiosk/status", p)
}

// tryScan says what kind of code the scanner read. Nothing is recorded, and the
// code is not shown again.
func (a *app) tryScan(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "ticket", "scan")
	if err != nil {
		return err
	}
	if _, ok := a.corner.take(form["ticket"]); !ok {
		return a.refuse(c, 0, survey.New(survey.CodeUnauthorised))
	}
	l := httpx.Language(c)
	t := ticket{scanned: l.T("corner.scan.nothing")}
	if form["scan"] != "" {
		subject, err := a.capture.Scan(form["scan"])
		switch e := survey.ErrorOf(err); {
		case err == nil && subject.Binding == survey.BindingReceipt:
			t.scanned, t.readable = l.T("corner.scan.receipt"), true
		case err == nil:
			t.scanned, t.readable = l.T("corner.scan.dossier"), true
		case l.Tag == "en":
			t.scanned = e.MessageEN
		default:
			t.scanned = e.Message
		}
	}
	return a.toCorner(c, t)
}

// showStatus is for programs, which send the PIN as a bearer's token; a person's
// browser is asked for it.
func (a *app) showStatus(c *fiber.Ctx) error {
	pin, ok := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
	if !ok {
		if isPage(c) {
			return c.Redirect(httpx.Language(c).Link("/staff"), fiber.StatusSeeOther)
		}
		return survey.New(survey.CodeUnauthorised)
	}
	if wait, err := a.corner.admit(pin); err != nil {
		return a.refuse(c, wait, err)
	}
	s, err := a.status(c.UserContext())
	if err != nil {
		return err
	}
	return httpx.SendJSON(c, fiber.StatusOK, a.answer(s))
}
