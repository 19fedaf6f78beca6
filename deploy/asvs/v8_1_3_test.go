package asvs

import "testing"

// A request has no parameter that nobody knows.
func TestV8_1_3(t *testing.T) {
	for _, path := range []string{"/unit/VINH?debug=1", "/signin?x=1", "/account?x=1", "/desk?x=1"} {
		if a := as(t, "unit").get(path); a.status != 400 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
