package asvs

import "testing"

// What nobody asked for is refused, rather than taken along.
func TestV5_1_2(t *testing.T) {
	for path, body := range map[string]string{
		"/api/v1/accounts": `{"role":"unit","unit":"VINH","login":"mass","name":"X","password":"` + password + `"}`,
		"/api/v1/tokens":   `{"unit":"VINH","name":"X","role":"administrator"}`,
		"/api/v1/slips":    `{"unit":"BVDK-VINH","count":1,"id":"x"}`,
	} {
		if a := api(t, operator, "POST", path, body); a.status != 400 || a.code() != "HL2004" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
