package asvs

import (
	"strings"
	"testing"
)

// Who forgot the password gets a link from an administrator; the second factor is
// asked for all the same, and what sessions there were have ended.
func TestV2_5_6(t *testing.T) {
	b := person(t, "unit", "VINH")
	secret, _ := b.second()
	link := ask[struct{ Link string }](t, "/api/v1/accounts/link", `{"login":"`+b.login+`"}`).Link
	if b.in() {
		t.Error("the session goes on")
	}
	_, code, _ := strings.Cut(link, "#")
	c := b.again()
	if a := c.form("/signin/password", "code", code, "new", "mưa phùn tháng giêng 9"); a.status != 303 || !strings.HasPrefix(a.to(), "/signin/second") || c.in() {
		t.Errorf("the link alone: %d %s", a.status, a.to())
	}
	if a := c.form("/signin/second", "code", digits(t, secret, 1)); a.status != 303 || !c.in() {
		t.Errorf("with the second factor: %d", a.status)
	}
}
