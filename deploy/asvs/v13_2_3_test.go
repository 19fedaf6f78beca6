package asvs

import "testing"

// A session changes nothing by the programs' interface without the page's token.
func TestV13_2_3(t *testing.T) {
	b := as(t, "administrator")
	for _, kind := range []string{"application/json", "text/plain", "application/x-www-form-urlencoded"} {
		if a := b.send("POST", "/api/v1/tokens", []byte(`{"unit":"VINH","name":"x"}`), "Content-Type", kind); a.status != 403 {
			t.Errorf("%q: %d", kind, a.status)
		}
	}
}
