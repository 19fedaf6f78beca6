package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hailong/server/access"
	"hailong/server/account"
	"hailong/server/api"
)

// wire sends text as it stands, and reads the first answer to it; 0: none.
func (s *station) wire(text string) (status int, header http.Header, body string) {
	s.t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		s.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, nil, ""
	}
	defer res.Body.Close()
	data, _ := io.ReadAll(res.Body) // what is refused may break off
	return res.StatusCode, res.Header, string(data)
}

const elsewhere = "evil.example"

// TestPathsAndHeaders: however the address of a page is written, and whatever
// a request's headers say of it or of who sends it, nobody gets what the
// address itself would not give.
func TestPathsAndHeaders(t *testing.T) {
	s := organised(t)
	admin, desk := s.guest(access.Administrator, ""), s.guest(access.Desk, "MC-VINH")
	get := func(path, more string, headers ...string) (int, http.Header, string) {
		t.Helper()
		text := "GET " + path + " HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n" + more
		for i := 0; i < len(headers); i += 2 {
			text += headers[i] + ": " + headers[i+1] + "\r\n"
		}
		return s.wire(text + "\r\n")
	}
	refused := func(what, path, more, title string, headers ...string) {
		t.Helper()
		status, header, body := get(path, more, headers...)
		if strings.Contains(body, title) {
			t.Errorf("%s gets %q %q: %d %.200s", what, path, more, status, body)
		}
		if status >= 500 {
			t.Errorf("%s: %q %q: %d", what, path, more, status)
		}
		if to := header.Get("Location"); strings.Contains(to, elsewhere) || strings.HasPrefix(to, "//") || to != "" && !strings.HasPrefix(to, "/") {
			t.Errorf("%s: %q %q leads to %q", what, path, more, to)
		}
	}
	for _, p := range []string{"/admin/accounts", "/status", "/desk/MC-VPUB"} {
		status, _, body := get(p, "", admin.headers...)
		title := regexp.MustCompile(`<title>[^<]+</title>`).FindString(body) // as only this page has it
		if status != 200 || title == "" {
			t.Fatalf("%s as administrator: %d %q", p, status, title)
		}
		last := p[len(p)-1:]
		paths := []string{
			p, p + "/", "/" + p, "//" + elsewhere + p, strings.ToUpper(p), "/." + p, "/x/.." + p, "/static/.." + p, "/static/%2e%2e" + p, "/static/..%2f" + p[1:], "/static/%2e%2e%2f" + p[1:],
			"/r/../.." + p, "/r/..%2f.." + p, "/r/x%2f..%2f.." + p, "/board/..%2f" + p[1:], "/%2e" + p, "/%2f" + p[1:], "/%5c" + p[1:], strings.ReplaceAll(p, "/", "%2f"), "/" + strings.ReplaceAll(p[1:], "/", "%2f"),
			"/" + strings.ReplaceAll(p[1:], "/", "%5c"), "/" + strings.ReplaceAll(p[1:], "/", "%252f"), strings.TrimSuffix(p, last) + "%" + hex.EncodeToString([]byte(last)), strings.TrimSuffix(p, last) + "%25" + hex.EncodeToString([]byte(last)),
			p + "%00", p + "%00.css", p + "%0a", p + "%0d%0aSet-Cookie:x=y", p + ";.css", p + "/.css", p + "%23", p + "?", p + "?/static/x", p + "/..;/", "/healthz/.." + p, "/healthz%2f.." + p, "/signin;" + p,
			"/%c0%af" + p[1:], "/%e0%80%af" + p[1:], "/" + p[1:] + "%20", "http://" + elsewhere + p, "http://x/static/.." + p, "https://" + elsewhere + "@x" + p,
		}
		for _, path := range paths {
			refused("nobody", path, "", title)
			refused("a desk's manager", path, "", title, desk.headers...)
		}
		for _, more := range []string{
			"X-Original-URL: " + p, "X-Rewrite-URL: " + p, "X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "Forwarded: for=127.0.0.1;host=" + elsewhere, "X-Forwarded-Host: " + elsewhere,
			"X-Forwarded-Proto: https", "X-Forwarded-Prefix: //" + elsewhere, "X-Forwarded-User: admin", "Remote-User: admin", "X-HTTP-Method-Override: GET", "Authorization: Basic YWRtaW46YWRtaW4=", "Authorization: Bearer null",
			"Cookie: hailong=null", "Cookie: hailong=" + strings.Repeat("0", 64), "Cookie: role=administrator; admin=1", "Origin: null", "Referer: " + s.url + "/admin",
		} {
			for _, path := range []string{p, "/", "/healthz", "/static/x"} {
				refused("nobody", path, more+"\r\n", title)
				refused("a desk's manager", path, more+"\r\n", title, desk.headers...)
			}
		}
	}

	// A GET stays one: it changes nothing, whatever it says that it is.
	for _, header := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		for _, path := range []string{"/signout", "/signout?_method=POST", "/admin/accounts?_method=POST&name=x"} {
			get(path, header+": POST\r\n", admin.headers...)
		}
	}
	if status, _, _ := get("/account", "", admin.headers...); status != 200 {
		t.Errorf("a GET has signed somebody out: %d", status)
	}
	// And a POST too: the form's token is asked for.
	a := ask(t, "POST", s.url+"/signout", "", "Cookie", admin.headers[1], "X-HTTP-Method-Override", "GET", "Content-Type", kindForm)
	if status, _, _ := get("/account", "", admin.headers...); status != 200 || a.status < 400 {
		t.Errorf("a POST passes for a GET: %d, then %d", a.status, status)
	}
}

