package page

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/index"
)

// The orders of the table: "tree" is the default, each unit before those below
// it. "rank" is by band and shrunk rate, so that nobody leads with three answers.
var sorts = map[string]func(a, b *index.Line) int{
	"tree": func(a, b *index.Line) int { return 0 },
	"rank": func(a, b *index.Line) int { // within their kind
		if c := cmp.Compare(silent(a), silent(b)); c != 0 {
			return c
		}
		return cmp.Compare(b.Shrunk, a.Shrunk)
	},
	"name":    func(a, b *index.Line) int { return 0 },
	"answers": func(a, b *index.Line) int { return cmp.Compare(a.Counts.Answers(), b.Counts.Answers()) },
	"rate": func(a, b *index.Line) int {
		x, y := a.Tally(), b.Tally()
		return cmp.Compare(x.Satisfied*max(1, y.Answers), y.Satisfied*max(1, x.Answers))
	},
	"change": func(a, b *index.Line) int { return cmp.Compare(a.Change.Points, b.Change.Points) },
	"times": func(a, b *index.Line) int {
		x, y := a.Times.InTime(), b.Times.InTime()
		return cmp.Compare(x.Satisfied*max(1, y.Answers), y.Satisfied*max(1, x.Answers))
	},
	"verdict":       func(a, b *index.Line) int { return cmp.Compare(order(a.Verdict), order(b.Verdict)) },
	"participation": func(a, b *index.Line) int { return cmp.Compare(a.Rated*max(1, b.Dossiers), b.Rated*max(1, a.Dossiers)) },
}

func silent(r *index.Line) int {
	if r.Band == 0 {
		return 1
	}
	return 0
}

// order puts what needs a look first.
func order(v survey.Verdict) int {
	return map[survey.Verdict]int{survey.VerdictNotMet: 0, survey.VerdictMet: 1, survey.VerdictTooFew: 2}[v]
}

// kind is a kind of unit and of service: what bands and groups are of.
type kind struct {
	unit    string
	service survey.Service
}

func kindOf(r *index.Line) kind { return kind{r.Unit.Kind, r.Service} }

// kindOrder numbers the kinds by service, then in the order of their first
// units' codes.
func kindOrder(rows []index.Line) map[kind]int {
	at := map[kind]int{}
	for i := range rows {
		k := kindOf(&rows[i])
		if _, ok := at[k]; !ok {
			at[k] = int(k.service)*len(rows) + len(at)
		}
	}
	return at
}

// ask is what the address of the province page says.
type ask struct {
	span
	unit, kind string
	service    survey.Service
	verdict    string // a key of verdicts, or empty
	sort       string
	down       bool
}

// verdicts are those that the table can be filtered by.
var verdicts = map[string]survey.Verdict{"met": survey.VerdictMet, "not_met": survey.VerdictNotMet, "too_few": survey.VerdictTooFew}

func readAsk(c *fiber.Ctx, today survey.Day) (a ask, err error) {
	if err = known(c, "period", "at", "from", "until", "unit", "kind", "service", "verdict", "sort"); err != nil {
		return a, err
	}
	if a.span, err = readSpan(c, today); err != nil {
		return a, err
	}
	a.unit, a.kind = httpx.Copy(c.Query("unit")), httpx.Copy(c.Query("kind"))
	if s := c.Query("service"); s != "" {
		if a.service, err = survey.ParseService(s); err != nil {
			return a, err
		}
	}
	if a.verdict = httpx.Copy(c.Query("verdict")); a.verdict != "" && verdicts[a.verdict] == 0 {
		return a, survey.New(survey.CodeBadField, "verdict")
	}
	a.sort, a.down = strings.CutPrefix(httpx.Copy(c.Query("sort", "tree")), "-")
	if sorts[a.sort] == nil {
		return a, survey.New(survey.CodeBadField, "sort")
	}
	return a, nil
}

// link writes the address of the same page with another span or order.
func (a ask) link(f frame) string { return a.to(f, "/") }

// to writes the address of another page that shows the same.
func (a ask) to(f frame, path string) string {
	q := url.Values{}
	a.set(q)
	for k, v := range map[string]string{"unit": a.unit, "kind": a.kind, "service": a.service.String(), "verdict": a.verdict} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if s := a.order(); s != "tree" {
		q.Set("sort", s)
	}
	return f.L.Link(path + "?" + q.Encode())
}

func (a ask) order() string {
	if a.down {
		return "-" + a.sort
	}
	return a.sort
}

// known refuses parameters that are not among those named, or given twice.
func known(c *fiber.Ctx, names ...string) (err error) {
	seen := map[string]bool{}
	c.Context().QueryArgs().VisitAll(func(k, _ []byte) {
		name := string(k)
		if err == nil && (seen[name] || name != "lang" && !slices.Contains(names, name)) {
			if r := []rune(name); len(r) > 40 {
				name = string(r[:40]) + "…"
			}
			err = survey.New(survey.CodeUnknownParameter, name)
		}
		seen[string(k)] = true
	})
	return err
}
