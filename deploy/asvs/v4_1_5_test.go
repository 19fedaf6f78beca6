package asvs

import (
	"strings"
	"testing"
)

// What is not known is refused: no account, a token cut short, an address
// without a rule.
func TestV4_1_5(t *testing.T) {
	for _, bearer := range []string{"", "x", operator[:len(operator)-1], operator + "0", strings.ToUpper(operator) + " ", "hl1." + strings.Repeat("0", 32) + "." + strings.Repeat("A", 43)} {
		if a := api(t, bearer, "GET", "/api/v1/accounts", ""); a.status != 401 {
			t.Errorf("%.12q: %d", bearer, a.status)
		}
	}
	if a := api(t, "x", "GET", "/api/v1/accounts", "", "Cookie", "__Host-hailong="+as(t, "administrator").cookie()); a.status != 401 {
		t.Errorf("a session mends a wrong token: %d", a.status)
	}
	if a := as(t, "administrator").get("/admin/nowhere"); a.status != 404 {
		t.Errorf("%d", a.status)
	}
}
