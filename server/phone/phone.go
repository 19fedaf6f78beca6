// Package phone is the page behind a receipt's QR code: it works without
// scripts and cookies, and says only what is not about a person.
package phone

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/capture"
	"hailong/internal/httpx"
	"hailong/internal/receipt"
	"hailong/internal/survey"
)

// Receipts tells what is known of a receipt or slip.
type Receipts interface {
	// Lookup finds one by its hash. An unknown receipt is no error: Known.Found
	// is false. It changes nothing.
	Lookup(ctx context.Context, hash [32]byte) (Known, error)
}

// Known is what a page may say of a receipt: nothing of a person.
type Known struct {
	Found              bool
	DeskName, UnitName string     // in Vietnamese; the desk's may be empty
	DeskEN, UnitEN     string     // may be empty
	Received           survey.Day // when the dossier was handed in; 0 for slips
	WindowOpen         bool       // an answer given now would count
	Until              survey.Day // last day on which one would; 0: not known
}

// Deps is what the pages stand on; all are required.
type Deps struct {
	Receipts Receipts
	Capture  *capture.Capture // of survey.ChannelPhone
	Views    *httpx.Views
	Now      func() time.Time
}

// Register adds /r and /r/{id}, in upper case too, as the QR has them.
func Register(app fiber.Router, d Deps) {
	p := &pages{d}
	app.Get("/r", p.showType)
	app.Post("/r", p.saveType)
	app.Get("/r/:id", p.showRate)
	app.Post("/r/:id", p.saveRate)
	app.Get("/r/:id/thanks", p.showThanks)
}

type pages struct{ Deps }

// TypePage asks for the code; with a Problem it is also the page of a receipt
// that is not known.
type TypePage struct {
	httpx.Frame
	Problem string
}

// RatePage asks the question.
type RatePage struct {
	httpx.Frame
	Path  string // of this receipt's page
	About string // what is known, as a sentence
	Until string // last day for an answer, as written; "": not known
	Began int64  // Unix milliseconds
	Faces []Face
}

// Face is one answer of the scale with its word.
type Face struct {
	Score int
	Word  string
}

// ThanksPage says that the answer is recorded, not which it was.
type ThanksPage struct {
	httpx.Frame
	Path, Until string
}

// ClosedPage says that the window is closed.
type ClosedPage struct {
	httpx.Frame
	About string
}

func (p *pages) showType(c *fiber.Ctx) error { return p.typePage(c, nil) }

// typePage shows the field for the code, with the sentence of an error.
func (p *pages) typePage(c *fiber.Ctx, fault *survey.Error) error {
	page, status := TypePage{Frame: httpx.NewFrame(c, "")}, fiber.StatusOK
	page.Title = page.L.T("phone.type.title")
	if fault != nil {
		status, page.Problem = fault.Code.Status(), fault.Message
		if page.L.Tag == "en" {
			page.Problem = fault.MessageEN
		}
		if fault.Code == survey.CodeUnknownReceipt {
			page.Title = page.L.T("phone.unknown.title")
		}
	}
	return p.Views.Send(c, status, "phone/type", page)
}

func (p *pages) saveType(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "code")
	if err != nil {
		return err
	}
	scanned, err := receipt.Scan(form["code"])
	if err == nil && scanned.Bound != survey.BindingReceipt {
		err = survey.New(survey.CodeBadReceiptID)
	}
	if err != nil {
		return p.typePage(c, survey.ErrorOf(err))
	}
	return c.Redirect(httpx.Language(c).Link("/r/"+scanned.ID.String()), fiber.StatusSeeOther)
}

// find looks up the receipt of the address. Where it is malformed or unknown,
// the fault is what to say on the page; err is ours.
func (p *pages) find(c *fiber.Ctx) (id receipt.ID, known Known, fault *survey.Error, err error) {
	id, err = receipt.ParseID(httpx.Param(c, "id"))
	if err != nil {
		return id, known, survey.New(survey.CodeUnknownReceipt), nil
	}
	known, err = p.Receipts.Lookup(c.UserContext(), id.Hash())
	if err == nil && !known.Found {
		fault = survey.New(survey.CodeUnknownReceipt)
	}
	return id, known, fault, err
}

