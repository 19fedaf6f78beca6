package asvs

import (
	"strings"
	"testing"
)

// Whatever is sent is answered: never with a fault of ours, and the server lives.
func TestV7_4_2(t *testing.T) {
	for _, path := range []string{"/api/v1/receipts", "/api/v1/slips", "/api/v1/kiosks/enrol", "/api/v1/accounts", "/api/v1/forks/decide"} {
		for _, body := range []string{"", "null", "[]", "{", `{"a":`, "\xff", strings.Repeat("[", 20000), `{"code":5,"key":{},"unit":[],"count":"x"}`} {
			if a := api(t, operator, "POST", path, body); a.status < 400 || a.status > 499 {
				t.Errorf("%s, %.10q: %d %s", path, body, a.status, a.body)
			}
		}
	}
	if a := browse(t).get("/healthz"); a.status != 200 {
		t.Errorf("%d", a.status)
	}
}
