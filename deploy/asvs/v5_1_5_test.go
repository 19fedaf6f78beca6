package asvs

import (
	neturl "net/url"
	"testing"
)

// Nobody is led elsewhere after signing in.
func TestV5_1_5(t *testing.T) {
	b := as(t, "unit")
	for _, next := range []string{"https://example.vn/", "//example.vn", "/\\example.vn", "/\t/example.vn", "javascript:alert(1)"} {
		if a := b.get("/signin?next=" + neturl.QueryEscape(next)); a.status != 303 || a.to() != "/unit/VINH" {
			t.Errorf("%q leads to %q", next, a.to())
		}
	}
	if a := b.get("/signin?next=" + neturl.QueryEscape("/unit/VINH-BEN-THUY")); a.to() != "/unit/VINH-BEN-THUY" {
		t.Errorf("a page of ours: %q", a.to())
	}
}
