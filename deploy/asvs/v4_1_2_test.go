package asvs

import "testing"

// What a browser says of itself gives no right.
func TestV4_1_2(t *testing.T) {
	b := as(t, "unit")
	for _, header := range []string{"X-Role", "X-User-Role", "X-Forwarded-User", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override"} {
		if a := b.get("/admin/accounts", header, "administrator"); a.status != 403 {
			t.Errorf("%s: %d", header, a.status)
		}
	}
	if a := b.get("/admin/accounts", "Cookie", "role=administrator"); a.status != 403 {
		t.Errorf("a cookie: %d", a.status)
	}
	if a := b.form("/account/password", "password", password, "new", password, "role", "administrator"); a.status != 400 {
		t.Errorf("a field: %d", a.status)
	}
}
