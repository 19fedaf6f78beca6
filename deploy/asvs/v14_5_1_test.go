package asvs

import "testing"

// Methods that nobody needs are refused everywhere.
func TestV14_5_1(t *testing.T) {
	for _, method := range []string{"TRACE", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		for _, path := range []string{"/signin", "/r", "/api/v1/slips"} {
			if a := browse(t).send(method, path, nil); a.status/100 == 2 || a.status >= 500 {
				t.Errorf("%s %s: %d", method, path, a.status)
			}
		}
	}
}
