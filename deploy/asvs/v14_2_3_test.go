package asvs

import (
	"regexp"
	"testing"
)

// No page has anything from another host.
func TestV14_2_3(t *testing.T) {
	for name, text := range sources(t, ".html", "web/templates") {
		if found := regexp.MustCompile(`(src|href)="(https?:)?//`).FindString(text); found != "" {
			t.Errorf("%s: %s", name, found)
		}
	}
}
