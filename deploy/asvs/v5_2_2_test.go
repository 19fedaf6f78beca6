package asvs

import (
	"encoding/json"
	"strings"
	"testing"
)

// Free text is bounded, in valid characters, and without those that can't be
// seen.
func TestV5_2_2(t *testing.T) {
	for _, name := range []string{strings.Repeat("x", 500), "a\x00b", "a\nb", "a\u202eb", ""} {
		body, err := json.Marshal(map[string]string{"role": "unit", "unit": "VINH", "login": "free.text", "name": name})
		if err != nil {
			t.Fatal(err)
		}
		a := api(t, operator, "POST", "/api/v1/accounts", string(body))
		if a.status/100 == 2 {
			page := api(t, operator, "GET", "/api/v1/accounts", "").body
			if encoded, _ := json.Marshal(name); name == "" || len(name) > 200 || strings.Contains(page, strings.Trim(string(encoded), `"`)) {
				t.Errorf("%.20q is taken as it is", name)
			}
		} else if a.status != 400 {
			t.Errorf("%.20q: %d", name, a.status)
		}
	}
}
