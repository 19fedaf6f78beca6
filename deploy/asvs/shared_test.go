package asvs

import (
	"encoding/json"
	"strings"
	"testing"
)

// signed is the Set-Cookie of a sign-in; several tests look at it.
var signed string

func cookieSet(t *testing.T) string {
	t.Helper()
	if signed == "" {
		b := as(t, "unit")
		signed = b.again().signIn(b.login, password).header.Get("Set-Cookie")
	}
	return signed
}

// attribute says whether the session's cookie is set so.
func attribute(t *testing.T, want string) {
	t.Helper()
	if set := strings.ToLower(cookieSet(t)); !strings.Contains(set, want) {
		t.Errorf("%q lacks %s", set, want)
	}
}

// named makes an account of that name, and looks how the administration's page
// shows it.
func named(t *testing.T, name, want string) {
	t.Helper()
	b, _ := invited(t, "unit", "VINH")
	body, err := json.Marshal(map[string]string{"role": "unit", "unit": "VINH", "login": b.login + ".n", "name": name})
	if err != nil {
		t.Fatal(err)
	}
	out := ask[struct{ ID string }](t, "/api/v1/accounts", string(body))
	for _, path := range []string{"/admin/accounts", "/admin/accounts/" + out.ID} {
		page := as(t, "administrator").get(path)
		if page.status != 200 || !strings.Contains(page.body, want) || name != want && strings.Contains(page.body, name) {
			t.Errorf("%s: %d does not show %s as %s", path, page.status, name, want)
		}
	}
}

// fresh says whether pages of one person, and of a receipt, are kept nowhere.
func fresh(t *testing.T) {
	t.Helper()
	for _, page := range []answer{as(t, "unit").get("/unit/VINH"), as(t, "unit").get("/account"), as(t, "contact").get("/texts"), browse(t).get("/r/" + slip(t)), api(t, operator, "GET", "/api/v1/accounts", "")} {
		if kept := page.header.Get("Cache-Control"); page.status != 200 || kept != "no-store" {
			t.Errorf("%d %q", page.status, kept)
		}
	}
}

// bears says whether every answer has a header: a page, a file, a fault, JSON.
func bears(t *testing.T, header, want string) {
	t.Helper()
	for _, path := range []string{"/signin", "/static/signin.js", "/nowhere", "/openapi.json", "/healthz", "/account"} {
		if got := browse(t).get(path).header.Get(header); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}
