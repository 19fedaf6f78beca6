package asvs

import (
	"regexp"
	"strings"
	"testing"
)

// Pages ask nobody but this server, and have nothing from elsewhere.
func TestV10_2_1(t *testing.T) {
	pages := map[string]string{"/r": browse(t).get("/r").body, "/signin": browse(t).get("/signin").body, "/unit/VINH": as(t, "unit").get("/unit/VINH").body}
	for path, page := range pages {
		for _, from := range regexp.MustCompile(`(?:src|action|data-url)="([^"]*)"|<link[^>]*href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			if at := from[1] + from[2]; !strings.HasPrefix(at, "/") && at != "" && !strings.HasPrefix(at, "data:") || strings.HasPrefix(at, "//") {
				t.Errorf("%s has %s", path, from[0])
			}
		}
	}
	if policy := browse(t).get("/signin").header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "connect-src 'self'") {
		t.Error(policy)
	}
}
