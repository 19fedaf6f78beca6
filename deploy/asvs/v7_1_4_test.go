package asvs

import "testing"

// Each record says when, who, from where, what, and of what.
func TestV7_1_4(t *testing.T) {
	_, id := program(t)
	eventually(t, "the record", func() bool {
		out := ask[struct{ Acts []map[string]any }](t, "/api/v1/audit?action=account.token", "")
		for _, a := range out.Acts {
			if a["subject"] == id {
				return a["at"] != "" && a["via"] != "" && a["from"] != "" && a["name"] != ""
			}
		}
		return false
	})
}
