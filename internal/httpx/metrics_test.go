package httpx_test

import (
	"strings"
	"sync"
	"testing"
)

// TestMetrics: requests are counted by method, route and status, also when many
// are the first of their kind at once.
func TestMetrics(t *testing.T) {
	f := newApp(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for _, r := range [][2]string{{"GET", "/secret/1"}, {"GET", "/broken"}, {"GET", "/nowhere"}, {"PURGE", "/nowhere"}} {
				f.do(t, r[0], r[1], "")
			}
		})
	}
	wg.Wait()
	_, metrics := f.do(t, "GET", "/metrics", "")
	for _, want := range []string{
		`hailong_http_requests_total{method="GET",route="/secret/:id",status="200"} 20`,
		`hailong_http_requests_total{method="GET",route="/broken",status="500"} 20`,
		`hailong_http_requests_total{method="GET",route="-",status="404"} 20`,
		`hailong_http_request_seconds_count{route="/secret/:id"} 20`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("no %s in\n%s", want, metrics)
		}
	}
	if strings.Contains(metrics, "PURGE") || strings.Contains(metrics, "nowhere") {
		t.Error("a stranger made a label")
	}
}
