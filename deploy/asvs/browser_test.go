package asvs

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	neturl "net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// password is a good one.
const password = "gió mùa đông bắc 7 cây cầu"

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) to() string { return a.header.Get("Location") }

// code is that of the catalogue of errors; "": none.
func (a answer) code() string {
	var p struct{ Code string }
	_ = json.Unmarshal([]byte(a.body), &p) // a page has none
	return p.Code
}

// browser keeps cookies, follows no redirect, and sends forms with the token of
// the page before.
type browser struct {
	t      *testing.T
	client *http.Client
	jar    http.CookieJar
	csrf   string
	login  string
	id     string // of its account
}

var addresses atomic.Int32

// browse opens one at an address of its own, so that nobody waits for what
// others did wrong.
func browse(t *testing.T) *browser {
	t.Helper()
	n := addresses.Add(1)
	return browseFrom(t, fmt.Sprintf("127.0.%d.%d", 1+n/250, 1+n%250))
}

func browseFrom(t *testing.T, from string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{t: t, jar: jar, client: &http.Client{Jar: jar, Transport: transport, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// send sends a body; headers are names and values in turn.
func (b *browser) send(method, path string, body []byte, headers ...string) answer {
	b.t.Helper()
	r, err := http.NewRequest(method, url+path, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if m := csrfField.FindSubmatch(text); m != nil {
		b.csrf = string(m[1])
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

func (b *browser) get(path string, headers ...string) answer {
	b.t.Helper()
	return b.send("GET", path, nil, append([]string{"Accept", "text/html"}, headers...)...)
}

// form sends a form as a page of ours does: names and values in turn.
func (b *browser) form(path string, pairs ...string) answer {
	b.t.Helper()
	form := neturl.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	if b.csrf != "" && !form.Has("csrf") && !strings.HasPrefix(path, "/signin") && !strings.HasPrefix(path, "/r") {
		form.Set("csrf", b.csrf)
	}
	return b.send("POST", path, []byte(form.Encode()), "Accept", "text/html", "Sec-Fetch-Site", "same-origin", "Content-Type", "application/x-www-form-urlencoded")
}

// in says whether the browser's session is good.
func (b *browser) in() bool { b.t.Helper(); return b.get("/account").status == 200 }

func (b *browser) signIn(login, password string) answer {
	b.t.Helper()
	return b.form("/signin", "login", login, "password", password)
}

// cookie is the session's.
func (b *browser) cookie() string {
	b.t.Helper()
	at, err := neturl.Parse(url)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.jar.Cookies(at) {
		if c.Name == "__Host-hailong" {
			return c.Value
		}
	}
	return ""
}

// api asks as a program does.
func api(t *testing.T, token, method, path, body string, headers ...string) answer {
	t.Helper()
	return browse(t).send(method, path, []byte(body), append([]string{"Authorization", "Bearer " + token, "Content-Type", "application/json"}, headers...)...)
}

// ask asks as the operator, and reads the answer.
func ask[T any](t *testing.T, path, body string) (out T) {
	t.Helper()
	method := "POST"
	if body == "" {
		method = "GET"
	}
	a := api(t, operator, method, path, body)
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.status/100 != 2 {
		t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	return out
}

var logins atomic.Int32

// invited makes an account, and gives the browser of its owner with the code of
// the link to set a password. The place is a unit's code, or a desk's.
func invited(t *testing.T, role, place string) (b *browser, code string) {
	t.Helper()
	b = browse(t)
	b.login = fmt.Sprintf("%s.%d", role, logins.Add(1))
	fields := map[string]string{"role": role, "login": b.login, "name": "Người " + b.login}
	switch role {
	case "unit", "contact":
		fields["unit"] = place
	case "desk":
		fields["desk"] = place
	}
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	out := ask[struct {
		ID, Link string
		Hours    int
	}](t, "/api/v1/accounts", string(body))
	b.id = out.ID
	_, code, _ = strings.Cut(out.Link, "#")
	return b, code
}

// person is somebody new who has signed in.
func person(t *testing.T, role, place string) *browser {
	t.Helper()
	b, code := invited(t, role, place)
	if a := b.form("/signin/password", "code", code, "new", password); a.status != 303 {
		t.Fatalf("%s: %d %s", b.login, a.status, a.body)
	}
	b.get("/account") // which has the token for forms
	return b
}

// again is the same person in another browser, without a session.
func (b *browser) again() *browser {
	b.t.Helper()
	c := browse(b.t)
	c.login, c.id = b.login, b.id
	return c
}

var (
	secretField = regexp.MustCompile(`name="secret" value="([^"]+)"`)
	listed      = regexp.MustCompile(`<li><code>([^<]+)</code>`)
)

// second sets up a second factor: a telephone's secret, and the codes for the
// day on which it is lost.
func (b *browser) second() (secret string, recovery []string) {
	b.t.Helper()
	m := secretField.FindStringSubmatch(b.get("/account/second").body)
	if m == nil {
		b.t.Fatal("no secret is offered")
	}
	a := b.form("/account/second", "secret", m[1], "code", digits(b.t, m[1], 0))
	if a.status != 200 {
		b.t.Fatalf("%d %s", a.status, a.body)
	}
	for _, code := range listed.FindAllStringSubmatch(a.body, -1) {
		recovery = append(recovery, code[1])
	}
	b.get("/account")
	return m[1], recovery
}

// digits are what a telephone shows (RFC 6238), so many steps of 30 s from now.
func digits(t *testing.T, secret string, steps int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(secret, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	m := hmac.New(sha1.New, key)
	if err := binary.Write(m, binary.BigEndian, time.Now().Unix()/30+steps); err != nil {
		t.Fatal(err)
	}
	sum := m.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000)
}

// shared are people whom tests share, by role: their sessions last.
var shared = map[string]*browser{}

// as is the browser of somebody who has signed in: of Vinh, where the role is for
// one unit or desk; an administrator has given the second factor.
func as(t *testing.T, role string) *browser {
	t.Helper()
	known := shared[role]
	if known == nil {
		place := "VINH"
		if role == "desk" {
			place = "MC-VINH"
		}
		known = person(t, role, place)
		if role == "administrator" {
			known.second()
		}
		shared[role] = known
	}
	b := browse(t)
	b.login, b.id, b.csrf, b.jar, b.client.Jar = known.login, known.id, known.csrf, known.jar, known.jar
	return b
}

// program is the token of a new program of Vinh, and the id of its account.
func program(t *testing.T) (token, id string) {
	t.Helper()
	out := ask[struct{ ID, Token string }](t, "/api/v1/tokens", `{"unit":"VINH","name":"Phần mềm một cửa"}`)
	return out.Token, out.ID
}

// slip is the id of a new slip, for one rating.
func slip(t *testing.T) string {
	t.Helper()
	out := ask[struct {
		Slips []struct{ ID string }
	}](t, "/api/v1/slips", `{"unit":"BVDK-VINH","count":1}`)
	return out.Slips[0].ID
}
