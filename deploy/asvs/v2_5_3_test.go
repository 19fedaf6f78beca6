package asvs

import (
	"strings"
	"testing"
)

// A link for who forgot the password shows nothing of it.
func TestV2_5_3(t *testing.T) {
	b := person(t, "unit", "VINH")
	link := ask[struct{ Link string }](t, "/api/v1/accounts/link", `{"login":"`+b.login+`"}`).Link
	_, code, _ := strings.Cut(link, "#")
	c := b.again()
	if a := c.form("/signin/link", "code", code); a.status != 200 || strings.Contains(a.body, password) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := c.again().signIn(b.login, password); a.status != 303 {
		t.Errorf("a link that nobody used changes the password: %d", a.status)
	}
}
