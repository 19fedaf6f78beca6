package asvs

import "testing"

// Nothing is there that nobody needs: no samples, no profiler, no console.
func TestV14_2_2(t *testing.T) {
	for _, path := range []string{"/debug/pprof/", "/debug/vars", "/swagger", "/docs", "/phpmyadmin", "/console", "/test", "/demo", "/varz", "/api"} {
		if a := as(t, "administrator").get(path); a.status != 404 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
