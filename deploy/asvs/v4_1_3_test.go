package asvs

import "testing"

// Each role has what it needs: comments are not for administrators, contact data
// not for Sở Nội vụ, changes not for auditors.
func TestV4_1_3(t *testing.T) {
	for role, paths := range map[string]map[string]int{
		"administrator": {"/texts": 403, "/api/v1/export": 403, "/admin/accounts": 200},
		"province":      {"/texts": 403, "/admin/accounts": 403, "/province": 200},
		"auditor":       {"/admin/accounts": 403, "/texts": 200},
		"contact":       {"/compare": 403, "/reports": 403, "/texts": 200},
		"desk":          {"/unit/VINH": 403, "/texts": 403, "/desk/MC-VINH": 200},
	} {
		for path, want := range paths {
			if a := as(t, role).get(path); a.status != want {
				t.Errorf("%s, %s: %d, want %d", role, path, a.status, want)
			}
		}
	}
}
