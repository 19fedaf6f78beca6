package api_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/api"
	"hailong/server/index"
	"hailong/server/projection/schema"
	"hailong/web"
)

func indexApp(t *testing.T, statements ...string) *fiber.App {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "server.db"), schema.Files, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	err = db.Write(context.Background(), func(tx *sqlite.Tx) error {
		for _, s := range append(statements, schema.Months...) {
			if _, err := tx.Conn.ExecContext(context.Background(), s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		t.Fatal(err)
	}
	app := httpx.New(httpx.Options{Log: slog.New(slog.DiscardHandler), Catalogue: catalogue})
	app.Use(access.As(access.Person{Role: access.Province}, access.Places{}))
	api.RegisterIndex(app, index.Open(db.Read(), func() time.Time { return time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC) }))
	return app
}

func get(t *testing.T, app *fiber.App, path string, into any) int {
	t.Helper()
	response, err := app.Test(httptest.NewRequest(http.MethodGet, path, nil), -1)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%s: %v: %s", path, err, body)
	}
	return response.StatusCode
}

// TestIndex: the answer's numbers, words and nulls.
func TestIndex(t *testing.T) {
	app := indexApp(t,
		`INSERT INTO unit_kind VALUES ('so', 'Sở', 'Department')`,
		`INSERT INTO unit VALUES ('A', 1, 'Sở Nội vụ', '', 'so', '', 0, 0), ('B', 2, 'Sở Y tế', '', 'so', 'A', 0, 0)`,
		`INSERT INTO target VALUES ('so', '', 1, 0, 1, 9500)`,
		// 20762 is 2026-11-05
		`INSERT INTO cell VALUES (1, 1, 1, 0)`, `INSERT INTO cell_day VALUES (1, 20762, 1, 1, 3, 45, 50, 60, 90, 7)`, `INSERT INTO block VALUES (1, 20762, 20762, 1, 1, 3, 45, 50, 60, 90, 7)`,
		`INSERT INTO dossier_day VALUES (1, 1, 20762, 400, 100)`, `INSERT INTO void_day (day, unit, service, desk, n) VALUES (20762, 1, 1, 0, 12)`)
	var a api.Index
	if status := get(t, app, "/api/v1/index?from=2026-10-01&to=2027-01-01", &a); status != http.StatusOK || len(a.Rows) != 2 {
		t.Fatal(status, a)
	}
	r := a.Rows[0]
	if r.Answers != 100 || r.Satisfied != 95 || *r.Rate != .95 || *r.Verdict != survey.VerdictNotMet || !r.Straddles ||
		r.Target.Operator != survey.OperatorAbove || r.Target.Hundredths != 9500 || *r.Participation.Rate != .25 ||
		r.Scores != (api.Scores{One: 1, Two: 1, Three: 3, Four: 45, Five: 50}) || r.Channels != (api.Channels{Kiosk: 60, Phone: 40}) ||
		r.Bindings != (api.Bindings{Receipt: 90, Dossier: 10}) || r.Changed != 7 || r.Voided != 12 || math.Abs(r.Interval.Low-.8882) > .0001 {
		t.Errorf("%+v", r)
	}
	if b := a.Rows[1]; b.Answers != 0 || b.Rate != nil || b.Interval != nil || *b.Verdict != survey.VerdictTooFew || b.Band != nil {
		t.Errorf("%+v", b)
	}
	var raw struct {
		Units []map[string]any `json:"units"`
	}
	get(t, app, "/api/v1/index?from=2026-11-05&to=2026-11-06&unit=A&service=administrative", &raw)
	if len(raw.Units) != 1 || raw.Units[0]["verdict"] != "not_met" || raw.Units[0]["service"] != "administrative" {
		t.Error(raw)
	}
	// Half-open: the day before ends where the day begins.
	get(t, app, "/api/v1/index?from=2026-11-04&to=2026-11-05&unit=A", &a)
	if len(a.Rows) != 1 || a.Rows[0].Answers != 0 {
		t.Errorf("%+v", a)
	}
}

// TestIndexBadInput: 4xx with a code of the catalogue.
func TestIndexBadInput(t *testing.T) {
	app := indexApp(t)
	for query, want := range map[string]survey.Code{
		"":                                               survey.CodeMissingField,
		"from=2026-01-01":                                survey.CodeMissingField,
		"from=2026-02-30&to=2026-03-01":                  survey.CodeBadDate,
		"from=2026-1-1&to=2026-03-01":                    survey.CodeBadDate,
		"from=2026-03-01&to=2026-02-01":                  survey.CodeFromAfterTo,
		"from=2026-03-01&to=2026-03-01":                  survey.CodeFromAfterTo,
		"from=2010-03-01&to=2026-03-01":                  survey.CodeRangeTooLong,
		"from=2026-03-01&to=2026-04-01&unit=X":           survey.CodeUnknownUnit,
		"from=2026-03-01&to=2026-04-01&unit=":            survey.CodeUnknownUnit,
		"from=2026-03-01&to=2026-04-01&service=":         survey.CodeUnknownService,
		"from=2026-03-01&to=2026-04-01&service=x":        survey.CodeUnknownService,
		"from=2026-03-01&to=2026-04-01&colour=red":       survey.CodeUnknownParameter,
		"from=2026-03-01&to=2026-04-01&from=2026-02-01":  survey.CodeUnknownParameter,
		"from=2026-03-01&to=2026-04-01&unit=%00%ff%27--": survey.CodeUnknownUnit,
	} {
		var p httpx.Problem
		if status := get(t, app, "/api/v1/index?"+query, &p); status < 400 || status >= 500 || p.Code != want || p.Message == "" {
			t.Errorf("%q: %d %+v, want %s", query, status, p, want)
		}
	}
}

