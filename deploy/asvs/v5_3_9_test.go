package asvs

import (
	"strings"
	"testing"
)

// No file is reached by the way its name is written.
func TestV5_3_9(t *testing.T) {
	for _, path := range []string{"/static/..%2f..%2fserver.key", "/static/%2e%2e/%2e%2e/etc/passwd", "/static/....//etc/passwd", "/static/%00staff.css",
		"/api/v1/reports/kept/file?name=..%2f..%2foperator.token", "/api/v1/reports/kept/file?file=%2fetc%2fpasswd"} {
		a := as(t, "auditor").get(path)
		if a.status < 400 || a.status > 404 || strings.Contains(a.body, "root:") || strings.Contains(a.body, operator) {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
