package main

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hailong/server/openid/openidtest"
)

// joined is a server beside a real place of sign-in of some people.
func joined(t *testing.T, users ...openidtest.User) *station {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") // both have to know the address
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	issuer := openidtest.Start(t, "http://"+address+"/signin/oidc", users...)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(openidtest.Secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return organised(t, "--listen="+address, "--oidc-issuer="+issuer, "--oidc-client-id="+openidtest.ClientID, "--oidc-secret-file="+secret, "--oidc-name=Cổng của tỉnh")
}

// elsewhere sends a surfer through the other place, and gives the answer to
// whoever comes back.
func (b *surfer) elsewhere(u openidtest.User, next string) answer {
	b.t.Helper()
	a := b.get("/signin/elsewhere?next=" + url.QueryEscape(next))
	if a.status != 303 {
		b.t.Fatalf("%d %s", a.status, a.body)
	}
	return b.get(openidtest.SignIn(b.t, a.header.Get("Location"), u).RequestURI())
}

// Whom the province's own sign-in knows by a checked address comes in as the
// account of that address, and from then on only that person.
func TestElsewhere(t *testing.T) {
	lan := openidtest.User{ID: "id-lan", Username: "lan", Password: "x", Email: "Lan@example.vn", EmailVerified: true}
	thief := openidtest.User{ID: "id-thief", Username: "thief", Password: "x", Email: "lan@example.vn", EmailVerified: true}
	loose := openidtest.User{ID: "id-loose", Username: "loose", Password: "x", Email: "hoa@example.vn"}
	stranger := openidtest.User{ID: "id-stranger", Username: "stranger", Password: "x", Email: "ai@example.vn", EmailVerified: true}
	s := joined(t, lan, thief, loose, stranger)
	p := manager("lan")
	p.Email = "lan@example.vn"
	x, err := s.accounts.Create(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	p = manager("hoa")
	p.Email = "hoa@example.vn"
	if _, err := s.accounts.Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}

	b := s.surf("")
	if a := b.get("/signin"); !strings.Contains(a.body, "Đăng nhập bằng Cổng của tỉnh") {
		t.Errorf("no way there: %s", a.body)
	}
	if a := b.elsewhere(lan, "/desk"); a.status != 303 || a.header.Get("Location") != "/desk" || !b.in() {
		t.Fatalf("%d to %q %s", a.status, a.header.Get("Location"), a.body)
	}
	if now, _, err := s.accounts.ByID(t.Context(), x.ID); err != nil || now.Subject != "id-lan" || now.Name != x.Name || now.Email != "lan@example.vn" {
		t.Errorf("joined: %+v %v", now, err)
	}
	if b := s.surf(""); b.elsewhere(lan, "").header.Get("Location") != "/unit/VINH" || !b.in() {
		t.Error("a second time the person is not known")
	}
	for name, u := range map[string]openidtest.User{"another person of the address": thief, "an address that nobody checked": loose, "nobody's address": stranger} {
		b := s.surf("")
		if a := b.elsewhere(u, ""); a.status != http.StatusForbidden || b.in() || !strings.Contains(a.body, "Chưa có tài khoản nào ở đây") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if _, err := s.accounts.TurnOff(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	if b := s.surf(""); b.elsewhere(lan, "").status != http.StatusForbidden || b.in() {
		t.Error("an account that is off lets in from elsewhere")
	}
}

// Nobody gets into somebody's account by a link to the page to which the other
// place sends people back.
func TestElsewhereIsOneBrowsers(t *testing.T) {
	lan := openidtest.User{ID: "id-lan", Username: "lan", Password: "x", Email: "lan@example.vn", EmailVerified: true}
	s := joined(t, lan)
	p := manager("lan")
	p.Email = "lan@example.vn"
	if _, err := s.accounts.Create(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	mine, other := s.surf(""), s.surf("")
	start := func(b *surfer) *url.URL {
		a := b.get("/signin/elsewhere")
		return openidtest.SignIn(t, a.header.Get("Location"), lan)
	}
	back := start(mine)
	for name, path := range map[string]string{
		"another browser": back.RequestURI(), "nothing": "/signin/oidc", "no state": "/signin/oidc?code=" + back.Query().Get("code"),
		"an error": "/signin/oidc?error=access_denied&state=" + back.Query().Get("state"),
	} {
		if a := other.get(path); a.status != http.StatusBadGateway || other.in() {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	swapped := back.Query()
	swapped.Set("iss", "https://example.vn")
	if a := mine.get("/signin/oidc?" + swapped.Encode()); a.status != http.StatusBadGateway || mine.in() {
		t.Errorf("from another issuer: %d", a.status)
	}
	if a := mine.get(back.RequestURI()); a.status != http.StatusBadGateway || mine.in() {
		t.Errorf("after the way was used: %d", a.status)
	}
	if back = start(mine); mine.get(back.RequestURI()).status != 303 || !mine.in() {
		t.Error("a new way does not lead in")
	}
	if strings.Contains(s.book.String(), back.Query().Get("code")) {
		t.Error("the other place's code stands in the log")
	}
}

// Of an account with a second factor, that of the other place is enough where
// one was given there; else ours is asked for.
func TestElsewhereSecondFactor(t *testing.T) {
	weak := openidtest.User{ID: "id-lan", Username: "lan", Password: "x", Email: "lan@example.vn", EmailVerified: true}
	strong := openidtest.User{ID: "strong-hoa", Username: "hoa", Password: "x", Email: "hoa@example.vn", EmailVerified: true}
	s := joined(t, weak, strong)
	for _, u := range []openidtest.User{weak, strong} {
		p := manager(u.Username)
		p.Email = u.Email
		x, err := s.accounts.Create(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		offer, err := s.accounts.NewTOTP(t.Context(), x.ID)
		if err == nil {
			_, err = s.accounts.SetTOTP(t.Context(), x.ID, offer.Secret, digits(t, offer.Secret, 0))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	b := s.surf("")
	if a := b.elsewhere(weak, ""); !strings.HasPrefix(a.header.Get("Location"), "/signin/second") || b.in() {
		t.Errorf("without a second factor: %d to %q", a.status, a.header.Get("Location"))
	}
	b = s.surf("")
	if a := b.elsewhere(strong, ""); a.header.Get("Location") != "/unit/VINH" || !b.in() {
		t.Errorf("with one: %d to %q", a.status, a.header.Get("Location"))
	}
}