// TestTree: the tree's numbers, and what is asked of it wrongly.
func TestTree(t *testing.T) {
	app := indexApp(t,
		`INSERT INTO unit_kind VALUES ('so', 'Sở', 'Department')`,
		`INSERT INTO unit VALUES ('H', 1, 'Tỉnh', '', 'tinh', '', 0, 0), ('A', 2, 'Sở Y tế', '', 'so', 'H', 0, 0)`,
		`INSERT INTO target VALUES ('so', '', 1, 0, 1, 9500)`, `INSERT INTO setting VALUES ('timeliness/so', '2018-01-01 =100 >=30')`,
		// 20762 is 2026-11-05, 20731 2026-10-05
		`INSERT INTO cell VALUES (1, 2, 1, 0)`, `INSERT INTO block VALUES (1, 20762, 20762, 1, 1, 3, 45, 50, 60, 90, 7), (1, 20731, 20731, 30, 0, 0, 0, 70, 100, 100, 0)`,
		`INSERT INTO cell_day VALUES (1, 20762, 1, 1, 3, 45, 50, 60, 90, 7), (1, 20731, 30, 0, 0, 0, 70, 100, 100, 0)`,
		`INSERT INTO dossier_day VALUES (2, 1, 20762, 400, 100)`, `INSERT INTO return_day VALUES (2, 1, 20762, 40, 50, 10, 3)`,
		`INSERT INTO void_day (day, unit, service, desk, n) VALUES (20762, 2, 1, 0, 12)`)
	var tree api.Tree
	if status := get(t, app, "/api/v1/tree?from=2026-11-01&to=2026-12-01&before_from=2026-10-01&before_to=2026-11-01", &tree); status != http.StatusOK || len(tree.Lines) != 2 || len(tree.Months) != 12 {
		t.Fatal(status, tree)
	}
	h, a := tree.Lines[0], tree.Lines[1]
	if h.Unit.Code != "H" || h.Answers != 0 || h.Under == nil || h.Under.Units != 1 || h.Under.Answers != 100 || h.Under.NotMet != 1 || h.Under.Voided != 12 || a.Voided != 12 || *h.Under.Verdict != survey.VerdictNotMet {
		t.Errorf("%+v", h)
	}
	if a.Depth != 1 || a.Under != nil || a.Change.Direction != "up" || a.Change.Before != (api.TreeTally{Answers: 100, Satisfied: 70}) || math.Abs(a.Change.Points-.25) > 1e-9 || a.Change.Interval.Low <= 0 {
		t.Errorf("%+v", a.Change)
	}
	if a.Trend[11] != (api.TreeTally{Answers: 100, Satisfied: 95}) || a.Trend[10] != a.Change.Before || tree.Months[11].String() != "2026-11-01" {
		t.Errorf("%+v", a.Trend)
	}
	times := a.Timeliness
	if times.Early != 40 || times.NoDue != 3 || *times.InTime != .9 || *times.InTimeMet != survey.VerdictNotMet || *times.EarlyMet != survey.VerdictMet || times.InTimeTarget.Hundredths != 10000 {
		t.Errorf("%+v", times)
	}
	if a.Needed != survey.SampleNeeded(400) || *a.Ratio766 != float64(400-2-10)/400 {
		t.Errorf("%d %v", a.Needed, *a.Ratio766)
	}
	for query, want := range map[string]survey.Code{
		"":                              survey.CodeMissingField,
		"from=2026-01-01&to=2026-01-01": survey.CodeFromAfterTo,
		"from=2010-03-01&to=2026-03-01": survey.CodeRangeTooLong,
		"from=2026-02-01&to=2026-03-01&before_from=2026-01-01":                      survey.CodeBadDate,
		"from=2026-02-01&to=2026-03-01&before_from=2026-01-02&before_to=2026-01-01": survey.CodeFromAfterTo,
		"from=2026-02-01&to=2026-03-01&unit=X":                                      survey.CodeUnknownUnit,
		"from=2026-02-01&to=2026-03-01&service=x":                                   survey.CodeUnknownService,
		"from=2026-02-01&to=2026-03-01&colour=red":                                  survey.CodeUnknownParameter,
	} {
		var p httpx.Problem
		if status := get(t, app, "/api/v1/tree?"+query, &p); status < 400 || status >= 500 || p.Code != want {
			t.Errorf("%q: %d %+v, want %s", query, status, p, want)
		}
	}
}
