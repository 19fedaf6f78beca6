package audit

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/survey"
)

// Deps are what the pages need.
type Deps struct {
	Log   Log
	Views *httpx.Views
	// Note records that the list was taken away as a file.
	Note func(ctx context.Context, action, subject string, d Detail) error
}

// Register adds the pages to the app. They need the guard of server/access before
// them.
func Register(app fiber.Router, d Deps) {
	app.Get("/audit", d.show)
	app.Get("/audit/file", d.file)
}

// actions are what the pages offer to look for, as they are recorded.
var actions = []string{
	"signin", "signin.refused", "signout", "session.others",
	"account.create", "account.change", "account.off", "account.password", "account.totp", "account.totp-removed",
	"account.recovery", "account.recovery-used", "account.token",
	"kiosk.admit", "kiosk.revoke", "kiosk.change", "fork.decide", "ratings.void", "text.erase", "texts.export", "ballots.export", "audit.export",
	"organisation.load", "kind.change", "unit.change", "desk.change", "target.change", "setting.change", "questionnaire.load",
}

// auditPage is the data of the view staff/audit.
type auditPage struct {
	httpx.Frame
	Nav            string
	Sample, Charts bool
	Filter         struct{ Q, Account, From, To string }
	Whose          string // whose acts alone are listed; "": everybody's
	Anybody        string // link without that
	Actions        []option
	Items          []item
	First, Next    string // links; "": none
	Until          string // where the search stopped; "": nowhere
	File           string
}

type option struct {
	Value, Text string
	Selected    bool
}

// item is one act as the page shows it.
type item struct {
	When, Stamp   string // for people, for programs
	Action        string
	About         string // what of; ""
	Who, WhoLink  string
	Via, From     string
	State         State
	Note          string
	Changes       []shown
	More          string
	Origin, Proof string // id of the chain; number and hash
	Hash          string
}

// shown is a change side by side.
type shown struct {
	Thing        string // "" where the item says it
	New          bool   // there was nothing before
	Rows, Others []row  // what differs, or all of a new thing; what stayed
	Stayed       string
}

type row struct{ Name, Before, After string }

func (d Deps) show(c *fiber.Ctx) error {
	f, err := filter(c)
	if err != nil {
		return err
	}
	found, err := d.Log.Find(c.UserContext(), f, OnPage)
	if err != nil {
		return err
	}
	p := auditPage{Frame: httpx.NewFrame(c, ""), Nav: "audit"}
	p.Title = p.L.T("audit.title")
	q := f.Query()
	p.Filter.Q, p.Filter.Account, p.Filter.From, p.Filter.To = q["q"], q["account"], q["from"], q["to"]
	p.Actions = []option{{"", p.L.T("audit.action.all"), f.Action == ""}}
	for _, a := range actions {
		p.Actions = append(p.Actions, option{a, Label(p.L.Language, a), a == f.Action})
	}
	if f.Action != "" && !slices.Contains(actions, f.Action) {
		p.Actions = append(p.Actions, option{f.Action, f.Action, true})
	}
	for i := range found.Entries {
		p.Items = append(p.Items, p.item(&found.Entries[i]))
	}
	if f.Account != nil {
		p.Whose = p.Filter.Account
		for _, i := range p.Items {
			if i.State == Here {
				p.Whose = i.Who
				break
			}
		}
		whole := f
		whole.Account = nil
		p.Anybody = p.L.Link(link("/audit", whole, Cursor{}))
	}
	if f.After != (Cursor{}) {
		p.First = p.L.Link(link("/audit", f, Cursor{}))
	}
	if found.Next != (Cursor{}) {
		p.Next = p.L.Link(link("/audit", f, found.Next))
	}
	if !found.Until.IsZero() {
		p.Until = p.L.T("audit.until", "Moment", p.L.Moment(found.Until))
	}
	p.File = p.L.Link(link("/audit/file", f, Cursor{}))
	return d.Views.Send(c, fiber.StatusOK, "staff/audit", p)
}

func filter(c *fiber.Ctx) (Filter, error) {
	q, err := httpx.Query(c, "q", "action", "account", "from", "to", "after")
	if err != nil {
		return Filter{}, err
	}
	return ParseFilter(q)
}

