package asvs

import "testing"

// To put another's code or id into the address does not help.
func TestV4_2_1(t *testing.T) {
	for role, paths := range map[string][]string{
		"unit":    {"/unit/SKHDT", "/api/v1/index?from=2026-01-01&to=2026-01-31&unit=H41", "/compare?a=VINH&b=SKHDT"},
		"desk":    {"/desk/MC-VPUB", "/desk/MC-VPUB/live"},
		"contact": {"/unit/SKHDT", "/unit/VINH-BEN-THUY"},
	} {
		for _, path := range paths {
			if a := as(t, role).get(path); a.status != 403 {
				t.Errorf("%s, %s: %d", role, path, a.status)
			}
		}
	}
	token, _ := program(t)
	if a := api(t, token, "POST", "/api/v1/slips", `{"unit":"BVDK-VINH","count":1}`); a.status != 403 {
		t.Errorf("slips of another unit: %d %s", a.status, a.body)
	}
}
