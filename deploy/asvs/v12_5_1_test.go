package asvs

import (
	"strings"
	"testing"
)

// Only what pages are made of is served as a file.
func TestV12_5_1(t *testing.T) {
	for _, path := range []string{"/static/staff.css~", "/static/staff.css.bak", "/static/staff.css.map", "/static/embed.go", "/static/package.json", "/static/vi.json", "/data/server.db", "/backup.zip"} {
		if a := browse(t).get(path); a.status != 404 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if a := browse(t).get("/static/staff.css"); a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/css") {
		t.Errorf("%d", a.status)
	}
}