func (p *pages) showRate(c *fiber.Ctx) error {
	id, known, fault, err := p.find(c)
	switch {
	case err != nil:
		return err
	case fault != nil:
		return p.typePage(c, fault)
	case !known.WindowOpen:
		return p.closedPage(c, known, fiber.StatusOK)
	}
	page := RatePage{Frame: httpx.NewFrame(c, ""), Path: "/r/" + id.String(), Began: p.Now().UnixMilli()}
	page.Title = page.L.T("phone.title")
	page.About = about(page.Frame, known)
	page.Until = until(page.Frame, known)
	for score := 5; score >= 1; score-- {
		page.Faces = append(page.Faces, Face{score, page.L.T("face." + strconv.Itoa(score))})
	}
	return p.Views.Send(c, fiber.StatusOK, "phone/rate", page)
}

func (p *pages) closedPage(c *fiber.Ctx, known Known, status int) error {
	page := ClosedPage{Frame: httpx.NewFrame(c, "")}
	page.Title = page.L.T("phone.closed.title")
	page.About = about(page.Frame, known)
	return p.Views.Send(c, status, "phone/closed", page)
}

func (p *pages) saveRate(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "score", "began")
	if err != nil {
		return err
	}
	score, err := strconv.ParseUint(form["score"], 10, 8)
	if err != nil || !survey.Score(score).Valid() {
		return survey.New(survey.CodeBadScore)
	}
	id, known, fault, err := p.find(c)
	switch {
	case err != nil:
		return err
	case fault != nil:
		return p.typePage(c, fault)
	case !known.WindowOpen:
		return p.closedPage(c, known, fiber.StatusGone)
	}
	language := httpx.Language(c)
	_, err = p.Capture.Rate(c.UserContext(), capture.Input{
		Subject: capture.Receipt(id.Hash()), Score: survey.Score(score), Language: language.Tag, Took: p.took(form["began"]),
	})
	if err != nil {
		return err
	}
	// The page behind the redirect shows no answer: neither reload nor the back
	// button tells it to whoever looks over a shoulder.
	return c.Redirect(language.Link("/r/"+id.String()+"/thanks"), fiber.StatusSeeOther)
}

// took is the time since the page was shown; 0 where the field can't be right.
func (p *pages) took(began string) time.Duration {
	ms, err := strconv.ParseInt(began, 10, 64)
	if err != nil {
		return 0
	}
	took := p.Now().Sub(time.UnixMilli(ms))
	if took < 0 || took > time.Hour {
		return 0
	}
	return took
}

func (p *pages) showThanks(c *fiber.Ctx) error {
	id, known, fault, err := p.find(c)
	switch {
	case err != nil:
		return err
	case fault != nil:
		return p.typePage(c, fault)
	}
	page := ThanksPage{Frame: httpx.NewFrame(c, ""), Path: "/r/" + id.String()}
	page.Title = page.L.T("recorded")
	page.Until = until(page.Frame, known)
	return p.Views.Send(c, fiber.StatusOK, "phone/thanks", page)
}

// about says what is known of a receipt.
func about(f httpx.Frame, k Known) string {
	desk, unit := k.DeskName, k.UnitName
	if f.L.Tag == "en" {
		desk, unit = cmp.Or(k.DeskEN, desk), cmp.Or(k.UnitEN, unit)
	}
	place := cmp.Or(desk, unit)
	switch {
	case place == "":
		return ""
	case k.Received == 0:
		return f.L.T("phone.about.place", "Desk", place)
	}
	return f.L.T("phone.about.dossier", "Desk", place, "Day", f.L.Date(k.Received.Start()))
}

func until(f httpx.Frame, k Known) string {
	if k.Until == 0 {
		return ""
	}
	return f.L.Date(k.Until.Start())
}