func link(path string, f Filter, after Cursor) string {
	q := url.Values{}
	for name, v := range f.Query() {
		q.Set(name, v)
	}
	if s := after.String(); s != "" {
		q.Set("after", s)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// Label names an action for people.
func Label(l *locale.Language, action string) string { return named(l, "audit.do.", action) }

// named gives a word of a list, or what has none as it is.
func named(l *locale.Language, list, name string) string {
	if key := list + name; l.T(key) != key {
		return l.T(key)
	}
	return name
}

var ways = map[uint8]string{fact.ViaPage: "page", fact.ViaProgram: "program", fact.ViaCommand: "command", fact.ViaServer: "server"}

// Way names how an act was done: "page", "program", "command" or "server".
func Way(via uint8) string { return ways[via] }

func (p *auditPage) item(e *Entry) item {
	l := p.L.Language
	i := item{
		When: l.Moment(e.At), Stamp: e.At.UTC().Format("2006-01-02T15:04:05Z"), Action: Label(l, e.Action), About: p.about(e), State: e.State,
		Via: l.T("audit.via." + Way(e.Via)), From: e.Detail.From, Note: e.Detail.Note,
		Origin: e.Origin.String(), Proof: l.Number(int64(e.Number)), Hash: e.Hash.String(),
	}
	i.Who = Who(l, e)
	if e.Account != [16]byte{} {
		i.WhoLink = p.L.Link(link("/audit", Filter{Account: &e.Account}, Cursor{}))
	}
	for _, c := range e.Detail.Changes {
		i.Changes = append(i.Changes, p.side(c, len(e.Detail.Changes) == 1))
	}
	if e.Detail.More > 0 {
		i.More = l.T("audit.more", "Count", e.Detail.More)
	}
	return i
}

// Who says who acted, as they were called then.
func Who(l *locale.Language, e *Entry) string {
	switch {
	case e.Detail.Name == "operator":
		return l.T("audit.operator")
	case e.Detail.Name != "":
		return e.Detail.Name
	case e.Account != [16]byte{}:
		return hex.EncodeToString(e.Account[:4]) + "…"
	case e.Via == fact.ViaServer:
		return l.T("audit.via.server")
	}
	return l.T("audit.nobody")
}

// about says what an act is about: an account by its name, all else by its code.
func (p *auditPage) about(e *Entry) string {
	if len(e.Detail.Changes) == 1 && e.Detail.Changes[0].Kind == "account" {
		for _, raw := range []json.RawMessage{e.Detail.Changes[0].After, e.Detail.Changes[0].Before} {
			if v := values(raw); Plain(v["name"]) != "" {
				return Plain(v["name"])
			}
		}
	}
	if e.Action == "signin.refused" { // the subject is the code of the error that says why
		why := survey.New(survey.Code(e.Subject))
		if p.L.Tag == "en" {
			return why.MessageEN
		}
		return why.Message
	}
	if own := hex.EncodeToString(e.Account[:]); e.Subject == own {
		return "" // one's own account
	}
	if len(e.Subject) > 40 && !strings.Contains(e.Subject, " ") {
		return e.Subject[:16] + "…" // a hash or a key; the details have all of it
	}
	return e.Subject
}

func (p *auditPage) side(c Change, only bool) shown {
	l := p.L.Language
	s := shown{New: len(c.Before) == 0}
	if !only || c.Kind == "" {
		s.Thing = strings.TrimSpace(named(l, "audit.kind.", c.Kind) + " " + c.Thing)
	}
	for _, f := range c.Fields() {
		r := row{named(l, "audit.field.", f.Name), p.value(f.Name, f.Before), p.value(f.Name, f.After)}
		switch {
		case s.New && r.After == "":
		case s.New || f.Differs:
			s.Rows = append(s.Rows, r)
		default:
			s.Others = append(s.Others, r)
		}
	}
	if n := len(s.Others); n > 0 {
		s.Stayed = l.T("audit.stayed", "Count", n)
	}
	return s
}

// value writes one value for people.
func (p *auditPage) value(name string, v any) string {
	l := p.L.Language
	switch s := Plain(v); {
	case v == true:
		return l.T("audit.yes")
	case v == false:
		return l.T("audit.no")
	case name == "role" && s != "":
		return named(l, "access.role.", s)
	case name == "hundredths" && s != "":
		if n, err := strconv.ParseInt(s, 10, 32); err == nil {
			return l.Hundredths(int32(n))
		}
		return s
	case name == "operator":
		n, _ := strconv.ParseUint(s, 10, 8)
		return cmp.Or(strings.ReplaceAll(survey.Operator(n).String(), ">=", "≥"), s)
	case name == "service":
		return named(l, "audit.service.", s)
	default:
		return s
	}
}
