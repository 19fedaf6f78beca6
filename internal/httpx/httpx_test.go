package httpx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/survey"
	"hailong/web"
)

type fixture struct {
	*fiber.App
	log *bytes.Buffer
}

type sample struct {
	Score survey.Score      `json:"score"`
	Step  survey.Step       `json:"step"`
	Deep  []struct{ A int } `json:"deep"`
}

func newApp(t *testing.T) fixture {
	t.Helper()
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		t.Fatal(err)
	}
	assets, err := httpx.NewAssets(fstest.MapFS{"a.css": {Data: []byte(strings.Repeat("p{color:red}", 200))}, "b.js": {Data: []byte("1")}})
	if err != nil {
		t.Fatal(err)
	}
	views, err := httpx.NewViews(web.Templates(), assets)
	if err != nil {
		t.Fatal(err)
	}
	log := &bytes.Buffer{}
	app := httpx.New(httpx.Options{
		Log: slog.New(slog.NewTextHandler(log, nil)), Catalogue: catalogue, Views: views, Assets: assets, BodyLimit: 1000,
		Ready: func(context.Context) error { return survey.New(survey.CodeStorageFull) },
	})
	app.Get("/secret/:id", func(c *fiber.Ctx) error { return c.SendString(httpx.Param(c, "id")) })
	app.Get("/broken", func(c *fiber.Ctx) error { return errors.New("password is hunter2") })
	app.Get("/panic", func(c *fiber.Ctx) error { panic("at the disco") })
	app.Get("/wrapped", func(c *fiber.Ctx) error { return fmt.Errorf("x: %w", survey.New(survey.CodeUnknownUnit, "<b>")) })
	app.Get("/query", func(c *fiber.Ctx) error {
		q, err := httpx.Query(c, "from")
		if err != nil {
			return err
		}
		return c.SendString(q["from"])
	})
	app.Post("/json", func(c *fiber.Ctx) error {
		var s sample
		if err := httpx.JSON(c, &s); err != nil {
			return err
		}
		return httpx.SendJSON(c, fiber.StatusCreated, s)
	})
	app.Post("/form", func(c *fiber.Ctx) error {
		f, err := httpx.Form(c, "score")
		if err != nil {
			return err
		}
		return c.SendString(f["score"])
	})
	app.Get("/lao", func(c *fiber.Ctx) error {
		httpx.Offer(c, "lo", "en")
		httpx.Home(c, "/lao")
		f := httpx.NewFrame(c, "")
		if c.Query("fail") != "" {
			return survey.New(survey.CodeUnknownReceipt)
		}
		return c.JSON(f.Switches)
	})
	app.Get("/all", func(c *fiber.Ctx) error { return c.JSON(httpx.NewFrame(c, "").Switches) })
	app.Post("/small", httpx.Limit(3), func(c *fiber.Ctx) error { return c.SendString("ok") })
	return fixture{app, log}
}

