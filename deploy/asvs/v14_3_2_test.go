package asvs

import "testing"

// Nothing for developers is on: no trace in an answer, no profiler.
func TestV14_3_2(t *testing.T) {
	if a := browse(t).send("TRACE", "/signin", nil); a.status/100 == 2 {
		t.Errorf("TRACE: %d", a.status)
	}
	if a := api(t, operator, "GET", "/debug/pprof/heap", ""); a.status != 404 {
		t.Errorf("%d", a.status)
	}
}
