package openid_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"hailong/server/openid"
	"hailong/server/openid/openidtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	openidtest.Clean()
	os.Exit(code)
}

const back = "http://127.0.0.1:1/signin/oidc"

var (
	lan   = openidtest.User{ID: "id-lan", Username: "lan", Password: "mật khẩu", Email: "lan@example.vn", EmailVerified: true}
	hoa   = openidtest.User{ID: "strong-hoa", Username: "hoa", Password: "mật khẩu", Email: "hoa@example.vn", EmailVerified: true}
	chưa  = openidtest.User{ID: "id-chua", Username: "chua", Password: "mật khẩu", Email: "chua@example.vn"}
	users = []openidtest.User{lan, hoa, chưa}
)

func provider(t *testing.T, issuer string) *openid.Provider {
	t.Helper()
	p, err := openid.New(openid.Options{Issuer: issuer, ClientID: openidtest.ClientID, Secret: openidtest.Secret, Redirect: back})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// come sends a person through the provider and gives the code that comes back.
func come(t *testing.T, p *openid.Provider, u openidtest.User, a openid.Attempt) string {
	t.Helper()
	address, err := p.Address(t.Context(), "the state", a)
	if err != nil {
		t.Fatal(err)
	}
	at := openidtest.SignIn(t, address, u)
	if q := at.Query(); q.Get("state") != "the state" || !strings.HasPrefix(at.String(), back) {
		t.Fatalf("sent back to %s", at)
	}
	return at.Query().Get("code")
}

// Whoever signs in at a real provider is who it says: with the checked address
// alone, and with a second factor only where one was given.
func TestProvider(t *testing.T) {
	p := provider(t, openidtest.Start(t, back, users...))
	for _, want := range []struct {
		user openidtest.User
		id   openid.Identity
	}{
		{lan, openid.Identity{Subject: "id-lan", Email: "lan@example.vn"}},
		{hoa, openid.Identity{Subject: "strong-hoa", Email: "hoa@example.vn", Strong: true}},
		{chưa, openid.Identity{Subject: "id-chua"}},
	} {
		a := openid.NewAttempt()
		code := come(t, p, want.user, a)
		got, err := p.Finish(t.Context(), code, a)
		want.id.Issuer = p.Issuer()
		if err != nil || got != want.id {
			t.Errorf("%s: %+v %v, want %+v", want.user.Username, got, err, want.id)
		}
		if got, err := p.Finish(t.Context(), code, a); err == nil {
			t.Errorf("a code is taken twice: %+v", got)
		}
	}
}

// What was stolen on the way is of no use without the rest of the attempt.
func TestAnotherAttempt(t *testing.T) {
	p := provider(t, openidtest.Start(t, back, users...))
	mine, other := openid.NewAttempt(), openid.NewAttempt()
	for name, a := range map[string]openid.Attempt{
		"verifier": {Nonce: mine.Nonce, Verifier: other.Verifier},
		"nonce":    {Nonce: other.Nonce, Verifier: mine.Verifier},
		"nothing":  {},
	} {
		if id, err := p.Finish(t.Context(), come(t, p, lan, mine), a); err == nil {
			t.Errorf("with another %s somebody is %+v", name, id)
		}
	}
	if id, err := p.Finish(t.Context(), "no code", mine); err == nil {
		t.Errorf("without a code somebody is %+v", id)
	}
}

// The provider's signature is of somebody else's client.
func TestAnotherClient(t *testing.T) {
	issuer := openidtest.Start(t, back, users...)
	p, a := provider(t, issuer), openid.NewAttempt()
	stranger, err := openid.New(openid.Options{Issuer: issuer, ClientID: "stranger", Secret: "x", Redirect: back})
	if err != nil {
		t.Fatal(err)
	}
	if id, err := stranger.Finish(t.Context(), come(t, p, lan, a), a); err == nil {
		t.Errorf("another client learns %+v", id)
	}
}

func TestSettings(t *testing.T) {
	for _, issuer := range []string{"", "example.vn", "http://example.vn", "http://10.0.0.1", "ftp://127.0.0.1", "https://", "https://a@example.vn",
		"https://example.vn/?x=1", "https://example.vn/#x", "http://localhost.example.vn", "//example.vn", "file:///etc/passwd"} {
		if _, err := openid.New(openid.Options{Issuer: issuer, ClientID: "hailong", Redirect: back}); err == nil {
			t.Errorf("%q is taken as an issuer", issuer)
		} else if !strings.Contains(err.Error(), "try") {
			t.Errorf("%q: what to try is not said: %v", issuer, err)
		}
	}
	if _, err := openid.New(openid.Options{Issuer: "https://example.vn", Redirect: back}); err == nil {
		t.Error("no client id is needed")
	}
	for _, issuer := range []string{"https://example.vn", "https://example.vn/realms/tinh", "http://127.0.0.1:9", "http://localhost:9/", "http://[::1]:9"} {
		if _, err := openid.New(openid.Options{Issuer: issuer, ClientID: "hailong", Redirect: back}); err != nil {
			t.Errorf("%s: %v", issuer, err)
		}
	}
}

// place is a provider that describes itself as the test says; %s is its address.
func place(t *testing.T, changed map[string]any) (issuer string, asked *[]string) {
	t.Helper()
	asked = new([]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.Path)
		me := "http://" + r.Host
		says := map[string]any{"issuer": me, "authorization_endpoint": me + "/auth", "token_endpoint": me + "/token", "jwks_uri": me + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"}}
		for name, v := range changed {
			if v == nil {
				delete(says, name)
			} else {
				says[name] = v
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(says)
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

// A discovery document can't lead the server, or people, where it should not.
func TestDiscovery(t *testing.T) {
	for name, changed := range map[string]map[string]any{
		"another issuer":              {"issuer": "https://example.vn"},
		"plain keys elsewhere":        {"jwks_uri": "http://example.vn/keys"},
		"plain token elsewhere":       {"token_endpoint": "http://169.254.169.254/latest"},
		"plain inside":                {"token_endpoint": "http://10.1.2.3/token"},
		"plain page elsewhere":        {"authorization_endpoint": "http://example.vn/"},
		"a script":                    {"authorization_endpoint": "javascript:alert(1)"},
		"a file":                      {"jwks_uri": "file:///etc/passwd"},
		"another machine's name":      {"userinfo_endpoint": "http://localhost.example.vn/"},
		"no token":                    {"token_endpoint": nil},
		"no keys":                     {"jwks_uri": nil},
		"a name and password in it":   {"token_endpoint": "https://a:b@example.vn/"},
		"no address":                  {"token_endpoint": "::"},
		"a relative address":          {"token_endpoint": "/token"},
		"something else than a text":  {"token_endpoint": 7},
		"more than is read":           {"more": strings.Repeat("x", 2<<20)},
		"very deep":                   {"more": json.RawMessage(strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000))},
		"the type of another address": {"authorization_endpoint": "ftp://127.0.0.1/"},
	} {
		issuer, _ := place(t, changed)
		if address, err := provider(t, issuer).Address(t.Context(), "state", openid.NewAttempt()); err == nil {
			t.Errorf("%s: people are sent to %s", name, address)
		}
	}
	issuer, asked := place(t, nil)
	p := provider(t, issuer)
	for range 3 {
		if address, err := p.Address(t.Context(), "state", openid.NewAttempt()); err != nil || !strings.HasPrefix(address, issuer+"/auth?") {
			t.Errorf("%s %v", address, err)
		}
	}
	if len(*asked) != 1 {
		t.Errorf("the document was read %d times: %q", len(*asked), *asked)
	}
}

// A place that was down at the start is found once it is up, and meanwhile not
// asked by whoever comes along.
func TestDownAtFirst(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	issuer := "http://" + l.Addr().String()
	now := time.Now()
	p, err := openid.New(openid.Options{Issuer: issuer, ClientID: openidtest.ClientID, Redirect: back, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := p.Address(t.Context(), "state", openid.NewAttempt()); err == nil {
		t.Fatal("a place that is down has an address")
	}
	if l, err = net.Listen("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": issuer, "authorization_endpoint": issuer + "/a", "token_endpoint": issuer + "/t", "jwks_uri": issuer + "/k"})
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	if _, err := p.Address(t.Context(), "state", openid.NewAttempt()); err == nil {
		t.Error("it is asked again at once")
	}
	now = now.Add(time.Minute)
	if _, err := p.Address(t.Context(), "state", openid.NewAttempt()); err != nil {
		t.Error(err)
	}
}
