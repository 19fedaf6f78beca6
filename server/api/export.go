package api

import (
	"bufio"
	"context"
	"io"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/audit"
	"hailong/server/export"
)

// Exporter has single ballots of closed months; *export.Store is one. Open gives
// CodeNotClosed where a day of the period is in none.
type Exporter interface {
	Open(p survey.Period, unit string) (*export.Export, error)
}

// exportFormats are the media types by format.
var exportFormats = map[string]string{"csv": "text/csv; charset=utf-8; header=present", "parquet": "application/vnd.apache.parquet"}

// RegisterExport adds the single ballots of closed months, for the province. Note
// records who takes them.
func RegisterExport(app fiber.Router, x Exporter, note func(ctx context.Context, action, subject string, d audit.Detail) error) {
	app.Get("/api/v1/export", func(c *fiber.Ctx) error {
		given, err := httpx.Query(c, "period", "from", "to", "until", "unit", "format")
		if err != nil {
			return err
		}
		p, err := reportPeriod(given)
		if err != nil {
			return err
		}
		format := given["format"]
		if format == "" {
			format = "csv"
		}
		if exportFormats[format] == "" {
			return survey.New(survey.CodeBadField, "format")
		}
		all, err := x.Open(p, given["unit"])
		if err != nil {
			return err
		}
		// Noted before they leave: what can't be noted is not given.
		err = note(c.UserContext(), "ballots.export", given["unit"], audit.Detail{Note: p.From.String()[:7] + " – " + p.Last().String()[:7] + ", " + format})
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, exportFormats[format])
		c.Set(fiber.HeaderContentDisposition, `attachment; filename="hai-long-ballots-`+p.From.String()[:7]+"-"+p.Last().String()[:7]+"."+format+`"`)
		c.Set(fiber.HeaderCacheControl, "no-store")
		return stream(c, func(w io.Writer) error {
			if format == "parquet" {
				return all.Write(export.NewParquet(w, all.Questions))
			}
			return all.Write(export.NewCSV(w, all.Questions))
		})
	})
}

// stream answers with what is written, as it is written. Where writing fails the
// connection breaks off, so that nobody takes a part for the whole; and where
// nobody reads any more, writing ends.
func stream(c *fiber.Ctx, write func(io.Writer) error) error {
	r, w := io.Pipe()
	go func() {
		b := bufio.NewWriterSize(w, 64<<10)
		err := write(b)
		if err == nil {
			err = b.Flush()
		}
		w.CloseWithError(err) // never fails
	}()
	c.Context().SetBodyStream(r, -1)
	return nil
}
