package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hailong/server/access"
	"hailong/server/api"
)

// raw sends bytes that need not be HTTP, and reads what is answered.
func raw(t *testing.T, address, text string) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, text) // it may be refused half-way
	_ = c.(*net.TCPConn).CloseWrite()
	_, _ = io.Copy(io.Discard, c)
}

// TestLogsTellNothing goes a whole way by phone and kiosk, with people who sign in
// and with all that goes wrong on it, with server and kiosk as processes that log
// all they can: what they log has nothing by which somebody could rate or rule,
// and says of nobody what they did or wrote, or where they were.
func TestLogsTellNothing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "server")
	p := startMain(t, "--log-level=debug", "serve", "--data="+data, "--listen=127.0.0.1:0", "--nats-addr=127.0.0.1:0")
	s := &station{t: t, url: p.says(`msg="hailong-server is ready" pages=(\S+)`)}
	secrets := map[string]string{} // by what they are
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	s.token = read(filepath.Join(data, "operator.token"))
	secrets["the operator's token"] = s.token
	s.organise(nil)
	s.asks(nil)
	k := startKiosk(t, s.url, t.TempDir())
	s.admit("K01", k.key())
	k.placed()
	secrets["a kiosk's PIN"] = read(filepath.Join(k.data, "staff.pin"))

	// A phone, and the counter.
	receipts := s.register("MC-VPUB", anHourAgo(), code(1), code(2), code(3))
	secrets["a dossier's code"] = "261123-0"
	for i, r := range receipts {
		secrets[fmt.Sprint("a receipt's id ", i)] = r.ID
		secrets[fmt.Sprint("a part of it ", i)] = r.ID[2:14]
		secrets[fmt.Sprint("a receipt's id as printed ", i)] = r.Grouped
	}
	const citizen, officer = "127.0.0.21", "127.0.0.22"
	secrets["the address of a phone"], secrets["the address of somebody who signs in"] = citizen, officer
	phone := s.surf(citizen)
	phone.get("/r/" + receipts[0].ID)
	tapped := phone.send("POST", "/r/"+receipts[0].ID, url.Values{"score": {"2"}, "version": {"1"}})
	more, err := url.Parse(tapped.header.Get("Location"))
	if err != nil || more.Query().Get("t") == "" {
		t.Fatalf("%d %v", tapped.status, err)
	}
	secrets["a sealed answer"] = more.Query().Get("t")[:32]
	phone.get(more.String())
	for what, text := range map[string]string{"a comment by phone": "Zitrone-7731", "a contact by phone": "0912345987", "a name at a kiosk": "Zqhoten", "a contact at a kiosk": "0987654321",
		"a comment at a kiosk": "Zwetschge-4410", "an officer's name": "Zamioculcas", "a sign-in name": "zq.login", "an address of post": "zq.mail@example.vn",
		"a password": "quyển vở màu xanh lá 88", "a wrong password": "quyển vở màu đỏ 99"} {
		secrets[what] = text
	}
	said := phone.send("POST", more.Path, url.Values{"t": {more.Query().Get("t")}, "comment": {secrets["a comment by phone"]}, "consent": {"1"}, "contact": {secrets["a contact by phone"]}})
	thanks, err := url.Parse(said.header.Get("Location"))
	if err != nil || thanks.Query().Get("p") == "" {
		t.Fatalf("%d %s", said.status, said.body)
	}
	secrets["a proof code"] = thanks.Query().Get("p")
	for _, path := range []string{thanks.String(), "/r/" + receipts[0].ID + "/data", "/proof/" + secrets["a proof code"], "/proof/" + secrets["a proof code"] + "/file"} {
		phone.get(path)
	}
	words := map[string]any{"scan": receipts[1].ID, "score": 1, "language": "vi", "comment": secrets["a comment at a kiosk"],
		"contact": map[string]string{"name": secrets["a name at a kiosk"], "contact": secrets["a contact at a kiosk"], "consent": "Tôi đồng ý."}}
	body, err := json.Marshal(words)
	if err != nil {
		t.Fatal(err)
	}
	if a := ask(t, "POST", k.url+"/api/v1/ratings", string(body), "Content-Type", kindJSON); a.status >= 300 {
		t.Fatal(a.status, a.body)
	}
	secrets["a sitting"] = k.rate(code(3), 4, "")
	if secrets["a sitting"] == "" {
		t.Fatal("a sitting has no id")
	}
	for _, wrong := range []string{string(body[:len(body)-1]), strings.Replace(string(body), `"score":1`, `"score":9`, 1), strings.Replace(string(body), `"scan"`, `"scam"`, 1)} {
		if a := ask(t, "POST", k.url+"/api/v1/ratings", wrong, "Content-Type", kindJSON); a.status < 400 {
			t.Errorf("%d for %s", a.status, wrong)
		}
	}

	// Wrong ways, at both.
	id := receipts[2].ID
	for _, base := range []string{s.url, k.url} {
		for _, path := range []string{"/r/" + id + "/nowhere", "/" + id, "/api/v1/receipts/" + id, "/static/" + id, "/?id=" + id, "/r/" + id + "%zz", "/r/" + id + "%00", "//" + id, "/healthz/" + id} {
			raw(t, base, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		}
		for _, whole := range []string{"DELETE /r/" + id + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET /r/" + id + "\r\n\r\n", id + "\r\n\r\n", "GET /r/" + id + " HTTP/9.9\r\n\r\n",
			"GET /r/" + id + " HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat(id, 1000) + "\r\n\r\n", "POST /r/" + id + " HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" + id,
			"POST /r/" + id + " HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\nX: " + id + "\r\n\r\n", "GET / HTTP/1.1\r\nHost: " + id + "\r\nNo colon " + id + "\r\n\r\n"} {
			raw(t, base, whole)
		}
	}
	ask(t, "POST", s.url+"/api/v1/receipts", `{"code":"`+code(2)+`","desk":"NO-DESK","received":"x"}`, append(s.operator(), "Content-Type", kindJSON)...)
	ask(t, "POST", s.url+"/api/v1/receipts/import", code(9)+";MC-VPUB\n"+code(9)+";;;;;\n", append(s.operator(), "Content-Type", "text/csv")...)

	// People and programs who come in, and who do not.
	var link api.AccountLink
	s.postJSON("/api/v1/accounts", api.AccountRequest{Role: access.Contact.String(), Login: secrets["a sign-in name"], Name: secrets["an officer's name"], Email: secrets["an address of post"], Unit: "VPUB"}, 201, &link)
	_, secrets["a one-time link"], _ = strings.Cut(link.Link, "#")
	someone := s.surf(officer)
	for range 5 {
		someone.signIn(secrets["a sign-in name"], secrets["a wrong password"])
	}
	someone.form("/signin/password", "code", secrets["a one-time link"], "new", "short")
	if a := someone.form("/signin/password", "code", secrets["a one-time link"], "new", secrets["a password"]); a.status != 303 || !someone.in() {
		t.Fatalf("%d %s", a.status, a.body)
	}
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	secrets["a session"], secrets["what its forms carry"] = someone.client.Jar.Cookies(at)[0].Value, someone.csrf
	for _, path := range []string{"/texts", "/texts/file", "/texts?q=" + secrets["a comment by phone"], "/unit/VPUB", "/audit", "/nowhere"} {
		someone.get(path)
	}
	someone.form("/account/password", "old", secrets["a wrong password"], "new", secrets["a password"], "csrf", "wrong")
	var program api.TokenText
	s.postJSON("/api/v1/tokens", api.TokenRequest{Unit: "VPUB", Name: "Một cửa"}, 201, &program)
	secrets["a program's token"] = program.Token
	for _, bearer := range []string{program.Token, program.Token + "x", s.token + "x"} {
		ask(t, "GET", s.url+"/api/v1/index?unit=VPUB", "", "Authorization", "Bearer "+bearer)
		ask(t, http.MethodPost, s.url+"/api/v1/receipts", `{`, "Authorization", "Bearer "+bearer, "Content-Type", kindJSON)
	}
	enrol := s.codeFor("K02")
	secrets["an enrolment code"] = enrol.Code
	ask(t, "POST", s.url+"/api/v1/kiosks/enrol", `{"code":"`+enrol.Code+`","key":"x"}`, "Content-Type", kindJSON)
	ask(t, "GET", k.url+"/status", "", "Authorization", "Bearer 000000")

	// What the kiosk recorded gets away, and both end.
	eventually(t, "the kiosk has sent all", func() bool { return k.state().Backlog == 0 })
	for _, one := range []*process{p, k.process} {
		if code, _ := one.stop(); code != 0 {
			t.Errorf("%v ended with %d", one.cmd.Args, code)
		}
	}
	logged := map[string]string{"the server": p.text(), "the kiosk": k.text()}
	for who, text := range logged {
		if !strings.Contains(text, "level=DEBUG") || !regexp.MustCompile(`route=/\S+ status=`).MatchString(text) || !strings.Contains(text, "status=404") {
			t.Fatal("the test looks at no log: ", tail(text, 1000))
		}
		for what, secret := range secrets {
			if len(secret) < 6 {
				t.Fatalf("%s is %q", what, secret)
			}
			for _, form := range []string{secret, url.QueryEscape(secret), strings.ReplaceAll(secret, "-", ""), fmt.Sprintf("%x", secret)} {
				if i := strings.Index(strings.ToLower(text), strings.ToLower(form)); i >= 0 {
					from := strings.LastIndexByte(text[:i], '\n') + 1
					line, _, _ := strings.Cut(text[from:], "\n")
					t.Errorf("%s logs %s: %s", who, what, line)
					break
				}
			}
		}
	}
}
