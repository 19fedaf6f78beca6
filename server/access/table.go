package access

import "slices"

// Rule says who may ask for a route.
type Rule struct {
	Method string // HEAD goes with GET
	Path   string // as it is registered
	May    []Role // nil: everybody, also who has not signed in
	// Where the address names a unit or desk: ":code" in the path, "?unit" in the
	// query. One outside of the person's scope is refused.
	Units []string
	Desk  string
	Own   bool   // the first of Units, left out, is the person's own unit
	Home  []Role // of these, who names no unit is led to the own page
	// Within: the handler keeps to the scope, by ScopeOf or register.Within.
	Within bool
	Self   bool // one's own session and account: no second factor is asked for
}

// Whoever a route is for, put together.
var (
	whole    = []Role{Province, Auditor, Administrator, Operator} // who sees every unit's figures
	managers = append(slices.Clone(whole), Unit)
	figures  = append(slices.Clone(managers), Contact)
	counters = append(slices.Clone(figures), Desk) // who looks at desks
	people   = []Role{Province, Unit, Desk, Contact, Auditor, Administrator}
	everyone = append(slices.Clone(people), Program, Operator)
	inspects = []Role{Province, Auditor, Administrator, Operator}
	ballots  = []Role{Province, Auditor, Operator} // who gets single ballots
	runs     = []Role{Administrator, Operator}
	sends    = []Role{Program, Operator} // one-stop software
	tries    = []Role{Province, Administrator, Operator}
	reads    = []Role{Contact, Auditor} // contact data
	erases   = []Role{Contact}
	led      = []Role{Unit, Contact, Desk}
)

func get(path string, may []Role) Rule  { return Rule{Method: "GET", Path: path, May: may} }
func post(path string, may []Role) Rule { return Rule{Method: "POST", Path: path, May: may} }

func (r Rule) unit(names ...string) Rule { r.Units = names; return r }
func (r Rule) own() Rule                 { r.Own = true; return r }
func (r Rule) desk(name string) Rule     { r.Desk = name; return r }
func (r Rule) home(roles ...Role) Rule   { r.Home = roles; return r }
func (r Rule) self() Rule                { r.Self = true; return r }
func (r Rule) within() Rule              { r.Within = true; return r }

// table is the one place that says who may ask for what. A route that it does
// not name stops the server at its start (Guard.Install). deploy/access.md shows
// it for people, and a test walks it on the real server.
var table = []Rule{
	// Programs that watch, and files.
	get("/healthz", nil),
	get("/readyz", nil),
	get("/static/*", nil),
	get("/openapi.json", nil),
	get("/metrics", inspects),

	// Citizens.
	get("/r", nil), post("/r", nil),
	get("/r/:id", nil), post("/r/:id", nil),
	get("/r/:id/more", nil), post("/r/:id/more", nil),
	get("/r/:id/thanks", nil),
	get("/r/:id/data", nil),
	get("/board/:unit", nil),
	get("/privacy", nil),
	get("/proof", nil), post("/proof", nil), get("/proof/:code", nil), get("/proof/:code/file", nil),
	get("/log", nil), get("/log/checkpoint", nil), get("/log/consistency", nil),

	// Figures.
	get("/", counters).unit("?unit").home(led...),
	get("/province", counters).unit("?unit").home(led...),
	get("/unit/:code", figures).unit(":code"),
	get("/compare", managers).unit("?a", "?b").own(),
	get("/map", whole),
	get("/map/areas.geojson", whole),
	get("/desk", counters).home(Desk).within(),
	get("/desk/:code", counters).desk(":code"),
	get("/desk/:code/live", counters).desk(":code"),
	get("/reports", managers).within(),
	get("/api/v1/index", figures).unit("?unit"),
	get("/api/v1/tree", figures).unit("?unit").own(),
	get("/api/v1/breakdown", figures).unit("?unit"),
	get("/api/v1/closings", counters),
	get("/api/v1/reports", managers).unit("?unit").own(),
	get("/api/v1/reports/kept", whole),
	get("/api/v1/reports/kept/file", whole),
	get("/api/v1/export", ballots),

	// One-stop software: register.Within keeps a token to its unit.
	post("/api/v1/receipts", sends).within(),
	post("/api/v1/receipts/reprint", sends).within(),
	post("/api/v1/receipts/page", sends).within(),
	post("/api/v1/receipts/import", sends).within(),
	post("/api/v1/slips", sends).within(),
	post("/api/v1/dossiers/events", sends).within(),
	get("/api/v1/questionnaires", everyone),
	get("/print/receipts", tries),

	// Administration.
	get("/status", inspects),
	get("/audit", inspects), get("/audit/file", inspects), get("/api/v1/audit", inspects),
	post("/api/v1/organisation", runs),
	post("/api/v1/questionnaires", runs),
	post("/api/v1/kiosks/admit", runs),
	post("/api/v1/kiosks/revoke", runs),
	post("/api/v1/forks/decide", runs),
	post("/api/v1/kiosks/codes", runs),
	get("/api/v1/accounts", runs), post("/api/v1/accounts", runs),
	post("/api/v1/accounts/link", runs),
	post("/api/v1/accounts/off", runs),
	post("/api/v1/tokens", runs),
	post("/api/v1/tokens/rotate", runs),
	get("/admin", runs),
	get("/admin/accounts", runs), post("/admin/accounts", runs),
	get("/admin/accounts/new", runs),
	get("/admin/accounts/:id", runs), post("/admin/accounts/:id", runs),
	post("/admin/accounts/:id/link", runs),
	post("/admin/accounts/:id/off", runs), post("/admin/accounts/:id/on", runs),
	post("/admin/accounts/:id/second", runs),
	get("/admin/tokens", runs), post("/admin/tokens", runs),
	post("/admin/tokens/:id/rotate", runs), post("/admin/tokens/:id/off", runs),
	get("/admin/kiosks", runs), get("/admin/kiosks/:code", runs),
	post("/admin/kiosks/:code/enrol", runs), post("/admin/kiosks/:code/revoke", runs),
	get("/admin/voids", runs), post("/admin/voids", runs), post("/admin/voids/lift", runs),

	// What people wrote, and how to reach them.
	get("/texts", reads).within(), get("/texts/file", reads).within(),
	get("/texts/erase", erases).within(), post("/texts/erase", erases).within(),

	// Signing in, and one's own account.
	get("/signin", nil), post("/signin", nil),
	get("/signin/second", nil), post("/signin/second", nil),
	get("/signin/link", nil), post("/signin/link", nil),
	post("/signin/password", nil),
	get("/signin/elsewhere", nil), get("/signin/oidc", nil),
	post("/signout", people).self(),
	get("/account", people),
	post("/account/password", people).self(),
	post("/account/sessions", people).self(),
	get("/account/second", people), post("/account/second", people).self(),
	post("/account/recovery", people).self(),

	// Devices on their way in.
	get("/api/v1/kiosks/challenge", nil),
	post("/api/v1/kiosks/enrol", nil),      // with a code
	post("/api/v1/kiosks/credential", nil), // signed with the device's key
}

// RuleOf gives the rule of a route.
func RuleOf(method, path string) (Rule, bool) {
	if method == "HEAD" {
		method = "GET"
	}
	for _, r := range table {
		if r.Method == method && r.Path == path {
			return r, true
		}
	}
	return Rule{}, false
}

// may says whether the rule lets a role in.
func (r *Rule) may(role Role) bool { return r.May == nil || slices.Contains(r.May, role) }
