package asvs

import "testing"

// A field or parameter is there once or it is refused.
func TestV5_1_1(t *testing.T) {
	if a := browse(t).form("/r/"+slip(t), "score", "5", "score", "1"); a.status != 400 {
		t.Errorf("a form: %d", a.status)
	}
	if a := as(t, "unit").get("/api/v1/index?from=2026-01-01&from=2026-01-02&to=2026-02-01"); a.status != 400 {
		t.Errorf("an address: %d", a.status)
	}
}
