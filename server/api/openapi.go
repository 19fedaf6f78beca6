package api

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/enrolment"
	"hailong/internal/httpx"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/index"
	"hailong/server/report"
)

// operation is one row of the document.
type operation struct {
	method, path  string
	id            string
	summary, note string
	query         []parameter
	bodies        []any    // one of these types, as JSON
	files         []string // or text of these content types
	status        int      // of the good answer
	answer        any      // its type; nil: text of the content type
	content       string
	contents      []string    // or one of these types
	others        map[int]any // further answers that are not a Problem
	faults        []int       // statuses answered with a Problem
}

// parameter is one parameter of the address.
type parameter struct {
	name, note string
	required   bool
	schema     map[string]any
}

func text() map[string]any    { return map[string]any{"type": "string"} }
func date() map[string]any    { return map[string]any{"type": "string", "format": "date"} }
func boolean() map[string]any { return map[string]any{"type": "boolean", "default": true} }

var pictures = parameter{name: "pictures", note: "false leaves the QR's pictures out", schema: boolean()}

// taken are the faults of every route that takes a body.
var taken = []int{400, 401, 413, 415, 500, 503, 504, 507}

// operations lists what programs may ask for.
var operations = append(append(accountOperations, auditOperation), []operation{
	{
		method: "GET", path: "/api/v1/index", id: "index", summary: "Satisfied rates, intervals, targets and verdicts of units",
		note: "Days are of Asia/Ho_Chi_Minh, from the first to the day before the last. Consecutive days are merged until they hold five ballots, and the period is answered in whole such blocks: see covered. A period is judged by the target of its last day.",
		query: []parameter{
			{name: "from", note: "first day", required: true, schema: date()},
			{name: "to", note: "first day after the period", required: true, schema: date()},
			{name: "unit", note: "code of one unit", schema: text()},
			{name: "service", note: "one kind of service", schema: map[string]any{"type": "string", "enum": []any{"administrative", "public"}}},
		},
		status: 200, answer: Index{}, faults: []int{400, 404, 500},
	},
	{
		method: "GET", path: "/api/v1/tree", id: "tree", summary: "The index as a tree of units, beside the period before and the last twelve months",
		note: "As index. A unit stands where it is on the period's last day, before the units below it, of which it has the sums.",
		query: []parameter{
			{name: "from", note: "first day", required: true, schema: date()},
			{name: "to", note: "first day after the period", required: true, schema: date()},
			{name: "before_from", note: "first day of the period to compare with; without it, as many days before from", schema: date()},
			{name: "before_to", note: "first day after that period", schema: date()},
			{name: "unit", note: "only that unit and those below it", schema: text()},
			{name: "service", note: "one kind of service", schema: map[string]any{"type": "string", "enum": []any{"administrative", "public"}}},
		},
		status: 200, answer: Tree{}, faults: []int{400, 404, 500},
	},
	{
		method: "GET", path: "/api/v1/reports", id: "report", summary: "The index of a period as a file",
		note: "By its name, or by its days: from, and either to, the first day after it, or until, its last. A period of closed months has the figures that were published.",
		query: []parameter{
			{name: "period", note: "2026-10 a month, 2026-Q4 a quarter, 2026-H2 a half-year, 2026 a year", schema: text()},
			{name: "from", note: "first day", schema: date()},
			{name: "to", note: "first day after the period", schema: date()},
			{name: "until", note: "last day of the period", schema: date()},
			{name: "unit", note: "code of a unit: it and those below it", schema: text()},
			{name: "format", note: "default xlsx", schema: map[string]any{"type": "string", "enum": []any{"xlsx", "csv", "pdf", "docx"}}},
			{name: "language", note: "default vi", schema: map[string]any{"type": "string", "enum": []any{"vi", "en"}}},
		},
		status: 200, contents: []string{report.XLSX.MIME(), report.CSV.MIME(), report.PDF.MIME(), report.DOCX.MIME()}, faults: []int{400, 404, 500, 503},
	},
	{
		method: "GET", path: "/api/v1/reports/kept", id: "keptReports", summary: "The reports of closed periods",
		status: 200, answer: KeptReports{}, faults: []int{400, 500},
	},
	{
		method: "GET", path: "/api/v1/reports/kept/file", id: "keptReport", summary: "One of these files",
		query:  []parameter{{name: "name", note: "as the list has it", required: true, schema: text()}},
		status: 200, contents: []string{report.XLSX.MIME(), report.CSV.MIME(), report.PDF.MIME(), report.DOCX.MIME()}, faults: []int{400, 404, 500},
	},
	{
		method: "GET", path: "/api/v1/export", id: "export", summary: "Single ballots of closed months, for the province's analysts",
		note: "One row a ballot, with its day and no time, in an order that says nothing of time. Rows that agree in all of day, desk, field, procedure, step, channel, binding and changed are at least five: a rarer text is *, another value is left out (Parquet: null). " +
			"By the period's name, or by its days, as reports are. Reasons are a code and + (good) or - (not good). Where the answer breaks off, it is not whole.",
		query: []parameter{
			{name: "period", note: "2026-10 a month, 2026-Q4 a quarter, 2026-H2 a half-year, 2026 a year", schema: text()},
			{name: "from", note: "first day", schema: date()},
			{name: "to", note: "first day after the period", schema: date()},
			{name: "until", note: "last day of the period", schema: date()},
			{name: "unit", note: "code of one settling unit", schema: text()},
			{name: "format", note: "default csv", schema: map[string]any{"type": "string", "enum": []any{"csv", "parquet"}}},
		},
		status: 200, contents: []string{exportFormats["csv"], exportFormats["parquet"]}, faults: []int{400, 401, 409, 500},
	},
	{
		method: "GET", path: "/api/v1/closings", id: "closings", summary: "The months of which the figures are published",
		note:   "A month is closed on the fifth day after its end. What it published then is never changed by what comes later.",
		status: 200, answer: Closings{}, faults: []int{400, 500},
	},
	{
		method: "GET", path: "/api/v1/breakdown", id: "breakdown", summary: "How the ballots of a unit part, in closed months",
		note: "Of the period, the whole months in it that are closed. Values that have too few ballots are put together, also where that is so in one of the months only; nothing published can be added or subtracted to what a single person said.",
		query: []parameter{
			{name: "unit", note: "code of a settling unit", required: true, schema: text()},
			{name: "service", note: "kind of service", required: true, schema: map[string]any{"type": "string", "enum": []any{"administrative", "public"}}},
			{name: "by", note: "what they are parted by; weekday: 1 Monday to 7; hour: of the day, 00 to 23", required: true, schema: map[string]any{"type": "string", "enum": list(index.Dimensions)}},
			{name: "from", note: "first day", required: true, schema: date()},
			{name: "to", note: "first day after the period", required: true, schema: date()},
		},
		status: 200, answer: Breakdown{}, faults: []int{400, 404, 409, 500},
	},
	{
		method: "POST", path: "/api/v1/receipts", id: "registerDossiers", summary: "Register dossiers, and get their receipts",
		note:  "One dossier is answered with its result, or with the fault itself: 409 where it is registered already, without an id. Many are answered with a result for each. To send the same again changes nothing.",
		query: []parameter{pictures}, bodies: []any{Dossier{}, DossierList{}},
		status: 201, answer: DossierResult{}, others: map[int]any{200: DossierResults{}, 422: DossierResults{}},
		faults: append([]int{404, 409}, taken...),
	},
	{
		method: "POST", path: "/api/v1/receipts/reprint", id: "reprintReceipt", summary: "Another receipt for a registered dossier",
		note:  "It has another id and the same ballot.",
		query: []parameter{pictures}, bodies: []any{ReprintRequest{}}, status: 201, answer: Receipt{},
		faults: append([]int{404}, taken...),
	},
	{
		method: "POST", path: "/api/v1/receipts/page", id: "printReceipt", summary: "The printable receipt, on A5",
		note:   "What is said of a person goes out in this answer, and is neither stored nor logged. The page carries its own style and loads nothing.",
		bodies: []any{PageRequest{}}, status: 200, content: "text/html", faults: append([]int{404, 409}, taken...),
	},
	{
		method: "POST", path: "/api/v1/receipts/import", id: "importDossiers", summary: "Register the dossiers of a CSV file",
		note:  "UTF-8 of at most 20 MiB, parted by commas, semicolons or tabs. The first line names the columns, in Vietnamese or English: mã hồ sơ (code), bộ phận một cửa (desk), thời gian nhận (received); and where given cơ quan giải quyết (unit), loại dịch vụ (service), lĩnh vực (field), thủ tục (procedure), mã cán bộ (officer), hẹn trả (due). Good rows are taken, bad ones named by line; a second import of the same file changes nothing.",
		files: []string{"text/csv"}, status: 200, answer: ImportResult{}, faults: append([]int{422}, taken...),
	},
	{
		method: "POST", path: "/api/v1/slips", id: "issueSlips", summary: "One-time slips, for units without dossiers",
		query: []parameter{pictures}, bodies: []any{SlipRequest{}}, status: 201, answer: Slips{},
		faults: append([]int{404}, taken...),
	},
	{
		method: "POST", path: "/api/v1/dossiers/events", id: "recordEvents", summary: "Results returned, supplements asked for, dossiers refused",
		note:   "To send the same event again changes nothing. 422 only where every event was refused.",
		bodies: []any{EventList{}}, status: 200, answer: EventResults{}, others: map[int]any{422: EventResults{}}, faults: taken,
	},
	{
		method: "POST", path: "/api/v1/organisation", id: "loadOrganisation", summary: "Load the organisation file",
		note:  "YAML as in deploy/example. With any fault, nothing is loaded and every fault is named. Only what differs from what is in force is recorded.",
		files: yamlTypes, status: 200, answer: OrganisationResult{}, others: map[int]any{422: FileProblem{}}, faults: taken,
	},
	{
		method: "POST", path: "/api/v1/questionnaires", id: "loadQuestionnaire", summary: "Load a version of what citizens are asked",
		note:  "YAML as in deploy/example. With any fault, nothing is loaded and every fault is named. A version is never changed: 409 where it is recorded with other content; another day on which it begins is recorded.",
		query: []parameter{{name: "from", note: "day from which it is shown, in place of the file's", schema: date()}}, files: yamlTypes,
		status: 200, answer: Recorded{}, others: map[int]any{422: FileProblem{}}, faults: append([]int{409}, taken...),
	},
	{
		method: "GET", path: "/api/v1/questionnaires", id: "questionnaires", summary: "The versions of what citizens are asked",
		note:   "Texts are by language (BCP 47). A rating's reasons are a code after + (good) or - (not good).",
		status: 200, answer: Questionnaires{}, faults: []int{400, 500},
	},
	{
		method: "POST", path: "/api/v1/kiosks/admit", id: "admitKiosk", summary: "Let a device's ratings count",
		bodies: []any{AdmitRequest{}}, status: 200, answer: Recorded{}, faults: append([]int{403, 404}, taken...),
	},
	{
		method: "POST", path: "/api/v1/kiosks/codes", id: "makeEnrolCode", summary: "A code by which one device becomes a kiosk",
		note:   "Good once, for 15 minutes.",
		bodies: []any{CodeRequest{}}, status: 200, answer: EnrolCode{}, faults: append([]int{403, 404}, taken...),
	},
	{
		method: "GET", path: "/api/v1/kiosks/challenge", id: "challengeKiosk", summary: "What a device is to sign, to prove that it holds its key",
		status: 200, answer: enrolment.Challenge{}, faults: []int{400, 500},
	},
	{
		method: "POST", path: "/api/v1/kiosks/enrol", id: "enrolKiosk", summary: "Let in the device that brings a code",
		status: 200, answer: enrolment.Credential{}, bodies: []any{enrolment.Presentation{}}, faults: []int{400, 403, 404, 409, 413, 415, 429, 500, 503, 504, 507},
	},
	{
		method: "POST", path: "/api/v1/kiosks/credential", id: "renewKiosk", summary: "The credential of a device that was let in before",
		status: 200, answer: enrolment.Credential{}, bodies: []any{enrolment.Renewal{}}, faults: []int{400, 403, 409, 413, 415, 500},
	},
	{
		method: "POST", path: "/api/v1/kiosks/revoke", id: "revokeKiosk", summary: "End a device's key",
		note:   "What this server has of it now still counts, nothing after.",
		bodies: []any{RevokeRequest{}}, status: 200, answer: Recorded{}, faults: taken,
	},
	{
		method: "POST", path: "/api/v1/forks/decide", id: "decideFork", summary: "Name the branch that counts at a fork",
		bodies: []any{DecideRequest{}}, status: 200, answer: Recorded{}, faults: taken,
	},
	{method: "GET", path: "/openapi.json", id: "openapi", summary: "This document", status: 200, content: "application/json"},
	{method: "GET", path: "/healthz", id: "healthz", summary: "Whether the process answers", status: 200, content: "text/plain"},
	{method: "GET", path: "/readyz", id: "readyz", summary: "Whether it can work", status: 200, content: "text/plain", others: map[int]any{503: nil}},
}...)

