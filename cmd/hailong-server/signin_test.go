package main

import (
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/account"
)

// surfer is a browser without scripts: it keeps cookies, follows no redirect,
// and sends forms with the token of the page before.
type surfer struct {
	*station
	client *http.Client
	csrf   string
}

// surf opens one at an address of this machine's own network, such as
// 127.0.0.2; "": any.
func (s *station) surf(from string) *surfer {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := &http.Transport{}
	if from != "" {
		dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		transport.DialContext = dialer.DialContext
	}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &surfer{station: s, client: &http.Client{Jar: jar, Transport: transport, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func (b *surfer) send(method, path string, form url.Values) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		r.Header.Set("Content-Type", kindForm)
	}
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if m := csrfField.FindSubmatch(body); m != nil {
		b.csrf = string(m[1])
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

func (b *surfer) get(path string) answer { b.t.Helper(); return b.send("GET", path, nil) }

// form sends a form: names and values in turn.
func (b *surfer) form(path string, pairs ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	if !strings.HasPrefix(path, "/signin") && !form.Has("csrf") {
		form.Set("csrf", b.csrf)
	}
	return b.send("POST", path, form)
}

// signIn signs in by name and password.
func (b *surfer) signIn(login, password string) answer {
	b.t.Helper()
	return b.form("/signin", "login", login, "password", password, "next", "")
}

// in says whether the surfer is let in to the own account's page.
func (b *surfer) in() bool { b.t.Helper(); return b.get("/account").status == http.StatusOK }

// owner makes an account with a password.
func (s *station) owner(p account.Particulars, password string) account.Account {
	s.t.Helper()
	x, err := s.accounts.Create(s.t.Context(), p)
	if err == nil {
		err = s.accounts.SetPassword(s.t.Context(), x.ID, password)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return x
}

func manager(login string) account.Particulars {
	return account.Particulars{Role: access.Unit, Unit: "VINH", Login: login, Name: "Trưởng đơn vị " + login}
}

// Who signs in gets a cookie that scripts can't read and other sites' forms
// don't send, and is led to a page of ours alone.
func TestSignIn(t *testing.T) {
	s := organised(t)
	s.owner(manager("an"), secondPassword)
	b := s.surf("")
	if b.in() {
		t.Fatal("nobody has signed in")
	}
	a := b.signIn(" AN ", secondPassword)
	cookie := a.header.Get("Set-Cookie")
	if a.status != 303 || a.header.Get("Location") != "/unit/VINH" || a.header.Get("Cache-Control") == "" && a.body != "" || !b.in() {
		t.Fatalf("%d to %s: %s", a.status, a.header.Get("Location"), a.body)
	}
	for _, want := range []string{"hailong=", "HttpOnly", "SameSite=Lax", "path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %q lacks %s", cookie, want)
		}
	}
	if strings.Contains(strings.ToLower(cookie), "domain") || strings.Contains(strings.ToLower(cookie), "expires") {
		t.Errorf("the cookie goes further or stays longer than the browser: %q", cookie)
	}
	if a := b.get("/signin?next=/desk"); a.status != 303 || a.header.Get("Location") != "/desk" {
		t.Errorf("who is in is asked to sign in again: %d %s", a.status, a.header.Get("Location"))
	}
	for next, want := range map[string]string{"/unit/VINH-BEN-THUY?lang=en": "/unit/VINH-BEN-THUY?lang=en", "https://example.vn/": "/unit/VINH"} {
		a := b.form("/signin", "login", "an", "password", secondPassword, "next", next)
		if got := a.header.Get("Location"); a.status != 303 || got != want {
			t.Errorf("next=%q leads to %q (%d)", next, got, a.status)
		}
	}
}

// Signing in ends the session that was there: whoever planted it has nothing.
func TestSessionIsNotTakenOver(t *testing.T) {
	s := organised(t)
	s.owner(manager("an"), secondPassword)
	b := s.surf("")
	b.signIn("an", secondPassword)
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	before := b.client.Jar.Cookies(at)[0].Value
	b.signIn("an", secondPassword)
	if after := b.client.Jar.Cookies(at)[0].Value; after == before {
		t.Error("the cookie is the same after signing in again")
	}
	if a := look(t, s.url+"/account", "Cookie", "hailong="+before); a.status != 303 {
		t.Errorf("the session before is still good: %d", a.status)
	}
	if a := b.form("/signout", "csrf", "wrong"); a.status != 403 || !b.in() {
		t.Errorf("another site signs people out: %d", a.status)
	}
	if a := b.form("/signout"); a.status != 303 || b.in() {
		t.Errorf("signing out: %d", a.status)
	}
}

// What does not let in says never why, and makes the next attempt wait: also
// with the right password, and only for that name from there.
func TestWrongPassword(t *testing.T) {
	s := organised(t)
	s.owner(manager("an"), secondPassword)
	off := s.owner(manager("off"), secondPassword)
	if _, err := s.accounts.TurnOff(t.Context(), off.ID); err != nil {
		t.Fatal(err)
	}
	s.owner(manager("chung"), secondPassword)
	said := map[string]bool{}
	from := 10 // an address each, so that nobody waits for another
	for login, password := range map[string]string{"an": "sai mật khẩu rồi nhé", "không có ai": secondPassword, "off": secondPassword, "": "", "a\x00b": secondPassword,
		strings.Repeat("x", 5000): secondPassword, "chung": strings.Repeat("y", 10_000)} {
		from++
		a := s.surf("127.0.1."+strconv.Itoa(from)).signIn(login, password)
		if a.status != 401 {
			t.Fatalf("%.20q: %d %s", login, a.status, a.body)
		}
		if strings.Contains(a.body, password) && len(password) > 5 {
			t.Errorf("%.20q: the page shows the password", login)
		}
		said[regexp.MustCompile(`role="alert"[^>]*>([^<]+)`).FindStringSubmatch(a.body)[1]] = true
	}
	if len(said) != 1 {
		t.Errorf("different faults are told differently: %v", said)
	}
	b := s.surf("127.0.0.7")
	var last answer
	for range 5 {
		last = b.signIn("an", "sai mật khẩu rồi nhé")
	}
	if last.status != 429 || last.header.Get("Retry-After") == "" || !strings.Contains(last.body, "Xin chờ") {
		t.Errorf("after many attempts: %d %q", last.status, last.header.Get("Retry-After"))
	}
	if a := b.signIn("an", secondPassword); a.status != 429 {
		t.Errorf("the right password comes through at once: %d", a.status)
	}
	if a := b.signIn("chung", secondPassword); a.status != 303 {
		t.Errorf("a colleague at the same address: %d %s", a.status, a.body)
	}
	if a := s.surf("127.0.0.8").signIn("an", secondPassword); a.status != 303 {
		t.Errorf("the owner, elsewhere: %d %s", a.status, a.body)
	}
	if book := s.book.String(); strings.Contains(book, "sai mật khẩu") || strings.Contains(book, secondPassword) {
		t.Error("a password stands in the log")
	}
}

// A link is good once; a password that is refused leaves it good.
func TestOneTimeLink(t *testing.T) {
	s := organised(t)
	x, err := s.accounts.Create(t.Context(), manager("an"))
	if err != nil {
		t.Fatal(err)
	}
	code, err := s.accounts.NewLink(t.Context(), x.ID)
	if err != nil {
		t.Fatal(err)
	}
	b := s.surf("")
	if a := b.form("/signin/link", "code", "0000-0000-0000-0000"); a.status != 410 || !strings.Contains(a.body, "đề nghị người quản trị") {
		t.Errorf("no link: %d %s", a.status, a.body)
	}
	for range 2 { // to look at it does not spend it
		if a := b.form("/signin/link", "code", code); a.status != 200 || !strings.Contains(a.body, "Trưởng đơn vị an") {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	for _, bad := range []string{"", "ngắn", "123456789012", "matkhau123456", "an an an an an", strings.Repeat("x", 200)} {
		if a := b.form("/signin/password", "code", code, "new", bad); a.status != 400 || len(bad) > 0 && strings.Contains(a.body, `"`+bad+`"`) {
			t.Errorf("%q: %d", bad, a.status)
		}
	}
	if a := b.form("/signin/password", "code", code, "new", secondPassword); a.status != 303 || a.header.Get("Location") != "/unit/VINH" || !b.in() {
		t.Fatalf("%d %s", a.status, a.body)
	}
	other := s.surf("")
	if a := other.form("/signin/password", "code", code, "new", firstPassword); a.status != 410 || other.in() {
		t.Errorf("a second time: %d", a.status)
	}
	if a := s.surf("").signIn("an", secondPassword); a.status != 303 {
		t.Errorf("the password: %d", a.status)
	}
	if strings.Contains(s.book.String(), code) {
		t.Error("the link's code stands in the log")
	}
}

// A password that is changed ends all other sessions, and needs the one before.
func TestOwnAccount(t *testing.T) {
	s := organised(t)
	s.owner(manager("an"), secondPassword)
	b, other := s.surf(""), s.surf("")
	b.signIn("an", secondPassword)
	other.signIn("an", secondPassword)
	b.get("/account")
	if a := b.form("/account/password", "password", "không phải thế này đâu", "new", firstPassword); a.status != 401 || !other.in() {
		t.Errorf("with a wrong password: %d", a.status)
	}
	if a := b.form("/account/password", "password", secondPassword, "new", firstPassword, "csrf", ""); a.status != 403 {
		t.Errorf("without the page's token: %d", a.status)
	}
	if a := b.form("/account/password", "password", secondPassword, "new", firstPassword); a.status != 303 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if !b.in() || other.in() {
		t.Errorf("after the change the one who made it is in: %v, others: %v", b.in(), other.in())
	}
	if a := other.signIn("an", firstPassword); a.status != 303 {
		t.Fatalf("the new password: %d", a.status)
	}
	b.get("/account")
	if a := b.form("/account/sessions"); a.status != 303 || !b.in() || other.in() {
		t.Errorf("to end all others: %d", a.status)
	}
}

// With a second factor the password alone opens nothing; each code is good once.
func TestSecondFactor(t *testing.T) {
	s := organised(t)
	s.owner(manager("an"), secondPassword)
	b := s.surf("")
	b.signIn("an", secondPassword)
	a := b.get("/account/second")
	secret := regexp.MustCompile(`name="secret" value="([^"]+)"`).FindStringSubmatch(a.body)[1]
	if a := b.form("/account/second", "secret", secret, "code", "000000"); a.status != 401 {
		t.Errorf("a wrong code: %d", a.status)
	}
	a = b.form("/account/second", "secret", secret, "code", digits(t, secret, 0))
	codes := regexp.MustCompile(`<li><code>([^<]+)</code>`).FindAllStringSubmatch(a.body, -1)
	if a.status != 200 || len(codes) != 10 || !b.in() {
		t.Fatalf("%d %s", a.status, a.body)
	}

	b = s.surf("")
	if a := b.signIn("an", secondPassword); a.status != 303 || !strings.HasPrefix(a.header.Get("Location"), "/signin/second") || b.in() {
		t.Fatalf("the password alone: %d %s, in: %v", a.status, a.header.Get("Location"), b.in())
	}
	if a := b.get("/unit/VINH"); a.status != 303 {
		t.Errorf("the password alone opens a page: %d", a.status)
	}
	if a := b.form("/signin/second", "code", digits(t, secret, 0), "next", ""); a.status != 401 || b.in() {
		t.Errorf("a code that was used: %d", a.status)
	}
	if a := b.form("/signin/second", "code", digits(t, secret, 1), "next", "/desk"); a.status != 303 || a.header.Get("Location") != "/desk" || !b.in() {
		t.Errorf("the next code: %d %s", a.status, a.body)
	}
	for i, want := range []int{303, 401} {
		b = s.surf("")
		b.signIn("an", secondPassword)
		if a := b.form("/signin/second", "code", strings.ToLower(codes[3][1]), "next", ""); a.status != want {
			t.Errorf("a recovery code, use %d: %d", i+1, a.status)
		}
	}
	if a := s.surf("").form("/signin/second", "code", digits(t, secret, 0), "next", ""); a.status != 401 {
		t.Errorf("a code without a password: %d", a.status)
	}
}

// onRecord is one row of the acts, as an auditor finds it.
type onRecord struct {
	action, subject string
	by              []byte
	facts           int
}

func (s *station) acts(where string, args ...any) (all []onRecord) {
	s.t.Helper()
	s.settled()
	rows, err := s.proj.Reader().QueryContext(s.t.Context(), `SELECT action, subject, account, facts FROM act WHERE `+where+` ORDER BY fact`, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var a onRecord
		if err := rows.Scan(&a.action, &a.subject, &a.by, &a.facts); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// Who signs in, out, and changes a password is on record under the own account;
// what was refused is, without what was typed.
func TestSigningInIsOnRecord(t *testing.T) {
	s := organised(t)
	x := s.owner(manager("an"), secondPassword)
	b := s.surf("")
	b.signIn("an", "sai mật khẩu rồi nhé")
	b.signIn("an", secondPassword)
	b.get("/account")
	b.form("/account/password", "password", secondPassword, "new", firstPassword)
	b.get("/account")
	b.form("/signout")
	var mine []string
	for _, a := range s.acts("account = ?", x.ID[:]) {
		mine = append(mine, a.action)
		if a.subject != hex.EncodeToString(x.ID[:]) {
			t.Errorf("%s is about %q", a.action, a.subject)
		}
	}
	if want := []string{"signin", "account.password", "signout"}; !slices.Equal(mine, want) {
		t.Errorf("on record: %q, want %q", mine, want)
	}
	if refused := s.acts("action = 'signin.refused'"); len(refused) != 1 || refused[0].subject != string(survey.CodeWrongSignIn) || len(refused[0].by) != 0 || refused[0].facts != 0 {
		t.Errorf("refused: %+v", refused)
	}
}
