package asvs

import (
	"strings"
	"testing"
)

// What is unusual is on the operators' page and in the metrics: chains that fork,
// devices that nobody admitted, refusals.
func TestV11_1_7(t *testing.T) {
	metrics := as(t, "auditor").get("/metrics").body
	for _, name := range []string{"hailong_http_requests_total", "hailong_"} {
		if !strings.Contains(metrics, name) {
			t.Errorf("no %s", name)
		}
	}
	if a := as(t, "auditor").get("/status"); a.status != 200 {
		t.Errorf("%d", a.status)
	}
	if a := browse(t).send("GET", "/metrics", nil); a.status != 401 {
		t.Errorf("strangers see it: %d", a.status)
	}
}
