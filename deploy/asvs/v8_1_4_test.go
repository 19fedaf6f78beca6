package asvs

import (
	"strings"
	"testing"
)

// An unusual number of attempts is noticed and slowed down: also codes of links.
func TestV8_1_4(t *testing.T) {
	b := browse(t)
	var a answer
	for range 5 {
		a = b.form("/signin/link", "code", "0000-0000-0000-0000")
	}
	if a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("%d", a.status)
	}
	if a := as(t, "auditor").get("/metrics"); !strings.Contains(a.body, `route="/signin/link"`) || !strings.Contains(a.body, "429") {
		t.Error("it is not counted")
	}
}
