package asvs

import (
	"regexp"
	"strings"
	"testing"
)

// Scripts and styles come from this server alone, under the hash of what they
// are; none stands in a page.
func TestV10_3_2(t *testing.T) {
	page := as(t, "unit").get("/unit/VINH")
	scripts := regexp.MustCompile(`<script([^>]*)>`).FindAllStringSubmatch(page.body, -1)
	for _, s := range scripts {
		if !strings.Contains(s[1], `src="/static/`) {
			t.Errorf("<script%s>", s[1])
		}
	}
	if policy := page.header.Get("Content-Security-Policy"); len(scripts) == 0 || !strings.Contains(policy, "script-src 'self';") || strings.Contains(policy, "unsafe-inline") {
		t.Errorf("%d scripts, %s", len(scripts), policy)
	}
}
