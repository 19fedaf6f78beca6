package asvs

import "testing"

// No other site's scripts read anything here.
func TestV14_5_3(t *testing.T) {
	for _, origin := range []string{"https://example.vn", "null", url} {
		for _, path := range []string{"/signin", "/openapi.json", "/api/v1/questionnaires"} {
			if a := as(t, "unit").get(path, "Origin", origin); a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s, %s: %v", path, origin, a.header)
			}
		}
	}
}
