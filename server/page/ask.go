package page

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/index"
)

// The columns by which the table can be sorted; the first is the default: by
// band and shrunk rate, so that nobody leads with three answers.
var sorts = map[string]func(a, b *index.Row) int{
	"rank": func(a, b *index.Row) int { // within their kind
		if c := cmp.Compare(silent(a), silent(b)); c != 0 {
			return c
		}
		return cmp.Compare(b.Shrunk, a.Shrunk)
	},
	"name":    func(a, b *index.Row) int { return 0 },
	"answers": func(a, b *index.Row) int { return cmp.Compare(a.Counts.Answers(), b.Counts.Answers()) },
	"rate": func(a, b *index.Row) int {
		x, y := a.Tally(), b.Tally()
		return cmp.Compare(x.Satisfied*max(1, y.Answers), y.Satisfied*max(1, x.Answers))
	},
	"verdict":       func(a, b *index.Row) int { return cmp.Compare(order(a.Verdict), order(b.Verdict)) },
	"participation": func(a, b *index.Row) int { return cmp.Compare(a.Rated*max(1, b.Dossiers), b.Rated*max(1, a.Dossiers)) },
}

func silent(r *index.Row) int {
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

func kindOf(r *index.Row) kind { return kind{r.Unit.Kind, r.Service} }

// kindOrder numbers the kinds by service, then in the order of their first
// units' codes.
func kindOrder(rows []index.Row) map[kind]int {
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
	sort       string
	down       bool
}

func readAsk(c *fiber.Ctx, today survey.Day) (a ask, err error) {
	known := map[string]bool{"period": true, "at": true, "from": true, "until": true, "unit": true, "kind": true,
		"service": true, "sort": true, "lang": true}
	c.Context().QueryArgs().VisitAll(func(k, _ []byte) {
		if name := string(k); !known[name] && err == nil {
			err = survey.New(survey.CodeUnknownParameter, name)
		}
	})
	if err != nil {
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
	a.sort, a.down = strings.CutPrefix(httpx.Copy(c.Query("sort", "rank")), "-")
	if sorts[a.sort] == nil {
		return a, survey.New(survey.CodeBadField, "sort")
	}
	return a, nil
}

// link writes the address of the same page with another span or order.
func (a ask) link(f frame) string {
	q := url.Values{}
	a.set(q)
	for k, v := range map[string]string{"unit": a.unit, "kind": a.kind, "service": a.service.String()} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if s := a.order(); s != "rank" {
		q.Set("sort", s)
	}
	return f.L.Link("/?" + q.Encode())
}

func (a ask) order() string {
	if a.down {
		return "-" + a.sort
	}
	return a.sort
}
