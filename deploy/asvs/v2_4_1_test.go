package asvs

import "testing"

// Of a password nothing lies in the servers' files but a hash, and that is
// sealed: not even whether two people have the same.
func TestV2_4_1(t *testing.T) {
	person(t, "unit", "VINH")
	for _, text := range []string{password, "$argon2id$"} {
		if where := kept(t, text); len(where) > 0 {
			t.Errorf("%q is in %v", text, where)
		}
	}
	if where := kept(t, "unit"); len(where) == 0 {
		t.Error("nothing is found at all")
	}
}
