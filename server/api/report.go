package api

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/periodic"
	"hailong/server/report"
)

// Reporter fills reports; *periodic.Filler is one. Its errors are survey errors
// where the question was wrong.
type Reporter interface {
	Fill(context.Context, periodic.Ask) (*report.Report, error)
}

// Keeper has the reports of closed periods; *periodic.Store is one. File gives
// CodeNotFound for a name that is not in List.
type Keeper interface {
	List() []periodic.Kept
	File(name string) (periodic.Kept, []byte, error)
}

// reportsAtOnce bounds how many reports are made at a time: each takes a core
// for a while.
const reportsAtOnce = 2

// RegisterReports adds the reports of any period, and those that are kept.
func RegisterReports(app fiber.Router, r Reporter, k Keeper) {
	turn := make(chan struct{}, reportsAtOnce)
	app.Get("/api/v1/reports", func(c *fiber.Ctx) error {
		q, format, err := reportQuery(c)
		if err != nil {
			return err
		}
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-c.UserContext().Done():
			return survey.Wrap(survey.CodeBusy, c.UserContext().Err())
		}
		filled, err := r.Fill(c.UserContext(), q)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := filled.Write(&b, format); errors.Is(err, report.ErrNoFont) {
			return survey.Wrap(survey.CodeUnavailable, err)
		} else if err != nil {
			return err
		}
		return sendFile(c, filled.Name(format), format, b.Bytes())
	})
	app.Get("/api/v1/reports/kept", func(c *fiber.Ctx) error {
		if _, err := httpx.Query(c); err != nil {
			return err
		}
		out := KeptReports{Reports: []KeptReport{}}
		for _, f := range k.List() {
			out.Reports = append(out.Reports, KeptReport{Name: f.Name, From: f.Period.From, To: f.Period.To, Format: f.Format,
				Size: f.Size, SHA256: f.SHA256, Closed: f.Closed.In(survey.Zone).Format(time.RFC3339)})
		}
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.JSON(out)
	})
	app.Get("/api/v1/reports/kept/file", func(c *fiber.Ctx) error {
		q, err := httpx.Query(c, "name")
		if err != nil {
			return err
		}
		f, data, err := k.File(q["name"])
		if err != nil {
			return err
		}
		return sendFile(c, f.Name, f.Format, data)
	})
}

// KeptReports is the answer of GET /api/v1/reports/kept.
type KeptReports struct {
	Reports []KeptReport `json:"reports" doc:"the latest period first"`
}

// KeptReport is one file of a closed period.
type KeptReport struct {
	Name   string        `json:"name"`
	From   survey.Day    `json:"from"`
	To     survey.Day    `json:"to"` // the first day after the period
	Format report.Format `json:"format"`
	Size   int64         `json:"size" doc:"bytes"`
	SHA256 string        `json:"sha256" doc:"of the file; made again, it has the same"`
	Closed string        `json:"closed" doc:"when the period was closed, RFC 3339"`
}

// reportQuery reads which report is asked for. What is there and empty, as a
// form sends it, is as if it were not.
func reportQuery(c *fiber.Ctx) (q periodic.Ask, f report.Format, err error) {
	given, err := httpx.Query(c, "period", "from", "to", "until", "unit", "format", "language")
	if err != nil {
		return q, f, err
	}
	if q.Period, err = reportPeriod(given); err != nil {
		return q, f, err
	}
	q.Unit, q.Language = given["unit"], given["language"]
	if !slices.Contains([]string{"", "vi", "en"}, q.Language) {
		return q, f, survey.New(survey.CodeBadField, "language")
	}
	if f = report.Format(given["format"]); f == "" {
		f = report.XLSX
	}
	if f.MIME() == "" {
		return q, f, survey.New(survey.CodeBadField, "format")
	}
	return q, f, nil
}

// reportPeriod reads a period by its name, or by its days: the last is given as
// until, or the one after it as to.
func reportPeriod(given map[string]string) (survey.Period, error) {
	if name := given["period"]; name != "" {
		for _, other := range []string{"from", "to", "until"} {
			if given[other] != "" {
				return survey.Period{}, survey.New(survey.CodeUnknownParameter, other)
			}
		}
		return periodic.ParsePeriod("period", name)
	}
	switch {
	case given["from"] == "":
		return survey.Period{}, survey.New(survey.CodeMissingField, "from")
	case given["until"] == "":
		if given["to"] == "" {
			return survey.Period{}, survey.New(survey.CodeMissingField, "to")
		}
		return survey.ParsePeriod(given["from"], given["to"])
	case given["to"] != "":
		return survey.Period{}, survey.New(survey.CodeUnknownParameter, "to")
	}
	from, err := survey.ParseDay(given["from"])
	if err != nil {
		return survey.Period{}, err
	}
	until, err := survey.ParseDay(given["until"])
	p := survey.Period{From: from, To: until + 1}
	if err == nil {
		err = p.Check()
	}
	return p, err
}

// sendFile answers with a file to keep. Its name is ours: letters, digits, dots
// and dashes.
func sendFile(c *fiber.Ctx, name string, f report.Format, data []byte) error {
	c.Set(fiber.HeaderContentType, f.MIME())
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(data)
}