// TestHostIsNotBelieved: what a request says of the host it is for, or came by,
// stands in no page, link or redirection.
func TestHostIsNotBelieved(t *testing.T) {
	s := organised(t)
	id := s.register("MC-VPUB", anHourAgo(), code(1))[0].ID
	x, err := s.accounts.Create(t.Context(), account.Particulars{Role: access.Unit, Unit: "VINH", Login: "an", Name: "An"})
	if err != nil {
		t.Fatal(err)
	}
	admin := s.guest(access.Administrator, "")
	const say = "Host: " + elsewhere + "\r\nX-Forwarded-Host: " + elsewhere + "\r\nX-Forwarded-Proto: https\r\nForwarded: host=" + elsewhere + "\r\nX-Forwarded-Server: " + elsewhere + "\r\nX-Host: " + elsewhere + "\r\n"
	asked := 0
	for _, route := range s.app.GetRoutes(true) {
		rule, ok := access.RuleOf(route.Method, route.Path)
		if route.Method != http.MethodGet || !ok || strings.HasSuffix(route.Path, "/live") {
			continue
		}
		for _, who := range [][]string{nil, {"Cookie", admin.headers[1]}, s.operator()} {
			text := "GET " + filled(rule, id, "VPUB", "MC-VPUB") + " HTTP/1.1\r\n" + say + "Connection: close\r\n"
			for i := 0; i < len(who); i += 2 {
				text += who[i] + ": " + who[i+1] + "\r\n"
			}
			for _, accept := range []string{"text/html", "application/json"} {
				status, header, body := s.wire(text + "Accept: " + accept + "\r\n\r\n")
				asked++
				found := strings.Contains(body, elsewhere)
				for _, values := range header {
					found = found || slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, elsewhere) })
				}
				if status == 0 || found {
					t.Errorf("%s: %d, %v", route.Path, status, header)
				}
			}
		}
	}
	if asked < 200 {
		t.Errorf("only %d requests", asked)
	}
	// What is sent to people: links.
	for path, in := range map[string]any{
		"/api/v1/accounts/link": map[string]any{"id": hex.EncodeToString(x.ID[:])},
		"/api/v1/receipts":      api.Dossier{Code: code(2), Desk: "MC-VPUB", Received: anHourAgo()},
		"/api/v1/kiosks/codes":  map[string]any{"kiosk": "K01"},
	} {
		data, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		body := string(data)
		status, _, said := s.wire("POST " + path + " HTTP/1.1\r\n" + say + "Connection: close\r\nAuthorization: Bearer " + s.token + "\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
		if status != 200 && status != 201 || strings.Contains(said, elsewhere) {
			t.Errorf("%s: %d %.500s", path, status, said)
		}
	}
}
