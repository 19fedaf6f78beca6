// Package api is the programs' interface of the server: JSON over HTTP, as
// /openapi.json describes it.
package api

import (
	"context"
	"slices"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/index"
)

// Indexer answers what the rates are; *index.Index is one. Its errors are
// survey errors where the question was wrong.
type Indexer interface {
	Query(context.Context, index.Query) (index.Answer, error)
	Province(context.Context, index.ProvinceQuery) (index.Province, error)
}

// RegisterIndex adds GET /api/v1/index and /api/v1/tree.
func RegisterIndex(app fiber.Router, x Indexer) {
	app.Get("/api/v1/tree", showTree(x))
	app.Get("/api/v1/index", func(c *fiber.Ctx) error {
		q, err := indexQuery(c)
		if err != nil {
			return err
		}
		a, err := x.Query(c.UserContext(), q)
		if err != nil {
			return err
		}
		scope := access.ScopeOf(c)
		a.Rows = slices.DeleteFunc(a.Rows, func(r index.Row) bool { return !scope.Unit(r.Unit.Code) })
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.JSON(indexJSON(a))
	})
}

// indexQuery reads the parameters, each known and given at most once.
func indexQuery(c *fiber.Ctx) (q index.Query, err error) {
	given := map[string]string{}
	c.Context().QueryArgs().VisitAll(func(k, v []byte) {
		name := string(k)
		_, twice := given[name]
		switch name {
		case "from", "to", "unit", "service":
		default:
			twice = true
		}
		if twice && err == nil {
			err = survey.New(survey.CodeUnknownParameter, clip(name))
		}
		given[name] = string(v)
	})
	if err != nil {
		return q, err
	}
	for _, name := range []string{"from", "to"} {
		if _, ok := given[name]; !ok {
			return q, survey.New(survey.CodeMissingField, name)
		}
	}
	if q.Period, err = survey.ParsePeriod(given["from"], given["to"]); err != nil {
		return q, err
	}
	if unit, ok := given["unit"]; ok {
		if unit == "" {
			return q, survey.New(survey.CodeUnknownUnit, "")
		}
		q.Unit = httpx.Copy(unit)
	}
	if service, ok := given["service"]; ok {
		q.Service, err = survey.ParseService(service)
	}
	return q, err
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// Index is the answer of GET /api/v1/index.
type Index struct {
	From   survey.Day `json:"from"`
	To     survey.Day `json:"to"` // the first day after the period
	Least  int64      `json:"least_answers"`
	Sample bool       `json:"sample"`
	Rows   []IndexRow `json:"units"`
}

// IndexRow is one unit and kind of service.
type IndexRow struct {
	Unit          IndexUnit      `json:"unit"`
	Service       survey.Service `json:"service"`
	IndexFigures                 // of the whole period, judged by the target of its last day
	WalkIns       int64          `json:"walk_ins"`
	Voided        int64          `json:"voided" doc:"ratings of the period that do not count because somebody declared them void, with a reason"`
	Participation Participation  `json:"participation"`
	Needed        int64          `json:"sample_needed"` // ballots that so many dossiers need, for an error of 5%
	Timeliness    Timeliness     `json:"timeliness"`
	Ratio766      *float64       `json:"ratio_766"`       // of Quyết định 766/QĐ-TTg; null for public services and without dossiers
	Shrunk        *float64       `json:"shrunk_rate"`     // for sorting; null without answers
	Band          *int           `json:"band"`            // 1 is the best; null without answers
	Parts         []IndexPart    `json:"parts,omitempty"` // where the target changed within the period
}

// Timeliness counts the dossiers returned in the period.
type Timeliness struct {
	Early        int64           `json:"early"`
	OnTime       int64           `json:"on_time"`
	Late         int64           `json:"late"`
	NoDue        int64           `json:"no_date_promised"`
	InTime       *float64        `json:"in_time_rate"` // early or on time; null without any
	EarlyRate    *float64        `json:"early_rate"`
	InTimeTarget *Target         `json:"in_time_target"` // null: none
	EarlyTarget  *Target         `json:"early_target"`
	InTimeMet    *survey.Verdict `json:"in_time_verdict"` // null without target or dossiers
	EarlyMet     *survey.Verdict `json:"early_verdict"`
}

// IndexUnit names a unit.
type IndexUnit struct {
	Code     string `json:"code"`
	Name     string `json:"name"`
	NameEN   string `json:"name_en"`
	Kind     string `json:"kind"`
	KindName string `json:"kind_name"`
	Parent   string `json:"parent"` // code; "" for the root
}

// IndexFigures are counts, rate, certainty and verdict.
type IndexFigures struct {
	Answers   int64           `json:"answers"`
	Satisfied int64           `json:"satisfied"`
	Rate      *float64        `json:"rate"`     // 0…1; null without answers
	Interval  *Interval       `json:"interval"` // 95%, Wilson; null without answers
	Straddles bool            `json:"straddles"`
	Target    *Target         `json:"target"`  // null: none
	Verdict   *survey.Verdict `json:"verdict"` // null without target
	Scores    Scores          `json:"scores"`
	Channels  Channels        `json:"channels"`
	Bindings  Bindings        `json:"bindings"`
	Changed   int64           `json:"changed"` // ballots whose answer was changed
	Covered   *Span           `json:"covered"` // days whose ballots are counted, in whole blocks; null: none
	Waiting   int64           `json:"waiting"` // ballots of the period that are not in the figures yet
}

// IndexPart is a part of the period in which one target held.
type IndexPart struct {
	Span
	IndexFigures
}

// Span is a run of days; To is the first day after it.
type Span struct {
	From survey.Day `json:"from"`
	To   survey.Day `json:"to"`
}

// Interval is a 95% interval of a rate, 0…1.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Target is what is asked for, such as above 95% (hundredths 9500).
type Target struct {
	Operator   survey.Operator `json:"operator"`
	Hundredths int32           `json:"hundredths"` // of a percent
	Own        bool            `json:"own"`        // the unit's own
}

// Scores are numbers of ballots by score.
type Scores struct {
	One   int64 `json:"1"`
	Two   int64 `json:"2"`
	Three int64 `json:"3"`
	Four  int64 `json:"4"`
	Five  int64 `json:"5"`
}

// Channels are numbers of ballots by where they were given.
type Channels struct {
	Kiosk int64 `json:"kiosk"`
	Phone int64 `json:"phone"`
}

// Bindings are numbers of ballots by what ties them to a dossier or slip.
type Bindings struct {
	Receipt int64 `json:"receipt"`
	Dossier int64 `json:"dossier"`
}

// Participation is how many of the dossiers were rated.
type Participation struct {
	Dossiers int64    `json:"dossiers"`
	Rated    int64    `json:"rated"`
	Rate     *float64 `json:"rate"` // null without dossiers
}

func indexJSON(a index.Answer) Index {
	out := Index{From: a.Period.From, To: a.Period.To, Least: a.Least, Sample: a.Sample, Rows: make([]IndexRow, len(a.Rows))}
	for i := range a.Rows {
		out.Rows[i] = rowJSON(&a.Rows[i])
	}
	return out
}

func rowJSON(r *index.Row) IndexRow {
	row := IndexRow{
		Unit:    IndexUnit{r.Unit.Code, r.Unit.Name, r.Unit.NameEN, r.Unit.Kind, r.Unit.KindName, r.Unit.Parent},
		Service: r.Service, IndexFigures: figuresJSON(&r.Judged), WalkIns: r.WalkIns, Voided: r.Voided,
		Participation: Participation{Dossiers: r.Dossiers, Rated: r.Rated, Rate: ratio(r.Rated, r.Dossiers)},
		Needed:        r.Needed, Timeliness: timelinessJSON(r), Ratio766: ratio(r.Ratio766.Satisfied, r.Ratio766.Answers),
	}
	if r.Band > 0 {
		row.Shrunk, row.Band = &r.Shrunk, &r.Band
	}
	for j := range r.Parts {
		p := &r.Parts[j]
		row.Parts = append(row.Parts, IndexPart{Span{p.Period.From, p.Period.To}, figuresJSON(&p.Judged)})
	}
	return row
}

func timelinessJSON(r *index.Row) Timeliness {
	in, early := r.Times.InTime(), r.Times.EarlyShare()
	t := Timeliness{Early: r.Times.Early, OnTime: r.Times.OnTime, Late: r.Times.Late, NoDue: r.NoDue,
		InTime: ratio(in.Satisfied, in.Answers), EarlyRate: ratio(early.Satisfied, early.Answers)}
	if r.Asked.InTime.Set() {
		t.InTimeTarget, t.EarlyTarget = &Target{r.Asked.InTime.Operator, r.Asked.InTime.Hundredths, false}, &Target{r.Asked.Early.Operator, r.Asked.Early.Hundredths, false}
		if in.Answers > 0 {
			a, b := r.Asked.Judge(r.Times)
			t.InTimeMet, t.EarlyMet = &a, &b
		}
	}
	return t
}

func figuresJSON(j *index.Judged) IndexFigures {
	n, c := j.Tally(), j.Counts
	f := IndexFigures{
		Answers: n.Answers, Satisfied: n.Satisfied, Rate: ratio(n.Satisfied, n.Answers), Straddles: j.Straddles,
		Scores:   Scores{c[0], c[1], c[2], c[3], c[4]},
		Channels: Channels{j.Kiosk, j.Phone()}, Bindings: Bindings{j.Receipt, j.Dossier()},
		Changed: j.Changed, Waiting: j.Waiting,
	}
	if n.Answers > 0 {
		f.Interval = &Interval{j.Low, j.High}
	}
	if j.Covered.From < j.Covered.To {
		f.Covered = &Span{j.Covered.From, j.Covered.To}
	}
	if j.Target.Set() {
		f.Target = &Target{j.Target.Operator, j.Target.Hundredths, j.Own}
		f.Verdict = &j.Verdict
	}
	return f
}

func ratio(part, whole int64) *float64 {
	if whole <= 0 {
		return nil
	}
	r := float64(part) / float64(whole)
	return &r
}
