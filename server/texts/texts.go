// Package texts is where what people wrote is read and erased, by those who may:
// the comments and the contact data of a unit, without scores, without dossiers,
// and no closer than the month.
package texts

import (
	"context"
	"database/sql"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/audit"
)

// Recorder makes facts durable and notes what changed nothing, with who did it;
// *audit.Recorder is one.
type Recorder interface {
	Append(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error)
	Note(ctx context.Context, action, subject string, d audit.Detail) error
}

// Deps are what the pages need; Now may be nil.
type Deps struct {
	DB       *sql.DB // reads the projection
	Recorder Recorder
	// Words opens what a person wrote; false where it is not here.
	Words func(ctx context.Context, digest [32]byte) (survey.Writing, bool, error)
	Views *httpx.Views
	Now   func() time.Time
}

// Register adds the pages to the app. They need the guard of server/access before
// them: only it says who asks.
func Register(app fiber.Router, d Deps) {
	if d.Now == nil {
		d.Now = time.Now
	}
	app.Get("/texts", d.showTexts)
	app.Get("/texts/file", d.exportTexts)
	app.Get("/texts/erase", d.askErase)
	app.Post("/texts/erase", d.erase)
}

// frame is what the frame of staff pages shows.
type frame struct {
	httpx.Frame
	Nav            string
	Sample, Charts bool
}

func newFrame(c *fiber.Ctx, titleKey string) frame {
	f := frame{Frame: httpx.NewFrame(c, ""), Nav: "texts"}
	f.Title = f.L.T(titleKey)
	return f
}

// scope is whose texts a person may read; unit is "" for all.
func scope(c *fiber.Ctx) (p access.Person, unit string, err error) {
	p, ok := access.From(c)
	if !ok || !p.Role.Contacts() {
		return p, "", survey.New(survey.CodeForbidden)
	}
	if p.Role == access.Auditor {
		return p, "", nil
	}
	if p.Unit == "" {
		return p, "", survey.New(survey.CodeForbidden)
	}
	return p, p.Unit, nil
}
