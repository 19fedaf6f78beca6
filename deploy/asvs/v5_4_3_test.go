package asvs

import (
	"strings"
	"testing"
)

// Numbers beyond what fits are refused, not cut.
func TestV5_4_3(t *testing.T) {
	for _, count := range []string{"99999999999999999999", "4294967297", "-1", "0", "1e9", "1.5"} {
		if a := api(t, operator, "POST", "/api/v1/slips", `{"unit":"BVDK-VINH","count":`+count+`}`); a.status != 400 {
			t.Errorf("%s: %d %s", count, a.status, a.body)
		}
	}
	for _, first := range []string{"18446744073709551616", "-1"} {
		if a := as(t, "administrator").form("/admin/voids/lift", "origin", strings.Repeat("0", 32), "first", first, "last", first, "reason", "x"); a.status < 400 || a.status > 404 {
			t.Errorf("%s: %d", first, a.status)
		}
	}
}