func (f fixture) do(t *testing.T, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := f.Test(r, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestErrorsAreACodeAndASentence(t *testing.T) {
	f := newApp(t)
	for _, test := range []struct {
		method, path, body, contentType string
		status                          int
		code                            survey.Code
	}{
		{"GET", "/nowhere", "", "", 404, survey.CodeNotFound},
		{"DELETE", "/json", "", "", 405, survey.CodeMethodNotAllowed},
		{"GET", "/wrapped", "", "", 404, survey.CodeUnknownUnit},
		{"GET", "/broken", "", "", 500, survey.CodeInternal},
		{"GET", "/panic", "", "", 500, survey.CodeInternal},
		{"GET", "/static/../app.go", "", "", 404, survey.CodeNotFound},
		{"GET", "/static/none.css", "", "", 404, survey.CodeNotFound},
		{"GET", "/query?to=1", "", "", 400, survey.CodeUnknownParameter},
		{"GET", "/query?from=1&from=2", "", "", 400, survey.CodeBadRequest},
		{"POST", "/json", `{}`, "text/plain", 415, survey.CodeWrongContentType},
		{"POST", "/json", ``, "application/json", 400, survey.CodeBadJSON},
		{"POST", "/json", `{"score":5`, "application/json", 400, survey.CodeBadJSON},
		{"POST", "/json", `{"score":5}{}`, "application/json", 400, survey.CodeBadJSON},
		{"POST", "/json", "{\"x\xff\":5}", "application/json", 400, survey.CodeBadJSON},
		{"POST", "/json", `{"score":5,"sorce":4}`, "application/json", 400, survey.CodeUnknownField},
		{"POST", "/json", `{"deep":[{"a":1},{"b":1}]}`, "application/json", 400, survey.CodeUnknownField},
		{"POST", "/json", `{"score":"5"}`, "application/json", 400, survey.CodeBadField},
		{"POST", "/json", `{"score":5.5}`, "application/json", 400, survey.CodeBadField},
		{"POST", "/json", `{"score":500}`, "application/json", 400, survey.CodeBadField},
		{"POST", "/json", `{"step":"flown"}`, "application/json", 400, survey.CodeBadStep},
		{"POST", "/form", `score=1&score=2`, "application/x-www-form-urlencoded", 400, survey.CodeBadForm},
		{"POST", "/form", `other=1`, "application/x-www-form-urlencoded", 400, survey.CodeUnknownField},
		{"POST", "/form", `score=%ff`, "application/x-www-form-urlencoded", 400, survey.CodeBadForm},
		{"POST", "/form", `score=1`, "multipart/form-data", 415, survey.CodeWrongContentType},
		{"POST", "/small", `1234`, "", 413, survey.CodeBodyTooLarge},
	} {
		res, body := f.do(t, test.method, test.path, test.body, "Content-Type", test.contentType)
		var p httpx.Problem
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			t.Errorf("%s %s %s: %v in %q", test.method, test.path, test.body, err, body)
			continue
		}
		if res.StatusCode != test.status || p.Code != test.code || p.Message == "" {
			t.Errorf("%s %s %s: got %d %s, want %d %s", test.method, test.path, test.body, res.StatusCode, p.Code, test.status, test.code)
		}
		if (test.status == 500) != (p.Reference != "") {
			t.Errorf("%s %s: reference %q", test.method, test.path, p.Reference)
		}
		if p.Reference != "" && !strings.Contains(f.log.String(), p.Reference) {
			t.Errorf("%s: the reference %s is not in the log", test.path, p.Reference)
		}
		if strings.Contains(body, "hunter2") || strings.Contains(body, "goroutine") {
			t.Errorf("%s: the answer tells what is inside: %s", test.path, body)
		}
	}
	if log := f.log.String(); !strings.Contains(log, "hunter2") || !strings.Contains(log, "at the disco") {
		t.Error("the log does not hold the errors in full")
	}
}

func TestBodyOverTheLimitIsRefusedBeforeAHandler(t *testing.T) {
	f := newApp(t)
	// Fiber's Test does not go through the server's own limit, so a real
	// listener is used.
	address := listen(t, f.App)
	res, err := http.Post("http://"+address+"/json", "application/json", strings.NewReader(`"`+strings.Repeat("x", 2000)+`"`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var p httpx.Problem
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 413 || p.Code != survey.CodeBodyTooLarge || res.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("got %d %+v", res.StatusCode, p)
	}
}

// A body that would have to be unpacked first is refused, however it is said:
// unpacked it could be of any size.
func TestCompressedBodiesAreRefused(t *testing.T) {
	f := newApp(t)
	for _, encodings := range [][]string{{"gzip"}, {"", "gzip"}, {"deflate", ""}, {"br"}, {"identity"}, {"x"}} {
		r := httptest.NewRequest("POST", "/json", strings.NewReader(`{"score":5}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header["Content-Encoding"] = encodings
		res, err := f.Test(r, -1)
		if err != nil {
			t.Fatal(err)
		}
		var p httpx.Problem
		if err := json.NewDecoder(res.Body).Decode(&p); err != nil || res.StatusCode != 415 || p.Code != survey.CodeCompressed {
			t.Errorf("%q: %d %+v %v", encodings, res.StatusCode, p, err)
		}
	}
}

func TestErrorsForPeopleAreACalmPage(t *testing.T) {
	f := newApp(t)
	for path, want := range map[string]string{"/nowhere": "Không có trang này", "/broken": "Số tham chiếu", "/wrapped": "&lt;b&gt;"} {
		res, body := f.do(t, "GET", path, "", "Accept", "text/html,*/*;q=0.8", "Accept-Language", "vi")
		if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || !strings.Contains(body, want) || strings.Contains(body, "hunter2") {
			t.Errorf("%s: %s %s", path, res.Header.Get("Content-Type"), body)
		}
	}
	if _, body := f.do(t, "GET", "/nowhere?lang=en", "", "Accept", "text/html"); !strings.Contains(body, "There is no such page") || !strings.Contains(body, `lang="en"`) {
		t.Errorf("not in English: %s", body)
	}
	if res, _ := f.do(t, "GET", "/api/v1/nowhere", "", "Accept", "text/html"); !strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		t.Error("the API answered with a page")
	}
}

// A kiosk's page may use its camera, and run what reads codes in the pictures; any
// other may not.
func TestCamera(t *testing.T) {
	assets, err := httpx.NewAssets(fstest.MapFS{"reader.wasm": {Data: []byte("\x00asm")}})
	if err != nil {
		t.Fatal(err)
	}
	for camera, want := range map[bool][2]string{false: {"script-src 'self';", "camera=(),"}, true: {"script-src 'self' 'wasm-unsafe-eval';", "camera=(self),"}} {
		app := httpx.New(httpx.Options{Log: slog.New(slog.DiscardHandler), Assets: assets, Camera: camera})
		res, err := app.Test(httptest.NewRequest(http.MethodGet, "/static/reader.wasm", nil))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, want[0]) || strings.Contains(csp, "unsafe-inline") || strings.Contains(csp, "'unsafe-eval'") {
			t.Errorf("camera %v: %s", camera, csp)
		}
		if may := res.Header.Get("Permissions-Policy"); !strings.HasPrefix(may, want[1]) || !strings.Contains(may, "microphone=()") {
			t.Errorf("camera %v: %s", camera, may)
		}
		if kind := res.Header.Get("Content-Type"); kind != "application/wasm" {
			t.Errorf("a program is served as %q", kind)
		}
	}
}

// A page offers the languages that it names, Vietnamese among them; others offer
// those that have every message. An error of the page is in its language, and
// leads back to where the page says.
func TestLanguagesOfAPage(t *testing.T) {
	f := newApp(t)
	for path, want := range map[string]string{
		"/lao": "vi lo* en", "/lao?lang=en": "vi lo en*", "/lao?lang=fr": "vi lo* en", "/all": "vi* en", "/all?lang=lo": "vi* en",
	} {
		_, body := f.do(t, "GET", path, "", "Accept-Language", "lo")
		var switches []httpx.Switch
		if err := json.Unmarshal([]byte(body), &switches); err != nil {
			t.Fatal(err, body)
		}
		var got []string
		for _, s := range switches {
			if s.Current {
				s.Tag += "*"
			}
			got = append(got, s.Tag)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s offers %q, want %q", path, got, want)
		}
	}
	if _, body := f.do(t, "GET", "/lao?fail=1&lang=lo", "", "Accept", "text/html"); !strings.Contains(body, `<html lang="lo">`) || !strings.Contains(body, `href="/lao?lang=lo"`) {
		t.Errorf("the page's error: %s", body)
	}
	if _, body := f.do(t, "GET", "/broken", "", "Accept", "text/html"); !strings.Contains(body, `href="/"`) {
		t.Errorf("another page's error: %s", body)
	}
}

func TestLogHoldsNoPathOfAReceipt(t *testing.T) {
	f := newApp(t)
	if _, body := f.do(t, "GET", "/secret/0123456789ABCDEF*", ""); body != "0123456789ABCDEF*" {
		t.Errorf("got %q", body)
	}
	f.do(t, "GET", "/unknown/0123456789ABCDEF*", "")
	if log := f.log.String(); strings.Contains(log, "0123456789ABCDEF") || !strings.Contains(log, "/secret/:id") {
		t.Errorf("log: %s", log)
	}
	_, metrics := f.do(t, "GET", "/metrics", "")
	if strings.Contains(metrics, "0123456789ABCDEF") || !strings.Contains(metrics, `route="/secret/:id"`) || !strings.Contains(metrics, "go_goroutines") {
		t.Error("metrics are not by route, or tell of paths")
	}
}

func TestHeaders(t *testing.T) {
	f := newApp(t)
	res, _ := f.do(t, "GET", "/healthz", "")
	if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy: %q", csp)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if res.Header.Get("X-Request-Id") == "" || len(res.Cookies()) > 0 {
		t.Errorf("headers: %v", res.Header)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	f := newApp(t)
	form := "application/x-www-form-urlencoded"
	for site, want := range map[string]int{"cross-site": 403, "same-site": 403, "same-origin": 200, "none": 200} {
		if res, _ := f.do(t, "POST", "/form", "score=1", "Content-Type", form, "Sec-Fetch-Site", site); res.StatusCode != want {
			t.Errorf("%s: %d, want %d", site, res.StatusCode, want)
		}
	}
	if res, _ := f.do(t, "GET", "/healthz", "", "Sec-Fetch-Site", "cross-site"); res.StatusCode != 200 {
		t.Error("a link from another site was refused")
	}
}

func TestReadyAndHealth(t *testing.T) {
	f := newApp(t)
	if res, body := f.do(t, "GET", "/healthz", ""); res.StatusCode != 200 || body != "ok\n" {
		t.Errorf("health: %d %q", res.StatusCode, body)
	}
	if res, body := f.do(t, "GET", "/readyz", ""); res.StatusCode != 503 || !strings.Contains(body, string(survey.CodeStorageFull)) {
		t.Errorf("ready: %d %q", res.StatusCode, body)
	}
}

func TestStaticFiles(t *testing.T) {
	f := newApp(t)
	res, body := f.do(t, "GET", "/static/a.css", "")
	tag := res.Header.Get("ETag")
	if res.StatusCode != 200 || tag == "" || !strings.HasPrefix(body, "p{") || res.Header.Get("Cache-Control") != "no-cache" {
		t.Fatalf("got %d %v", res.StatusCode, res.Header)
	}
	if res, body := f.do(t, "GET", "/static/a.css", "", "If-None-Match", tag); res.StatusCode != 304 || body != "" {
		t.Errorf("with its tag: %d", res.StatusCode)
	}
	if res, _ := f.do(t, "GET", "/static/a.css?v="+strings.Trim(tag, `"`), ""); !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("with its hash: %v", res.Header)
	}
	if res, body := f.do(t, "GET", "/static/a.css", "", "Accept-Encoding", "gzip"); res.Header.Get("Content-Encoding") != "gzip" || len(body) > 200 {
		t.Errorf("not compressed: %v", res.Header)
	}
}

// Pages render concurrently, and a missing file of another project leaves no
// trace in the page.
func TestViewsRenderConcurrently(t *testing.T) {
	assets, err := httpx.NewAssets(fstest.MapFS{"here.css": {Data: []byte("p{}")}})
	if err != nil {
		t.Fatal(err)
	}
	views, err := httpx.NewViews(fstest.MapFS{
		"parts/p.html":    {Data: []byte(`{{define "p"}}<p>{{.}}</p>{{end}}`)},
		"s/frame.html":    {Data: []byte(`{{define "frame"}}{{style "here.css"}}{{style "gone.css"}}{{script "gone.js"}}{{template "main" .}}{{end}}`)},
		"s/part-row.html": {Data: []byte(`{{define "row"}}<tr>{{template "p" .}}</tr>{{end}}`)},
		"s/one.html":      {Data: []byte(`{{define "main"}}1{{template "row" .}}{{end}}`)},
		"s/two.html":      {Data: []byte(`{{define "main"}}2{{template "row" .}}{{end}}`)},
	}, assets)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			name, first := "s/one", "1"
			if i%2 == 1 {
				name, first = "s/two", "2"
			}
			for range 50 {
				var b bytes.Buffer
				if err := views.Write(&b, name, "<i>"); err != nil {
					t.Error(err)
				}
				if got := b.String(); !strings.HasSuffix(got, first+"<tr><p>&lt;i&gt;</p></tr>") || strings.Contains(got, "gone") || !strings.Contains(got, "here.css?v=") {
					t.Errorf("got %s", got)
				}
			}
		})
	}
	group.Wait()
	both := fstest.MapFS{"s/one.html": {Data: []byte(`{{define "frame"}}{{end}}`)}, "others/page.html": {Data: []byte(`{{unknown}}`)}}
	if alone, err := httpx.NewViews(both, assets, "s"); err != nil || !alone.Has("s/one") || len(alone.Names()) != 1 {
		t.Errorf("a set alone: %v", err)
	}
	if _, err := httpx.NewViews(fstest.MapFS{"s/one.html": {Data: []byte(`{{define "main"}}{{end}}`)}}, assets); err == nil {
		t.Error("a page without a frame was taken")
	}
	if _, err := httpx.NewViews(fstest.MapFS{"s/one.html": {Data: []byte(`{{define "frame"}}{{nothing}}{{end}}`)}}, assets); err == nil {
		t.Error("a page with an unknown function was taken")
	}
}
