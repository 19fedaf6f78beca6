package asvs

import (
	"strings"
	"testing"
)

// No password, session, token or code stands in the log.
func TestV7_1_1(t *testing.T) {
	b, code := invited(t, "unit", "VINH")
	token, _ := program(t)
	b.form("/signin/password", "code", code, "new", password)
	b.again().signIn(b.login, "sai mật khẩu rồi nhé")
	api(t, token, "GET", "/api/v1/questionnaires", "")
	for _, secret := range []string{password, "sai mật khẩu", b.cookie(), token, code, operator, b.csrf} {
		if secret != "" && strings.Contains(server.log(), secret) {
			t.Errorf("%.8q… is in the log", secret)
		}
	}
	if !strings.Contains(server.log(), "route=/signin") {
		t.Error("nothing is logged at all")
	}
}
