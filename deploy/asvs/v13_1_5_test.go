package asvs

import "testing"

// A body of another type than is wanted is refused, and one without a type.
func TestV13_1_5(t *testing.T) {
	for _, kind := range []string{"", "text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonx"} {
		a := browse(t).send("POST", "/api/v1/slips", []byte(`{"unit":"BVDK-VINH","count":1}`), "Content-Type", kind, "Authorization", "Bearer "+operator)
		if a.status != 415 {
			t.Errorf("%q: %d", kind, a.status)
		}
	}
}
