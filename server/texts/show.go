package texts

import (
	"context"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
)

// textsPage is the data of the view staff/texts.
type textsPage struct {
	frame
	Found, Erased, Just string // in words; Erased and Just may be ""
	Search, Kind        string
	Month, Desk         string
	Kinds, Months       []option
	Desks               []option
	Items               []item
	Newer, Older        string // links; "": none
	Export              string
	MayErase            bool
	Cut                 bool // the search looked at the newest alone
}

type option struct {
	Value, Text string
	Selected    bool
}

// item is one text as the page shows it.
type item struct {
	Digest                 string
	Kind, Place            string
	Waits                  bool // the words are not here yet
	Comment, Name, Contact string
	Consent                string
	Erase, EraseComment    string // links; "": not offered
}

const (
	onPage = 50
	// searched bounds how many texts a search opens: some half a second.
	searched = 5000
)

// filter is what the address asks for.
type filter struct {
	search, kind, desk string
	month              survey.Day
	page               int
}

// readFilter reads the parameters that page and export have in common.
func readFilter(c *fiber.Ctx) (f filter, err error) {
	q, err := httpx.Query(c, "q", "kind", "month", "desk", "page", "erased")
	if err != nil {
		return f, err
	}
	f.search, f.desk, f.kind = strings.TrimSpace(q["q"]), q["desk"], q["kind"]
	if f.kind != "" && f.kind != "comment" && f.kind != "contact" {
		return f, survey.New(survey.CodeBadField, "kind")
	}
	if len(f.search) > 200 {
		return f, survey.New(survey.CodeBadField, "q")
	}
	if q["month"] != "" {
		if f.month, err = survey.ParseDay(q["month"] + "-01"); err != nil {
			return f, survey.New(survey.CodeBadField, "month")
		}
	}
	f.page = 1
	if q["page"] != "" {
		if f.page, err = strconv.Atoi(q["page"]); err != nil || f.page < 1 || f.page > 1e6 {
			return f, survey.New(survey.CodeBadField, "page")
		}
	}
	return f, nil
}

