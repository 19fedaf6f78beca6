// Package phone is the page behind a receipt's QR code: it works without
// scripts and cookies, and says only what is not about a person.
package phone

import (
	"cmp"
	"context"
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

// Questionnaires give what is asked.
type Questionnaires interface {
	// InForce gives the version of today; nil where none was loaded.
	InForce(ctx context.Context) (*survey.Questionnaire, error)
	// Version gives any; nil where it is not known.
	Version(ctx context.Context, number uint16) (*survey.Questionnaire, error)
}

// Known is what a page may say of a receipt: nothing of a person.
type Known struct {
	Found              bool
	DeskName, UnitName string // in Vietnamese; the desk's may be empty
	DeskEN, UnitEN     string // may be empty
	Service            survey.Service
	Step               survey.Step // that the dossier has reached; 0 for slips
	Officer            bool        // the receipt names one
	Received           survey.Day  // when the dossier was handed in; 0 for slips
	WindowOpen         bool        // an answer given now would count
	Until              survey.Day  // last day on which one would; 0: not known
}

// Deps is what the pages stand on; all are required.
type Deps struct {
	Receipts       Receipts
	Questionnaires Questionnaires
	Languages      func(context.Context) ([]string, error) // offered, by tag
	Capture        *capture.Capture                        // of survey.ChannelPhone
	Data           Data
	Views          *httpx.Views
	Misses         *httpx.Misses // of receipts that there are not
	Key            [32]byte      // seals what an address carries on; the same on all servers
	Now            func() time.Time
}

// maxBody is the greatest form in bytes: 10,000 characters of any kind, each of
// up to four bytes as %XX, are taken, and cut where they are stored.
const maxBody = 256 << 10

// Register adds /r and /r/{id}, in upper case too, as the QR has them.
func Register(app fiber.Router, d Deps) {
	p := &pages{d}
	app.Get("/r", p.page(p.showType))
	app.Post("/r", p.page(p.saveType))
	app.Get("/r/:id", p.page(p.showRate))
	app.Post("/r/:id", p.page(p.saveRate))
	app.Get("/r/:id/more", p.page(p.showMore))
	app.Post("/r/:id/more", p.page(p.saveMore))
	app.Get("/r/:id/thanks", p.page(p.showThanks))
	app.Get("/r/:id/data", p.page(p.showData))
	app.Get("/privacy", p.page(p.showPrivacy))
}

type pages struct{ Deps }

// page is what each of these pages begins with: its languages, where an error's
// page leads back to, and the bound of a form.
func (p *pages) page(h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		tags, err := p.Languages(c.UserContext())
		if err != nil {
			return err
		}
		httpx.Offer(c, tags...)
		home := "/r"
		if id, err := receipt.ParseID(httpx.Param(c, "id")); err == nil {
			home = address(id)
		}
		httpx.Home(c, home)
		if len(c.Body()) > maxBody {
			return survey.New(survey.CodeBodyTooLarge)
		}
		return h(c)
	}
}

// address is the path of a receipt's page.
func address(id receipt.ID) string { return "/r/" + id.String() }

// TypePage asks for the code; with a Problem it is also the page of a receipt
// that is not known.
type TypePage struct {
	httpx.Frame
	Problem string
}

// ThanksPage says that the answer is recorded, not which it was.
type ThanksPage struct {
	httpx.Frame
	Path, Until    string
	Proof          string // the proof code, in groups; "": none
	ProofPath      string // of what it shows
	Cut, NoContact bool   // what was written was cut; a wish to be contacted was not kept
}

// ClosedPage says that the window is closed.
type ClosedPage struct {
	httpx.Frame
	Path, About string
}

func (p *pages) showType(c *fiber.Ctx) error { return p.typePage(c, nil) }

// typePage shows the field for the code, with the sentence of an error.
func (p *pages) typePage(c *fiber.Ctx, fault *survey.Error) error {
	page, status := TypePage{Frame: httpx.NewFrame(c, "")}, fiber.StatusOK
	page.Title = page.L.T("phone.type.title")
	if fault != nil {
		status, page.Problem = fault.Code.Status(), fault.Message
		switch page.L.Tag {
		case "vi":
		case "en":
			page.Problem = fault.MessageEN
		default: // errors have their sentences in these two alone
			page.Problem = page.L.T("phone.type.problem")
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
	return c.Redirect(httpx.Language(c).Link(address(scanned.ID)), fiber.StatusSeeOther)
}

// found is the receipt of an address, with what is known of it.
type found struct {
	id    receipt.ID
	known Known
}

// find looks up the receipt of the address. Where there is none, or its window
// is closed and the page is not for that, it answers itself: done is true.
func (p *pages) find(c *fiber.Ctx, closedToo bool) (f found, done bool, err error) {
	if f.id, err = receipt.ParseID(httpx.Param(c, "id")); err == nil {
		if f.known, err = p.Receipts.Lookup(c.UserContext(), f.id.Hash()); err != nil {
			return f, false, err
		}
	}
	switch {
	case !f.known.Found:
		fault := survey.New(survey.CodeUnknownReceipt)
		if err := p.Misses.Count(c); err != nil {
			fault = survey.ErrorOf(err)
		}
		return f, true, p.typePage(c, fault)
	case !f.known.WindowOpen && !closedToo:
		page, status := ClosedPage{Frame: httpx.NewFrame(c, "")}, fiber.StatusOK
		if c.Method() == fiber.MethodPost {
			status = fiber.StatusGone
		}
		page.Title = page.L.T("phone.closed.title")
		page.Path, page.About = address(f.id), f.about(page.Frame)
		return f, true, p.Views.Send(c, status, "phone/closed", page)
	}
	return f, false, nil
}

func (p *pages) showThanks(c *fiber.Ctx) error {
	f, done, err := p.find(c, true)
	if err != nil || done {
		return err
	}
	page := ThanksPage{
		Frame: httpx.NewFrame(c, ""), Path: address(f.id), Cut: c.Query("cut") != "", NoContact: c.Query("nocontact") != "",
	}
	page.Title = page.L.T("recorded")
	page.Until = f.until(page.Frame)
	if proof, err := receipt.ParseProof(c.Query(fieldProof)); err == nil {
		page.Proof, page.ProofPath = proof.Grouped(), "/proof/"+proof.String()
	}
	return p.Views.Send(c, fiber.StatusOK, "phone/thanks", page)
}

// fieldProof carries the proof code to the thanks.
const fieldProof = "p"

// about says what is known of the receipt.
func (f found) about(at httpx.Frame) string {
	k := f.known
	desk, unit := k.DeskName, k.UnitName
	if at.L.Tag == "en" {
		desk, unit = cmp.Or(k.DeskEN, desk), cmp.Or(k.UnitEN, unit)
	}
	place := cmp.Or(desk, unit)
	switch {
	case place == "":
		return ""
	case k.Received == 0:
		return at.L.T("phone.about.place", "Desk", place)
	}
	return at.L.T("phone.about.dossier", "Desk", place, "Day", at.L.Date(k.Received.Start()))
}

func (f found) until(at httpx.Frame) string {
	if f.known.Until == 0 {
		return ""
	}
	return at.L.Date(f.known.Until.Start())
}
