package asvs

import "testing"

// Only what is known to be right is taken.
func TestV5_1_3(t *testing.T) {
	id := slip(t)
	for _, score := range []string{"", "0", "6", "-1", "+5", "5.0", "５", "5\x00", "x"} {
		if a := browse(t).form("/r/"+id, "score", score); a.status != 400 {
			t.Errorf("%q: %d", score, a.status)
		}
	}
	for _, q := range []string{"from=2026-02-30&to=2026-03-01", "from=1&to=2", "from=2026-01-01&to=2026-01-31&unit=nowhere"} {
		if a := as(t, "auditor").get("/api/v1/index?" + q); a.status < 400 || a.status > 404 {
			t.Errorf("%s: %d", q, a.status)
		}
	}
}
