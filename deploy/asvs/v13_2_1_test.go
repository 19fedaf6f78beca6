package asvs

import "testing"

// Each address takes the methods that it is for.
func TestV13_2_1(t *testing.T) {
	for path, methods := range map[string][]string{"/api/v1/accounts": {"PUT", "DELETE", "PATCH"}, "/api/v1/slips": {"GET", "PUT", "DELETE"}, "/signout": {"GET", "PUT"}, "/signin": {"PUT", "DELETE"}} {
		for _, method := range methods {
			if a := api(t, operator, method, path, ""); a.status != 405 {
				t.Errorf("%s %s: %d", method, path, a.status)
			}
		}
	}
}
