package asvs

import (
	"regexp"
	"strings"
	"testing"
)

// What is collected, why and for how long is said before anything is asked, and
// to be reached takes a tick of one's own.
func TestV8_3_3(t *testing.T) {
	if a := browse(t).get("/privacy"); a.status != 200 || !strings.Contains(a.body, "365") || !strings.Contains(a.body, "90") {
		t.Errorf("%d %s", a.status, a.body)
	}
	page := more(t, slip(t))
	if !strings.Contains(page, `name="consent" value="1"`) || regexp.MustCompile(`name="consent"[^>]*checked`).MatchString(page) {
		t.Errorf("consent is not asked for, or taken for granted")
	}
}
