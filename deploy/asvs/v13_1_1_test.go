package asvs

import "testing"

// An address is read in one way: a path that is written another way is no way
// around the guard.
func TestV13_1_1(t *testing.T) {
	for _, path := range []string{"/admin/accounts/", "//admin/accounts", "/ADMIN/accounts", "/./admin/accounts", "/x/../admin/accounts", "/%61dmin/accounts", "/admin%2faccounts", "/admin/accounts;x", "/admin/accounts%00", "/admin/accounts.json"} {
		if a := as(t, "unit").get(path); a.status == 200 {
			t.Errorf("%s: %d", path, a.status)
		}
		if a := browse(t).get(path); a.status == 200 {
			t.Errorf("%s, nobody: %d", path, a.status)
		}
	}
}
