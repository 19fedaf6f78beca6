package asvs

import (
	"strings"
	"testing"
)

// Signing in, what was refused there, and every change are on record.
func TestV7_1_3(t *testing.T) {
	b := person(t, "unit", "VINH")
	b.again().signIn(b.login, "sai mật khẩu rồi nhé")
	b.form("/signout")
	for _, action := range []string{"signin", "signin.refused", "signout", "account.create", "account.password"} {
		eventually(t, action, func() bool {
			return strings.Contains(as(t, "auditor").get("/api/v1/audit?action="+action).body, `"`+action+`"`)
		})
	}
}
