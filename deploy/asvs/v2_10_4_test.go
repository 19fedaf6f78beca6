package asvs

import (
	"regexp"
	"strings"
	"testing"
)

// No secret stands in what the programs are built from.
func TestV2_10_4(t *testing.T) {
	secret := regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY|\bSU[A-Z2-7]{56}\b|\beyJ[\w-]{20,}\.[\w-]{20,}|(?i)(password|token|secret) *[:=]+ *"[A-Za-z0-9+/=_-]{12,}"`)
	for _, ending := range []string{".go", ".sh", ".js", ".yaml", ".service", ".json"} {
		for name, text := range sources(t, ending, "cmd", "internal", "kiosk", "server", "deploy", "web/assets", "web/locales") {
			if found := secret.FindString(text); found != "" && !strings.HasPrefix(name, "internal/bench/") { // which makes its worlds up
				t.Errorf("%s: %s", name, found)
			}
		}
	}
	if !secret.MatchString(`const token = "` + strings.Repeat("x", 20) + `"`) {
		t.Error("and it would not be found")
	}
}