func (f filter) link(path string, page int) string {
	q := url.Values{}
	for k, v := range map[string]string{"q": f.search, "kind": f.kind, "desk": f.desk, "month": monthName(f.month)} {
		if v != "" {
			q.Set(k, v)
		}
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// monthName is YYYY-MM.
func monthName(d survey.Day) string {
	if d == 0 {
		return ""
	}
	return d.String()[:7]
}

// takes says whether a text is asked for, but for the search.
func (f filter) takes(x text) bool {
	return (f.month == 0 || f.month == x.month) && (f.desk == "" || f.desk == x.desk.code) &&
		(f.kind == "" || (f.kind == "contact") == (x.purpose == survey.PurposeContact))
}

// written is a text with its words.
type written struct {
	text
	words, about survey.Writing
	here         bool
}

func (d Deps) open(ctx context.Context, x text) (w written, err error) {
	w.text = x
	if w.words, w.here, err = d.Words(ctx, x.digest); err != nil {
		return w, err
	}
	if x.comment != ([32]byte{}) {
		w.about, _, err = d.Words(ctx, x.comment)
	}
	return w, err
}

// says is whether the words have what is looked for, whatever the case and marks.
func (w written) says(folded string) bool {
	for _, s := range []string{w.words.Comment, w.words.Name, w.words.Contact, w.about.Comment} {
		if strings.Contains(fold(s), folded) {
			return true
		}
	}
	return false
}

// fold makes letters alike that differ in case or marks: «Đường» is «duong».
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r == 'đ':
			b.WriteByte('d')
		case !unicode.Is(unicode.Mn, r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// find gives the texts that a filter takes, and whether the search did not look at
// all of them.
func (d Deps) find(ctx context.Context, all []text, f filter) (found []text, cut bool, err error) {
	for _, x := range all {
		if f.takes(x) {
			found = append(found, x)
		}
	}
	if f.search == "" {
		return found, false, nil
	}
	if cut = len(found) > searched; cut {
		found = found[:searched]
	}
	folded := fold(f.search)
	hits := found[:0]
	for _, x := range found {
		w, err := d.open(ctx, x)
		if err != nil {
			return nil, false, err
		}
		if w.says(folded) {
			hits = append(hits, x)
		}
	}
	return hits, cut, nil
}

// asked is what a request asks for, and what there is of it.
type asked struct {
	who    access.Person
	unit   string
	filter filter
	all    []text // of the unit
	found  []text // of these, what the filter leaves
	cut    bool   // not all of them were searched
}

func (d Deps) ask(c *fiber.Ctx) (a asked, err error) {
	if a.who, a.unit, err = scope(c); err != nil {
		return a, err
	}
	if a.filter, err = readFilter(c); err != nil {
		return a, err
	}
	if a.all, err = d.list(c.UserContext(), a.unit); err != nil {
		return a, err
	}
	a.found, a.cut, err = d.find(c.UserContext(), a.all, a.filter)
	return a, err
}

func (d Deps) showTexts(c *fiber.Ctx) error {
	a, err := d.ask(c)
	if err != nil {
		return err
	}
	ctx, f, found := c.UserContext(), a.filter, a.found
	p := textsPage{frame: newFrame(c, "texts.title"), Search: f.search, Kind: f.kind, Desk: f.desk, Month: monthName(f.month), Cut: a.cut, MayErase: a.who.Role == access.Contact}
	p.Found = p.L.T("texts.found", "Count", int64(len(found)))
	if c.Query("erased") != "" {
		p.Just = p.L.T("texts.erased.just")
	}
	p.choices(a.all, f)
	months, counts, err := d.erasures(ctx, a.unit)
	if err != nil {
		return err
	}
	p.erased(months, counts)
	from := min((f.page-1)*onPage, len(found))
	to := min(from+onPage, len(found))
	for _, x := range found[from:to] {
		w, err := d.open(ctx, x)
		if err != nil {
			return err
		}
		p.Items = append(p.Items, p.item(w))
	}
	if from > 0 {
		p.Newer = p.L.Link(f.link("/texts", f.page-1))
	}
	if to < len(found) {
		p.Older = p.L.Link(f.link("/texts", f.page+1))
	}
	p.Export = p.L.Link(f.link("/texts/file", 1))
	return d.Views.Send(c, fiber.StatusOK, "staff/texts", p)
}

// place names the desk and the month of a text.
func (f frame) place(x text) string {
	name := x.desk.name
	if f.L.Tag == "en" && x.desk.nameEN != "" {
		name = x.desk.nameEN
	}
	if name == "" {
		name = f.L.T("texts.nodesk")
	}
	return name + " · " + f.month(x.month)
}

func (f frame) month(d survey.Day) string {
	if d == 0 {
		return f.L.T("texts.nomonth")
	}
	year, month, _ := d.Date()
	return f.L.T("texts.month", "Month", strconv.Itoa(int(month)), "Year", strconv.Itoa(year))
}

func (p *textsPage) item(w written) item {
	i := item{
		Digest: hex.EncodeToString(w.digest[:]), Kind: "comment", Place: p.place(w.text), Waits: !w.here,
		Comment: w.words.Comment, Name: w.words.Name, Contact: w.words.Contact, Consent: w.words.Consent,
	}
	if w.purpose == survey.PurposeContact {
		i.Kind, i.Comment = "contact", w.about.Comment
	}
	if p.MayErase {
		link := func(d [32]byte) string { return p.L.Link("/texts/erase?digest=" + hex.EncodeToString(d[:])) }
		i.Erase = link(w.digest)
		if i.Kind == "contact" && i.Comment != "" {
			i.EraseComment = link(w.comment)
		}
	}
	return i
}

// choices are the kinds, months and desks that there is anything of.
func (p *textsPage) choices(all []text, f filter) {
	for _, k := range []string{"", "comment", "contact"} {
		p.Kinds = append(p.Kinds, option{k, p.L.T("texts.kind." + map[string]string{"": "all"}[k] + k), k == f.kind})
	}
	p.Months = []option{{"", p.L.T("texts.month.all"), f.month == 0}}
	p.Desks = []option{{"", p.L.T("texts.desk.all"), f.desk == ""}}
	seen := map[string]bool{}
	for _, x := range all {
		if name := monthName(x.month); name != "" && !seen[name] {
			seen[name] = true
			p.Months = append(p.Months, option{name, p.month(x.month), x.month == f.month})
		}
		if code := x.desk.code; code != "" && !seen["/"+code] {
			seen["/"+code] = true
			name := x.desk.name
			if p.L.Tag == "en" && x.desk.nameEN != "" {
				name = x.desk.nameEN
			}
			p.Desks = append(p.Desks, option{code, name, code == f.desk})
		}
	}
	slices.SortFunc(p.Desks[1:], func(a, b option) int { return strings.Compare(a.Text, b.Text) })
}

// erased says how many texts were erased, by month.
func (p *textsPage) erased(months []survey.Day, counts map[survey.Day]int64) {
	var parts []string
	var sum int64
	for _, m := range months {
		sum += counts[m]
		parts = append(parts, p.month(m)+": "+p.L.Number(counts[m]))
	}
	if sum > 0 {
		p.Erased = p.L.T("texts.erased", "Count", sum) + " " + strings.Join(parts, "; ") + "."
	}
}
