package asvs

import (
	"strings"
	"testing"
)

// Who may do what is decided on the server: to know the address does not help.
func TestV4_1_1(t *testing.T) {
	b := as(t, "unit")
	if page := b.get("/account").body; strings.Contains(page, `href="/admin`) {
		t.Error("a manager is shown the administration")
	}
	for _, path := range []string{"/admin/accounts", "/admin/tokens", "/texts", "/status"} {
		if a := b.get(path); a.status != 403 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if a := b.form("/admin/accounts", "login", "x.y", "name", "X", "role", "administrator"); a.status != 403 {
		t.Errorf("an account: %d", a.status)
	}
}
