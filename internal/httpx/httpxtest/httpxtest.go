// Package httpxtest sends a running program what strangers, broken clients and
// attackers send, and checks that each is refused calmly: a 4xx with a code of
// the catalogue, as JSON or as a page in the language asked for, and nothing of
// the program's inside.
package httpxtest

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/httpx"
	"hailong/internal/survey"
)

// Bad is one request that must be refused.
type Bad struct {
	Method, Path string
	Type, Body   string      // content type ("": none) and body
	Want         survey.Code // "": any
	Header       []string    // names and values in turn
}

// Post is a Bad with a body.
func Post(path, contentType, body string, want survey.Code) Bad {
	return Bad{Method: http.MethodPost, Path: path, Type: contentType, Body: body, Want: want}
}

// Get is a Bad without one.
func Get(path string, want survey.Code) Bad {
	return Bad{Method: http.MethodGet, Path: path, Want: want}
}

// inside is what no stranger may read: stacks, sources, SQL, panics.
var inside = regexp.MustCompile(`(?i)goroutine|panic|\.go:\d|sqlite|\bSELECT\b|strconv\.|json: |cbor|<nil>|runtime error|%!|/tmp/|/root/`)

var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       20 * time.Second,
}

// send gives status and body; headers of the test come last.
func send(t testing.TB, base string, b Bad, headers ...string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), b.Method, base+b.Path, strings.NewReader(b.Body))
	if err != nil {
		t.Fatalf("%s %.60s: %v", b.Method, b.Path, err)
	}
	if b.Type != "" {
		r.Header.Set("Content-Type", b.Type)
	}
	all := append(slices.Clone(headers), b.Header...)
	for i := 0; i < len(all); i += 2 {
		r.Header.Set(all[i], all[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		t.Errorf("%s %.60s: %v", b.Method, b.Path, err)
		return 0, nil, ""
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Errorf("%s %.60s: %v", b.Method, b.Path, err)
	}
	return res.StatusCode, res.Header, string(data)
}

// Refused sends each request as a program and as a browser, in both languages.
// The headers go with all of them.
func Refused(t testing.TB, base string, all []Bad, headers ...string) {
	t.Helper()
	for _, b := range all {
		var said []string
		for _, language := range []string{"vi", "en"} {
			with := append(slices.Clone(headers), "Accept-Language", language)
			status, _, body := send(t, base, b, append(with, "Accept", "application/json")...)
			if status == 0 {
				continue
			}
			problem := checkProgram(t, b, status, body)
			said = append(said, problem.Message)
			status, header, body := send(t, base, b, append(with, "Accept", "text/html")...)
			if status < 400 || status > 499 || inside.MatchString(body) {
				t.Errorf("%s %.60s %.60q as a page: %d %.300s", b.Method, b.Path, b.Body, status, body)
			}
			if page := strings.HasPrefix(header.Get("Content-Type"), "text/html"); page && !strings.Contains(body, `<html lang="`) {
				t.Errorf("%s %.60s: a page without its language: %.200s", b.Method, b.Path, body)
			}
		}
		if len(said) == 2 && said[0] == said[1] && said[0] != "" && !strings.Contains(b.Path, "lang=") && !slices.Contains(b.Header, "Accept-Language") && !oneLanguage[base] {
			t.Errorf("%s %.60s: one sentence for both languages: %s", b.Method, b.Path, said[0])
		}
	}
}

// oneLanguage are the programs whose address alone chooses the language.
var oneLanguage = map[string]bool{}

// OneLanguage says that the program at base does not ask the browser.
func OneLanguage(base string) { oneLanguage[base] = true }

// checkProgram checks what a program was told. Results of many things at once
// have a code each.
func checkProgram(t testing.TB, b Bad, status int, body string) (p httpx.Problem) {
	t.Helper()
	var many struct {
		Results []struct{ Error *httpx.Problem }
		Faults  []any
	}
	if status < 400 || status > 499 || inside.MatchString(body) {
		t.Errorf("%s %.60s %.60q: %d %.300s", b.Method, b.Path, b.Body, status, body)
		return p
	}
	if strings.HasPrefix(body, "<!doctype html>") {
		return p // a form's page, which shows the sentence beside the field
	}
	if json.Unmarshal([]byte(body), &p) != nil || p.Code == "" || p.Message == "" {
		if json.Unmarshal([]byte(body), &many) != nil || len(many.Results)+len(many.Faults) == 0 {
			t.Errorf("%s %.60s %.60q: no code in %d %.200s", b.Method, b.Path, b.Body, status, body)
		}
		return p
	}
	if p.Code.Status() != status || b.Want != "" && p.Code != b.Want {
		t.Errorf("%s %.60s %.60q: %d %s, want %s", b.Method, b.Path, b.Body, status, p.Code, b.Want)
	}
	return p
}

// Everywhere tries every route of the app, with fill for the parameters of its
// path ("" leaves the route out): methods that it does not have, bodies that are none, headers that are
// odd. It returns the routes.
func Everywhere(t testing.TB, base string, app *fiber.App, fill func(path string) string, headers ...string) (routes []string) {
	t.Helper()
	methods := map[string][]string{}
	for _, r := range app.GetRoutes(true) {
		methods[r.Path] = append(methods[r.Path], r.Method)
	}
	large := strings.Repeat("x", app.Config().BodyLimit+1)
	for path, have := range methods {
		at := fill(path)
		if at == "" {
			continue
		}
		routes = append(routes, path)
		var all []Bad
		for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
			if !slices.Contains(have, m) && !slices.ContainsFunc(app.GetRoutes(true), func(r fiber.Route) bool {
				return r.Method == m && fiber.RoutePatternMatch(at, r.Path) // as /accounts/:id takes /accounts/new
			}) {
				all = append(all, Bad{Method: m, Path: at, Want: survey.CodeMethodNotAllowed})
			}
		}
		if slices.Contains(have, "POST") {
			for _, kind := range []string{"", "text/plain", "application/xml", ";;;", "multipart/form-data", "multipart/form-data; boundary=x", "application/json; charset=\xff"} {
				all = append(all, Post(at, kind, "{}", survey.CodeWrongContentType))
			}
			if len(large) > 0 { // refused before any route: once is enough
				all = append(all, Post(at, "application/octet-stream", large, survey.CodeBodyTooLarge))
				large = ""
			}
			all = append(all, Bad{Method: "POST", Path: at, Type: "application/json", Body: "{}", Want: survey.CodeCrossSite, Header: []string{"Sec-Fetch-Site", "cross-site"}})
		}
		Refused(t, base, all, headers...)
		if slices.Contains(have, "GET") {
			sane(t, base, at, headers...)
		}
	}
	return routes
}

