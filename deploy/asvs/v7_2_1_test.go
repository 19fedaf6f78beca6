package asvs

import (
	"strings"
	"testing"
)

// Who was let in and who was not is told apart in the record, without what was
// typed.
func TestV7_2_1(t *testing.T) {
	const typed = "gõ nhầm mật khẩu này"
	browse(t).signIn("không.có.ai", typed)
	eventually(t, "what was refused", func() bool {
		body := as(t, "auditor").get("/api/v1/audit?action=signin.refused").body
		if strings.Contains(body, typed) || strings.Contains(body, "không.có.ai") {
			t.Error("what was typed is on record")
		}
		return strings.Contains(body, "signin.refused")
	})
}
