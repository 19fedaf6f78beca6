package page

import (
	"cmp"
	"context"
	"html/template"
	"net/url"
	"slices"
	"sort"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/index"
)

// mostLooks is how many units «where to look first» names.
const mostLooks = 6

// provinceIndex is what the pages of Sở Nội vụ and the boards ask.
type provinceIndex interface {
	Province(context.Context, index.ProvinceQuery) (index.Province, error)
	Unit(context.Context, index.ProvinceQuery) (index.UnitView, error)
	closedIndex
}

func (d Deps) registerProvince(app fiber.Router) {
	app.Get("/", d.showProvince)
	app.Get("/province", d.showProvince)
	app.Get("/unit/:code", d.showUnit)
	app.Get("/compare", d.showCompare)
	app.Get("/board/:unit", d.showBoard)
	if d.Map != nil {
		app.Get("/map", d.showMap)
		app.Get("/map/areas.geojson", d.sendAreas)
	}
}

// provincePage is the data of the view staff/province.
type provincePage struct {
	frame
	picker
	BeforeName                string // the period to compare with
	Unit, UnitCode            string // where one was chosen
	Kinds, Services, Verdicts []option
	AllLink                   string // without filters; empty where there are none
	Columns                   []column
	Labels                    labels
	Lines                     []line
	Tree                      bool // in the order of the tree
	TreeLink, RankLink        string
	Met, NotMet, TooFew, None string
	Answers, Rate             string
	Participation             string
	Rated, Dossiers           string
	Groups                    []group
	Desks                     []link // of the unit that was chosen
	Chart                     chart
	Looks                     []look
	MoreLooks                 string
	Lowest                    *lowest // of closed months; nil: nothing
	ScaleFrom                 string
	Least                     string
	Sort                      string
	MapLink                   string
	CompareLink               string
}

type link struct {
	Text, Link string
	Current    bool
}

type option struct {
	Value, Text string
	Selected    bool
}

// column is a heading that sorts.
type column struct {
	Key, Text, Link, Order, Sign, Class string // Order as aria-sort has it
}

// labels are words that stand in every line, looked up once.
type labels struct {
	Answers, Rate, Target, Change, Times, Participation, Ratio766, Band template.HTMLAttr // for narrow screens
	Straddles                                                           string
}

func (w words) labels() labels {
	label := func(key string) template.HTMLAttr {
		return template.HTMLAttr(`data-label="` + template.HTMLEscapeString(w.T(key)) + `"`) // #nosec G203 -- escaped
	}
	return labels{label("staff.column.answers"), label("staff.column.rate"), label("staff.column.target"), label("province.column.change"), label("province.column.times"),
		label("staff.column.participation"), label("province.column.766"), label("staff.column.band"), w.T("staff.straddles")}
}

func (d Deps) showProvince(c *fiber.Ctx) error {
	a, err := readAsk(c, d.Index.Today())
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	answer, err := d.Index.Province(ctx, index.ProvinceQuery{Query: index.Query{Period: a.Period, Unit: a.unit, Service: a.service}, Before: a.before().Period})
	if err != nil {
		return err
	}
	p := provincePage{frame: newFrame(c, "province", "staff.province.title")}
	w := words{p.L}
	p.Sample, p.Charts, p.Least, p.Labels = answer.Sample, true, w.Number(answer.Least), w.labels()
	if err := d.filters(c, &p, a); err != nil {
		return err
	}
	scope := access.ScopeOf(c)
	if a.unit != "" {
		if p.Desks, err = d.desksOf(ctx, w, scope, a.unit); err != nil {
			return err
		}
	}
	service := a.service
	if service == 0 {
		service = survey.ServiceAdministrative
	}
	if a.unit == "" && a.kind == "" {
		if p.Lowest, err = d.lowest(ctx, w, a.Period, service); err != nil {
			return err
		}
	}
	lines := slices.DeleteFunc(answer.Lines, func(l index.Line) bool {
		return !scope.Unit(l.Unit.Code) || a.kind != "" && l.Unit.Kind != a.kind || a.verdict != "" && l.Verdict != verdicts[a.verdict]
	})
	p.Tree = a.sort == "tree" && a.kind == "" && a.verdict == ""
	kinds := kindOrder(lines)
	a.arrange(w, lines, kinds)
	p.controls(w, a, d.Index.Today())
	if d.Map != nil && p.Who.May("/map") {
		b := a
		b.unit, b.kind, b.verdict, b.sort = "", "", "", "tree"
		p.MapLink = b.to(p.frame, "/map")
	}
	p.fill(w, a, &answer, lines, kinds)
	return d.Views.Send(c, fiber.StatusOK, "staff/province", p)
}