// described says which routes are for programs and hence in the document.
func described(path string) bool {
	return strings.HasPrefix(path, "/api/") || path == "/openapi.json" || path == "/healthz" || path == "/readyz"
}

// Undocumented compares an app's routes with the document: it lists, as METHOD
// path, the programs' routes that only one of the two has.
func Undocumented(app *fiber.App) []string {
	have := map[string]bool{}
	for _, r := range app.GetRoutes(true) {
		if r.Method != fiber.MethodHead && described(r.Path) {
			have[r.Method+" "+r.Path] = true
		}
	}
	var odd []string
	for _, o := range operations {
		name := o.method + " " + o.path
		if !have[name] {
			odd = append(odd, name+" is documented and does not exist")
		}
		delete(have, name)
	}
	for name := range have {
		odd = append(odd, name+" exists and is not documented")
	}
	slices.Sort(odd)
	return odd
}

// document makes the OpenAPI document.
func document() map[string]any {
	s := schemas{}
	problem := answer("What went wrong", "application/json", s.of(reflect.TypeFor[httpx.Problem]()))
	paths := map[string]any{}
	for _, o := range operations {
		answers := map[string]any{}
		for _, status := range o.faults {
			answers[strconv.Itoa(status)] = problem
		}
		for status, body := range o.others {
			if body == nil {
				answers[strconv.Itoa(status)] = answer("Not now", "text/plain", text())
				continue
			}
			answers[strconv.Itoa(status)] = answer("A result for each", "application/json", s.of(reflect.TypeOf(body)))
		}
		good := answer(o.summary, o.content, text())
		switch {
		case o.contents != nil:
			contents := map[string]any{}
			for _, one := range o.contents {
				contents[one] = map[string]any{"schema": text()}
			}
			good["content"] = contents
		case o.answer != nil:
			good = answer(o.summary, "application/json", s.of(reflect.TypeOf(o.answer)))
		case o.content == "application/json":
			good = answer(o.summary, o.content, map[string]any{"type": "object"})
		}
		answers[strconv.Itoa(o.status)] = good
		op := map[string]any{"operationId": o.id, "summary": o.summary, "responses": answers}
		if o.note != "" {
			op["description"] = o.note
		}
		if rule, _ := access.RuleOf(o.method, o.path); rule.May != nil {
			answers["401"], answers["403"] = problem, problem
			op["x-roles"], op["security"] = allowed(rule)
		}
		var parameters []any
		for _, q := range o.query {
			parameters = append(parameters, map[string]any{"name": q.name, "in": "query", "required": q.required, "description": q.note, "schema": q.schema})
		}
		if parameters != nil {
			op["parameters"] = parameters
		}
		if content := requests(s, o); len(content) > 0 {
			op["requestBody"] = map[string]any{"required": true, "content": content}
		}
		if paths[o.path] == nil {
			paths[o.path] = map[string]any{}
		}
		paths[o.path].(map[string]any)[strings.ToLower(o.method)] = op
	}
	var codes []string
	for _, c := range survey.Codes() {
		codes = append(codes, string(c))
	}
	slices.Sort(codes)
	return map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "Hài lòng", "version": "1",
			"description": "Đánh giá sự hài lòng tại bộ phận một cửa. Satisfaction at the one-stop desk. Times are RFC 3339 with their offset, or 23/11/2026 09:30 of Vietnam. " +
				"A fault is a Problem with a stable code: " + strings.Join(codes, ", ") + ". Messages are Vietnamese, or English where Accept-Language asks for it.",
		},
		"paths": paths,
		"components": map[string]any{
			"schemas": s,
			"securitySchemes": map[string]any{
				"token":   map[string]any{"type": "http", "scheme": "bearer", "description": "A program's token, good for the dossiers of its unit; or the one that the server wrote to operator.token in its data folder."},
				"session": map[string]any{"type": "apiKey", "in": "cookie", "name": access.CookieName(false), "description": "Of a person who has signed in; over https __Host-hailong. What changes something also carries the session's csrf, as a header or a field of the form."},
			},
		},
	}
}