// sane sends what is odd and harmless to a route that shows something.
func sane(t testing.TB, base, path string, headers ...string) {
	t.Helper()
	odd := [][]string{
		{"Accept", "\xff\xfe"}, {"Accept-Language", strings.Repeat("vi,", 1000)}, {"Accept-Language", "\xff;q=9999"}, {"Accept-Language", "en;q=NaN, vi;q=-1"},
		{"Accept-Encoding", "gzip;q=0, \xff"}, {"If-None-Match", strings.Repeat("\"", 500)}, {"Range", "bytes=9-1,-,x"}, {"Cookie", strings.Repeat("a=b;", 500)},
		{"Authorization", "Bearer \xff"}, {"X-Forwarded-For", "' OR 1=1 --"}, {"X-HTTP-Method-Override", "DELETE"}, {"Content-Length", "0"}, {"Expect", "200-ok"},
	}
	for _, h := range odd {
		status, _, body := send(t, base, Bad{Method: "HEAD", Path: path}, append(slices.Clone(headers), h...)...)
		if status == 0 || status > 499 || body != "" {
			t.Errorf("HEAD %s %.60q: %d %.100q", path, h, status, body)
		}
	}
}

// Wire sends what is no HTTP at all, or barely, each on a connection of its own:
// the answer is a 4xx or none, and the program goes on.
func Wire(t testing.TB, address string) {
	t.Helper()
	for _, text := range []string{
		"\r\n\r\n\r\n", "nonsense\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00", "\x00\x00\x00\x00\r\n\r\n",
		"GET /" + strings.Repeat("a", 20000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 20000) + "\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
		"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /api/v1/ratings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: -5\r\n\r\n{}",
		"POST /api/v1/ratings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
		"POST /api/v1/ratings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
		"POST /api/v1/ratings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		"GET /static/../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /static/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /static/..%5c..%5cx HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /static/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /%zz%f HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET //etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET http://other.example/static/x HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /nowhere HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
		"GET /nowhere HTTP/1.1\r\n\r\n",
	} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		_ = c.(*net.TCPConn).CloseWrite() // the other side may have closed already
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err == nil {
			body, _ := io.ReadAll(res.Body) // may break off: it is refused
			if res.StatusCode < 400 || res.StatusCode > 499 || inside.Match(body) || strings.Contains(string(body), "root:") {
				t.Errorf("%.80q: %s %.300s", text, res.Status, body)
			}
		}
		c.Close()
	}
	if status, _, _ := send(t, "http://"+address, Get("/healthz", "")); status != 200 {
		t.Errorf("after all that: %d", status)
	}
}
