package api

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/index"
)

// ClosedIndex answers what closed months published; *index.Index is one. Its
// errors are survey errors where the question was wrong.
type ClosedIndex interface {
	Months(context.Context) ([]index.ClosedMonth, error)
	Breakdown(context.Context, index.BreakdownQuery) (index.Breakdown, error)
}

// RegisterClosed adds what closed months published.
func RegisterClosed(app fiber.Router, x ClosedIndex) {
	app.Get("/api/v1/closings", func(c *fiber.Ctx) error {
		if _, err := httpx.Query(c); err != nil {
			return err
		}
		months, err := x.Months(c.UserContext())
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.JSON(Closings{closedMonths(months)})
	})
	app.Get("/api/v1/breakdown", func(c *fiber.Ctx) error {
		q, err := breakdownQuery(c)
		if err != nil {
			return err
		}
		b, err := x.Breakdown(c.UserContext(), q)
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.JSON(breakdownJSON(b))
	})
}

func breakdownQuery(c *fiber.Ctx) (q index.BreakdownQuery, err error) {
	given, err := httpx.Query(c, "unit", "service", "by", "from", "to")
	if err != nil {
		return q, err
	}
	for _, name := range []string{"unit", "service", "by", "from", "to"} {
		if given[name] == "" {
			return q, survey.New(survey.CodeMissingField, name)
		}
	}
	q.Unit, q.By = httpx.Copy(given["unit"]), httpx.Copy(given["by"])
	if q.Service, err = survey.ParseService(given["service"]); err != nil {
		return q, err
	}
	q.Period, err = survey.ParsePeriod(given["from"], given["to"])
	return q, err
}

// Closings is the answer of GET /api/v1/closings.
type Closings struct {
	Months []ClosedMonth `json:"months"` // the oldest first
}

// ClosedMonth is a month of which the figures are published.
type ClosedMonth struct {
	From     survey.Day `json:"from"`
	To       survey.Day `json:"to"` // the first day after it
	ClosedAt time.Time  `json:"closed_at"`
	By       string     `json:"by" doc:"server that closed"`
	Closing  string     `json:"closing" doc:"origin and number of the fact"`
}

func closedMonths(months []index.ClosedMonth) []ClosedMonth {
	all := make([]ClosedMonth, len(months))
	for i, m := range months {
		all[i] = ClosedMonth{m.Month.From, m.Month.To, m.At.In(survey.Zone), m.By, m.Closing}
	}
	return all
}

// Breakdown is the answer of GET /api/v1/breakdown.
type Breakdown struct {
	Unit    IndexUnit      `json:"unit"`
	Service survey.Service `json:"service"`
	By      string         `json:"by"`
	Months  []ClosedMonth  `json:"months" doc:"closed months that are in it"`
	Without []ClosedMonth  `json:"months_without" doc:"of these, in which it is not published, as it would tell what a single person said"`
	Whole   PartFigures    `json:"whole"`
	Parts   []Part         `json:"parts"`
}

// Part is one value's ballots.
type Part struct {
	Value string `json:"value" doc:"empty: not known; of procedures without the field"`
	Field string `json:"field,omitempty" doc:"of a procedure"`
	Other bool   `json:"other" doc:"values that have too few ballots alone"`
	PartFigures
}

// PartFigures are counts, rate and certainty.
type PartFigures struct {
	Answers   int64     `json:"answers"`
	Satisfied int64     `json:"satisfied"`
	Rate      *float64  `json:"rate"`     // 0…1; null without answers
	Interval  *Interval `json:"interval"` // 95%, Wilson; null without answers
	Scores    Scores    `json:"scores"`
}

func partFigures(n survey.Counts) PartFigures {
	f := PartFigures{Answers: n.Answers(), Satisfied: n.Satisfied(), Scores: Scores{n[0], n[1], n[2], n[3], n[4]}}
	if f.Answers > 0 {
		low, high := survey.Wilson(f.Satisfied, f.Answers)
		f.Rate, f.Interval = ratio(f.Satisfied, f.Answers), &Interval{low, high}
	}
	return f
}

func breakdownJSON(b index.Breakdown) Breakdown {
	a := Breakdown{
		Unit: IndexUnit{b.Unit.Code, b.Unit.Name, b.Unit.NameEN, b.Unit.Kind, b.Unit.KindName, b.Unit.Parent}, Service: b.Service, By: b.By, Months: closedMonths(b.Months), Without: closedMonths(b.Without),
		Whole: partFigures(b.Total.Counts), Parts: make([]Part, len(b.Parts)),
	}
	for i, p := range b.Parts {
		a.Parts[i] = Part{p.Value, p.Field, p.Other, partFigures(p.Counts)}
	}
	return a
}