// allowed tells the roles of a rule, and what may show them.
func allowed(rule access.Rule) (roles, security []any) {
	session := false
	for _, r := range rule.May {
		roles = append(roles, r.String())
		session = session || r != access.Program && r != access.Operator
	}
	security = []any{map[string]any{"token": []any{}}}
	if session {
		security = append(security, map[string]any{"session": []any{}})
	}
	return roles, security
}

func answer(about, content string, schema map[string]any) map[string]any {
	return map[string]any{"description": about, "content": map[string]any{content: map[string]any{"schema": schema}}}
}

// requests gives the bodies that an operation takes, by content type.
func requests(s schemas, o operation) map[string]any {
	content := map[string]any{}
	for _, f := range o.files {
		content[f] = map[string]any{"schema": text()}
	}
	var kinds []any
	for _, b := range o.bodies {
		kinds = append(kinds, s.of(reflect.TypeOf(b)))
	}
	switch len(kinds) {
	case 0:
	case 1:
		content["application/json"] = map[string]any{"schema": kinds[0]}
	default:
		content["application/json"] = map[string]any{"schema": map[string]any{"oneOf": kinds}}
	}
	return content
}

var openAPI = sync.OnceValues(func() ([]byte, error) { return json.MarshalIndent(document(), "", " ") })

func showOpenAPI(c *fiber.Ctx) error {
	data, err := openAPI()
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/json; charset=utf-8")
	return c.Send(data)
}
