package api

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/index"
)

// Tree is the answer of GET /api/v1/tree.
type Tree struct {
	From   survey.Day   `json:"from"`
	To     survey.Day   `json:"to"` // the first day after the period
	Before Span         `json:"before"`
	Least  int64        `json:"least_answers"`
	Sample bool         `json:"sample"`
	Months []survey.Day `json:"months" doc:"first days of the trends' months"`
	Lines  []TreeLine   `json:"lines"`
}

// TreeLine is one unit and kind of service, each before those below it.
type TreeLine struct {
	IndexRow
	Depth  int           `json:"depth"` // 0 is the root
	Change Change        `json:"change"`
	Trend  []TreeTally   `json:"trend"` // by month
	Under  *TreeSubtotal `json:"under"` // the units below it; null: none
}

// TreeTally is a number of ballots and how many are satisfied.
type TreeTally struct {
	Answers   int64 `json:"answers"`
	Satisfied int64 `json:"satisfied"`
}

// Change compares with the period before.
type Change struct {
	Before    TreeTally `json:"before"`
	Direction string    `json:"direction" enum:"up,down,same," doc:"same: the two can't be told apart; empty: one has no answers"`
	Points    float64   `json:"points" doc:"the rate less the one before, -1…1"`
	Interval  Interval  `json:"interval" doc:"95%, Newcombe, of the difference"`
}

// TreeSubtotal sums up the units below one.
type TreeSubtotal struct {
	Units int `json:"units"`
	IndexFigures
	Met           int           `json:"met"` // units
	NotMet        int           `json:"not_met"`
	TooFew        int           `json:"too_few"`
	Change        Change        `json:"change"`
	Trend         []TreeTally   `json:"trend"`
	Participation Participation `json:"participation"`
	Voided        int64         `json:"voided"`
}

// showTree answers GET /api/v1/tree.
func showTree(x Indexer) fiber.Handler {
	return func(c *fiber.Ctx) error {
		given, err := httpx.Query(c, "from", "to", "before_from", "before_to", "unit", "service")
		if err != nil {
			return err
		}
		var q index.ProvinceQuery
		for _, name := range []string{"from", "to"} {
			if given[name] == "" {
				return survey.New(survey.CodeMissingField, name)
			}
		}
		if q.Period, err = survey.ParsePeriod(given["from"], given["to"]); err != nil {
			return err
		}
		q.Before = survey.Period{From: q.Period.From - (q.Period.To - q.Period.From), To: q.Period.From}
		if given["before_from"]+given["before_to"] != "" {
			if q.Before, err = survey.ParsePeriod(given["before_from"], given["before_to"]); err != nil {
				return err
			}
		}
		q.Unit = httpx.Copy(given["unit"])
		if s, ok := given["service"]; ok {
			if q.Service, err = survey.ParseService(s); err != nil {
				return err
			}
		}
		p, err := x.Province(c.UserContext(), q)
		if err != nil {
			return err
		}
		scope := access.ScopeOf(c)
		p.Lines = slices.DeleteFunc(p.Lines, func(l index.Line) bool { return !scope.Unit(l.Unit.Code) })
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.JSON(treeJSON(&p))
	}
}

func treeJSON(p *index.Province) Tree {
	t := Tree{From: p.Period.From, To: p.Period.To, Before: Span{p.Before.From, p.Before.To}, Least: p.Least, Sample: p.Sample,
		Months: p.Months[:], Lines: make([]TreeLine, len(p.Lines))}
	for i := range p.Lines {
		l := &p.Lines[i]
		t.Lines[i] = TreeLine{IndexRow: rowJSON(&l.Row), Depth: l.Depth, Change: changeJSON(l.Change, l.Before), Trend: trendJSON(l.Trend)}
		if u := l.Under; u != nil {
			t.Lines[i].Under = &TreeSubtotal{Units: u.Units, IndexFigures: figuresJSON(&u.Judged), Met: u.Verdicts[survey.VerdictMet],
				NotMet: u.Verdicts[survey.VerdictNotMet], TooFew: u.Verdicts[survey.VerdictTooFew], Change: changeJSON(u.Change, u.Before),
				Trend: trendJSON(u.Trend), Participation: Participation{u.Dossiers, u.Rated, ratio(u.Rated, u.Dossiers)}, Voided: u.Voided}
		}
	}
	return t
}

func changeJSON(c index.Change, before survey.Tally) Change {
	return Change{TreeTally{before.Answers, before.Satisfied}, c.Direction.String(), c.Points, Interval{c.Low, c.High}}
}

func trendJSON(t index.Trend) []TreeTally {
	all := make([]TreeTally, len(t))
	for i, n := range t {
		all[i] = TreeTally{n.Answers, n.Satisfied}
	}
	return all
}
