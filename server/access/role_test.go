package access

import "testing"

func TestRolesAreNamed(t *testing.T) {
	seen := map[string]bool{}
	for i, r := range Roles {
		if int(r) != i+1 || !r.Known() {
			t.Errorf("%d stands in the place of %d", r, i+1)
		}
		got, ok := ParseRole(r.String())
		if !ok || got != r || seen[r.String()] {
			t.Errorf("%d is %q, which is %d, %v", r, r, got, ok)
		}
		seen[r.String()] = true
	}
	for _, name := range []string{"", "Unit", "role(0)", Role(0).String(), Role(8).String(), Role(255).String()} {
		if r, ok := ParseRole(name); ok {
			t.Errorf("%q is %d", name, r)
		}
	}
}
