package page

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/index"
	"hailong/server/periodic"
	"hailong/server/report"
)

// KeptReports lists the reports of closed periods; *periodic.Store does.
type KeptReports interface{ List() []periodic.Kept }

// RegisterReports adds the page of periodic reports. The files come from the
// programs' interface.
func RegisterReports(app fiber.Router, d Deps, kept KeptReports) {
	app.Get("/reports", func(c *fiber.Ctx) error { return d.showReports(c, kept) })
}

// reportsPage is the data of the view staff/reports.
type reportsPage struct {
	frame
	Years            []reportYear
	From, Until      string
	ByPeriod, ByDays reportChoice
	All              bool // of every unit
	Kept             []keptPeriod
}

// reportChoice is what both forms ask beside the period.
type reportChoice struct {
	Form      string // makes ids
	L         locale.Choice
	Units     template.HTML // options: some hundreds, twice on the page
	Formats   []reportFormat
	Languages []option
}

// reportYear is the periods of a year that have begun, as the select offers them.
type reportYear struct {
	Year    string
	Periods []option
}

type reportFormat struct {
	Value, Name, Text string
	Chosen            bool
}

// keptPeriod is a closed period and its files.
type keptPeriod struct {
	Name, Closed string
	Files        []keptFile
}

type keptFile struct{ Name, Link, Size, Hash string }

// reportYears is how many years back periods are offered; any other is a range
// of days.
const reportYears = 3

func (d Deps) showReports(c *fiber.Ctx, kept KeptReports) error {
	if _, err := httpx.Query(c); err != nil {
		return err
	}
	ctx, today := c.UserContext(), d.Index.Today()
	units, err := d.Index.Units(ctx)
	if err != nil {
		return err
	}
	p := reportsPage{frame: newFrame(c, "reports", "report.page.title")}
	w := words{p.L}
	if len(units) > 0 { // any will do to learn whether all is made up
		one, err := d.Index.Query(ctx, index.Query{Period: today.Single(), Unit: units[0].Code})
		if err != nil {
			return err
		}
		p.Sample = one.Sample
	}
	month := today.Month()
	p.From, p.Until = month.From.String(), today.String()
	year, _, _ := today.Date()
	chosen := (month.From - 1).Month() // the last month that is over
	for y := year; y > year-reportYears; y-- {
		p.Years = append(p.Years, w.reportYear(y, today, chosen))
	}
	scope := access.ScopeOf(c)
	choice := reportChoice{Form: "period", L: p.L, Units: w.unitTree(units, scope)}
	for _, f := range report.Formats {
		choice.Formats = append(choice.Formats, reportFormat{string(f), strings.ToUpper(string(f)), w.T("report.page.format." + string(f)), f == report.XLSX})
	}
	for _, s := range p.Switches {
		if s.Tag == "vi" || s.Tag == "en" {
			choice.Languages = append(choice.Languages, option{s.Tag, s.Name, s.Tag == p.L.Tag})
		}
	}
	p.ByPeriod, p.ByDays = choice, choice
	p.ByDays.Form = "days"
	if p.All = scope.All(); p.All { // what is kept is of the whole province
		p.Kept = w.keptPeriods(kept.List())
	}
	return d.Views.Send(c, fiber.StatusOK, "staff/reports", p)
}

// reportYear lists a year's periods that have begun by today: the year, its
// halves, quarters and months.
func (w words) reportYear(y int, today survey.Day, chosen survey.Period) reportYear {
	out := reportYear{Year: strconv.Itoa(y)}
	names := []string{out.Year}
	for _, part := range []string{"-H1", "-H2", "-Q1", "-Q2", "-Q3", "-Q4"} {
		names = append(names, out.Year+part)
	}
	for m := range 12 {
		names = append(names, out.Year+"-"+pad(m+1))
	}
	for _, name := range names {
		if period, err := periodic.ParsePeriod("period", name); err == nil && period.From <= today {
			out.Periods = append(out.Periods, option{name, report.PeriodName(w.Language, period), period == chosen})
		}
	}
	return out
}

// unitTree offers the units of a scope, each before those below it, which are
// indented.
func (w words) unitTree(all []index.Unit, scope access.Scope) template.HTML {
	units := slices.DeleteFunc(slices.Clone(all), func(u index.Unit) bool { return !scope.Unit(u.Code) })
	below := map[string][]index.Unit{}
	known := map[string]bool{}
	for _, u := range units {
		known[u.Code] = true
	}
	for _, u := range units {
		above := u.Parent
		if !known[above] || above == u.Code {
			above = ""
		}
		below[above] = append(below[above], u)
	}
	var out strings.Builder
	add := func(code, text string) {
		out.WriteString(`<option value="` + template.HTMLEscapeString(code) + `">` + template.HTMLEscapeString(text) + `</option>`)
	}
	if scope.All() {
		add("", w.T("report.page.all"))
	}
	var walk func(code string, depth int)
	walk = func(code string, depth int) {
		here := below[code]
		delete(below, code) // what goes round in a circle is listed once
		for _, u := range here {
			add(u.Code, strings.Repeat("\u2003", depth)+cmp.Or(w.unit(u), u.Code))
			walk(u.Code, depth+1)
		}
	}
	walk("", 0)
	return template.HTML(out.String()) // #nosec G203 -- every text in it is escaped above
}

// keptPeriods puts the files of each period together.
func (w words) keptPeriods(files []periodic.Kept) (all []keptPeriod) {
	for _, files := range chunk(files) {
		k := keptPeriod{Name: report.PeriodName(w.Language, files[0].Period), Closed: w.Moment(files[0].Closed)}
		for _, f := range files {
			k.Files = append(k.Files, keptFile{Name: strings.ToUpper(string(f.Format)),
				Link: w.Link("/api/v1/reports/kept/file?name=" + url.QueryEscape(f.Name)),
				Size: w.Number((f.Size+1023)/1024) + " KiB", Hash: f.SHA256})
		}
		all = append(all, k)
	}
	return all
}

// chunk parts a list of files by period.
func chunk(files []periodic.Kept) (parts [][]periodic.Kept) {
	for len(files) > 0 {
		n := 1
		for n < len(files) && files[n].Period == files[0].Period {
			n++
		}
		parts, files = append(parts, files[:n]), files[n:]
	}
	return parts
}
