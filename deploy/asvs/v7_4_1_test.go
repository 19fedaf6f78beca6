package asvs

import (
	"strings"
	"testing"
)

// An error is a code and a calm sentence, and has a reference: nothing of the
// program's inside.
func TestV7_4_1(t *testing.T) {
	for _, a := range []answer{browse(t).get("/nowhere"), api(t, operator, "POST", "/api/v1/slips", "{"), as(t, "auditor").get("/desk/%ff"), browse(t).form("/r", "nonsense", "1")} {
		if a.status < 400 || a.header.Get("X-Request-Id") == "" || !strings.Contains(a.body, "HL") {
			t.Errorf("%d %s", a.status, a.body)
		}
		for _, inside := range []string{".go:", "goroutine", "sql", "fiber", "nats:"} {
			if strings.Contains(a.body, inside) {
				t.Errorf("%s: %s", inside, a.body)
			}
		}
	}
}
