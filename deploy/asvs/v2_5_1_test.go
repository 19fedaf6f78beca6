package asvs

import (
	"strings"
	"testing"
)

// The code of a link stands behind #, where no server and no log sees it, and is
// kept nowhere.
func TestV2_5_1(t *testing.T) {
	b, code := invited(t, "unit", "VINH")
	link := ask[struct{ Link string }](t, "/api/v1/accounts/link", `{"login":"`+b.login+`"}`).Link
	if !strings.HasPrefix(link, url+"/signin/link#") {
		t.Error(link)
	}
	_, second, _ := strings.Cut(link, "#")
	for _, secret := range []string{code, second, strings.ReplaceAll(second, "-", "")} {
		if where := kept(t, secret); len(where) > 0 || strings.Contains(server.log(), secret) {
			t.Errorf("it is in %v, or in the log", where)
		}
	}
}
