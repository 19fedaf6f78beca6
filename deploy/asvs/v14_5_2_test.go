package asvs

import "testing"

// Where a page says that it comes from opens nothing.
func TestV14_5_2(t *testing.T) {
	for _, origin := range []string{url, "null", "https://example.vn"} {
		if a := browse(t).get("/api/v1/accounts", "Origin", origin, "Referer", url+"/admin/accounts"); a.status != 401 && a.status != 303 {
			t.Errorf("%s: %d", origin, a.status)
		}
	}
}