// arrange sorts the lines; bands are those of a kind and service, which stay
// together.
func (a ask) arrange(w words, lines []index.Line, kinds map[kind]int) {
	if a.sort == "tree" {
		return
	}
	by := sorts[a.sort]
	sort.SliceStable(lines, func(i, j int) bool {
		c := by(&lines[i], &lines[j])
		switch a.sort {
		case "rank":
			if k := cmp.Compare(kinds[kindOf(&lines[i])], kinds[kindOf(&lines[j])]); k != 0 {
				return k < 0
			}
		case "name":
			c = strings.Compare(w.unit(lines[i].Unit), w.unit(lines[j].Unit))
		}
		if a.down {
			return c > 0
		}
		return c < 0
	})
}

func (d Deps) desksOf(ctx context.Context, w words, scope access.Scope, unit string) (links []link, err error) {
	desks, err := d.Index.Desks(ctx)
	for _, k := range desks {
		if k.Unit.Code == unit && scope.Desk(k.Code) {
			links = append(links, link{Text: w.pick(k.Name, k.NameEN), Link: w.Link("/desk/" + url.PathEscape(k.Code))})
		}
	}
	return links, err
}

// filters fills the filters; a kind of unit that is not known is an error.
func (d Deps) filters(c *fiber.Ctx, p *provincePage, a ask) error {
	w := words{p.L}
	units, err := d.Index.Units(c.UserContext())
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	p.Kinds = []option{{Text: w.T("staff.all.kinds")}}
	for _, u := range units {
		if !seen[u.Kind] {
			seen[u.Kind] = true
			p.Kinds = append(p.Kinds, option{u.Kind, w.kind(u), u.Kind == a.kind})
		}
		if u.Code == a.unit {
			p.Unit = w.unit(u)
		}
	}
	if a.kind != "" && !seen[a.kind] {
		return survey.New(survey.CodeBadField, "kind")
	}
	p.Services = w.services(a.service, true)
	p.Verdicts = []option{{Text: w.T("province.all.verdicts")}}
	for _, v := range []survey.Verdict{survey.VerdictMet, survey.VerdictNotMet, survey.VerdictTooFew} {
		p.Verdicts = append(p.Verdicts, option{v.String(), w.verdict(v).Text, v.String() == a.verdict})
	}
	return nil
}

// services are the kinds of service to choose from, and where wanted all.
func (w words) services(chosen survey.Service, all bool) (options []option) {
	if all {
		options = append(options, option{Text: w.T("staff.all.services")})
	}
	for _, s := range survey.Services {
		options = append(options, option{s.String(), w.service(s), s == chosen})
	}
	return options
}

func (p *provincePage) controls(w words, a ask, today survey.Day) {
	p.picker = w.picker(a.span, today, func(s span) string {
		b := a
		b.span = s
		return b.link(p.frame)
	})
	p.BeforeName = w.spanOrDays(a.before())
	p.UnitCode, p.Sort = a.unit, a.order()
	if a.unit != "" || a.kind != "" || a.service != 0 || a.verdict != "" {
		b := a
		b.unit, b.kind, b.service, b.verdict = "", "", 0, ""
		p.AllLink = b.link(p.frame)
	}
	sorted := func(key string) string {
		b := a
		b.sort, b.down = key, false
		return b.link(p.frame)
	}
	p.TreeLink, p.RankLink = sorted("tree"), sorted("rank")
	q := url.Values{}
	a.set(q)
	if p.Who.May("/compare") {
		p.CompareLink = p.L.Link("/compare?" + q.Encode())
	}
	for _, k := range []struct{ key, text, class string }{
		{"name", "staff.column.unit", ""}, {"answers", "staff.column.answers", "num"}, {"rate", "staff.column.rate", "num"},
		{"", "staff.column.interval", ""}, {"", "staff.column.target", ""}, {"verdict", "staff.column.verdict", ""},
		{"change", "province.column.change", ""}, {"", "province.column.trend", ""}, {"times", "province.column.times", "num"},
		{"participation", "staff.column.participation", "num"}, {"", "province.column.766", "num"}, {"rank", "staff.column.band", "num"}} {
		c := column{Key: k.key, Class: k.class, Text: w.T(k.text)}
		if k.key != "" {
			b := a
			// Numbers are wanted from the greatest down, names and bands upwards.
			b.sort, b.down = k.key, k.class == "num" && k.key != "rank"
			if a.sort == k.key {
				b.down = !a.down
				c.Order, c.Sign = "ascending", "▲"
				if a.down {
					c.Order, c.Sign = "descending", "▼"
				}
			}
			c.Link = b.link(p.frame)
		}
		p.Columns = append(p.Columns, c)
	}
}
