package asvs

import (
	neturl "net/url"
	"testing"
)

// What people write is never part of a query.
func TestV5_3_4(t *testing.T) {
	for _, text := range []string{"' OR '1'='1", "x'; DROP TABLE account; --", "%", "\\"} {
		if a := browse(t).signIn(text, text); a.status != 401 {
			t.Errorf("signed in as %q: %d", text, a.status)
		}
		if a := as(t, "auditor").get("/desk/" + neturl.PathEscape(text)); a.status != 404 {
			t.Errorf("the desk %q: %d", text, a.status)
		}
	}
	if out := ask[struct{ Accounts []any }](t, "/api/v1/accounts", ""); len(out.Accounts) == 0 {
		t.Error("the accounts are gone")
	}
}
