package api

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/organisation"
	"hailong/server/questionnaire"
	"hailong/server/register"
)

// MaxBody is the greatest body of any route here, in bytes: the app must take
// as much. The routes that need less refuse more.
const MaxBody = register.MaxCSV + 1<<10

// Greatest bodies in bytes: of many dossiers, and of one thing.
const (
	manyBody = 4 << 20
	oneBody  = 64 << 10
)

// Registrar records what programs and operators send; *register.Register is
// one, and says what each method answers.
type Registrar interface {
	Register(ctx context.Context, rows []register.Row) ([]register.Result, error)
	Reprint(ctx context.Context, code string) (register.Registered, error)
	Belongs(ctx context.Context, hash [32]byte, code string) error
	Printed(id receipt.ID) register.Registered
	IssueSlips(ctx context.Context, unit, desk string, service survey.Service, count int) ([]register.Registered, error)
	Events(ctx context.Context, rows []register.EventRow) ([]register.EventResult, error)
	ImportCSV(ctx context.Context, lines []register.Line, progress func(done, total int)) (register.Imported, error)
	LoadOrganisation(ctx context.Context, o *organisation.Organisation) (register.Loaded, error)
	LoadQuestionnaire(ctx context.Context, v *questionnaire.Version) (bool, error)
	Questionnaires(ctx context.Context) ([]register.Sheet, error)
	Admit(ctx context.Context, kiosk string, public ed25519.PublicKey) (bool, error)
	Revoke(ctx context.Context, public ed25519.PublicKey, reason string) (bool, error)
	Decide(ctx context.Context, origin fact.OriginID, number uint64, hash fact.Hash, reason string) (bool, error)
	NamesOf(ctx context.Context, desk, unit string) (register.Names, error)
	Desks(ctx context.Context, unit string) ([]fact.Desk, error)
	KioskDesks(ctx context.Context) ([]fact.Desk, error)
	IsSample(ctx context.Context) (bool, error)
}

// Deps is what the routes stand on; all are required.
type Deps struct {
	Register Registrar
	Views    *httpx.Views
	Now      func() time.Time
}

// Register adds every route of this package but the index's: see RegisterIndex.
// Who may ask for them is said by access.Guard.
func Register(app fiber.Router, d Deps) {
	post := func(path string, most int, handler fiber.Handler) {
		app.Post(path, httpx.Limit(most), within, handler)
	}
	post("/api/v1/receipts", manyBody, d.registerDossiers)
	post("/api/v1/receipts/reprint", oneBody, d.reprintReceipt)
	post("/api/v1/receipts/page", oneBody, d.printReceipt)
	post("/api/v1/receipts/import", register.MaxCSV, d.importDossiers)
	post("/api/v1/slips", oneBody, d.issueSlips)
	post("/api/v1/dossiers/events", manyBody, d.recordEvents)
	post("/api/v1/organisation", organisation.MaxFile, d.loadOrganisation)
	post("/api/v1/questionnaires", questionnaire.MaxFile, d.loadQuestionnaire)
	app.Get("/api/v1/questionnaires", d.showQuestionnaires)
	post("/api/v1/kiosks/admit", oneBody, d.admitKiosk)
	post("/api/v1/kiosks/revoke", oneBody, d.revokeKiosk)
	post("/api/v1/forks/decide", oneBody, d.decideFork)
	app.Get("/print/receipts", d.printSheet)
	app.Get("/openapi.json", showOpenAPI)
}

// within keeps a program to the dossiers of its unit.
func within(c *fiber.Ctx) error {
	if p, _ := access.From(c); p.Role == access.Program {
		c.SetUserContext(register.Within(c.UserContext(), p.Unit))
	}
	return c.Next()
}

// Fault is why one entry was not taken.
type Fault struct {
	Code    survey.Code `json:"code"`
	Message string      `json:"message"`
}

// faultJSON tells an error in the request's language.
func faultJSON(c *fiber.Ctx, e *survey.Error) *Fault {
	if e == nil {
		return nil
	}
	f := &Fault{Code: e.Code, Message: e.Message}
	if l := httpx.Language(c); l.Language != nil && l.Tag == "en" {
		f.Message = e.MessageEN
	}
	return f
}

// Receipt is a receipt or slip that was given out just now.
type Receipt struct {
	ID      string `json:"id"`
	Grouped string `json:"grouped" doc:"in fours, for people to read and type"`
	URL     string `json:"url" doc:"what the QR holds"`
	PNG     string `json:"png,omitempty" doc:"of the QR: base64"`
	SVG     string `json:"svg,omitempty" doc:"of the QR"`
}

// pixels is the size of a module in the PNG of a QR code.
const pixels = 8

// receiptJSON describes a receipt, with pictures of its QR where asked for.
func receiptJSON(x register.Registered, pictures bool) (*Receipt, error) {
	r := &Receipt{ID: x.ID.String(), Grouped: x.ID.Grouped(), URL: x.URL}
	if !pictures {
		return r, nil
	}
	qr, err := receipt.NewQR(x.URL)
	if err != nil {
		return nil, err
	}
	png, err := qr.PNG(pixels * qr.Modules())
	if err != nil {
		return nil, err
	}
	r.PNG, r.SVG = base64.StdEncoding.EncodeToString(png), string(qr.SVG())
	return r, nil
}

// picturesWanted reads ?pictures=false, for callers who only need the URL.
func picturesWanted(c *fiber.Ctx) (bool, error) {
	q, err := httpx.Query(c, "pictures")
	if err != nil {
		return false, err
	}
	switch q["pictures"] {
	case "", "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, survey.New(survey.CodeBadField, "pictures")
}
