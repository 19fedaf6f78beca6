// Package proof serves the public pages by which people who are given nothing on
// trust can check: whether a ballot is counted, by the code that its giver kept,
// and the server's log of the facts with its signed checkpoints. They say
// nothing of what anybody answered.
package proof

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/prooflog"
)

// Log is the server's log of the facts; *prooflog.Log is one.
type Log interface {
	Server() string
	VerifierKey() (string, error)
	Latest(ctx context.Context) (prooflog.Checkpoint, bool, error)
	Sized(ctx context.Context, size uint64) (prooflog.Checkpoint, bool, error)
	Include(ctx context.Context, origin fact.OriginID, number uint64, hash fact.Hash) (prooflog.Inclusion, bool, error)
	Consistency(ctx context.Context, from, to uint64) ([][]byte, error)
}

// Deps is what the pages stand on; all are required.
type Deps struct {
	Log Log
	// Find looks up what a proof code names: see prooflog.Find.
	Find      func(ctx context.Context, code receipt.Proof) (prooflog.Found, error)
	Languages func(context.Context) ([]string, error) // offered to citizens, by tag
	Views     *httpx.Views
}

// Register adds /proof, in upper case too, as QR codes have it, and /log.
func Register(app fiber.Router, d Deps) {
	app.Get("/proof", d.citizens(d.showType))
	app.Post("/proof", d.citizens(d.saveType))
	app.Get("/proof/:code", d.citizens(d.showStanding))
	app.Get("/proof/:code/file", d.sendFile)
	app.Get("/log", d.showLog)
	app.Get("/log/checkpoint", d.sendCheckpoint)
	app.Get("/log/consistency", d.sendConsistency)
}

// citizens offers a page in the citizens' languages.
func (d Deps) citizens(h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		tags, err := d.Languages(c.UserContext())
		if err != nil {
			return err
		}
		httpx.Offer(c, tags...)
		httpx.Home(c, "/proof")
		return h(c)
	}
}

// typePage asks for a code.
type typePage struct {
	httpx.Frame
	Problem string
}

func (d Deps) showType(c *fiber.Ctx) error { return d.typePage(c, nil) }

func (d Deps) typePage(c *fiber.Ctx, fault *survey.Error) error {
	page, status := typePage{Frame: httpx.NewFrame(c, "")}, fiber.StatusOK
	page.Title = page.L.T("proof.title")
	if fault != nil {
		status, page.Problem = fault.Code.Status(), page.L.T("proof.bad")
	}
	return d.Views.Send(c, status, "phone/proof-type", page)
}

func (d Deps) saveType(c *fiber.Ctx) error {
	form, err := httpx.Form(c, "code")
	if err != nil {
		return err
	}
	code, err := receipt.ParseProof(form["code"])
	if err != nil {
		return d.typePage(c, survey.ErrorOf(err))
	}
	return c.Redirect(httpx.Language(c).Link(address(code)), fiber.StatusSeeOther)
}

func address(code receipt.Proof) string { return "/proof/" + code.String() }
