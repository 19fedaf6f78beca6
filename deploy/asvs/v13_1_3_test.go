package asvs

import "testing"

// No token is taken from an address.
func TestV13_1_3(t *testing.T) {
	for _, name := range []string{"token", "access_token", "api_key", "Authorization"} {
		if a := browse(t).send("GET", "/api/v1/accounts?"+name+"="+operator, nil); a.status != 401 {
			t.Errorf("?%s=: %d", name, a.status)
		}
	}
}
