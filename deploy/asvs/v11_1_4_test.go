package asvs

import (
	"strings"
	"testing"
)

// Slips, forms and names are bounded: nobody takes all at once.
func TestV11_1_4(t *testing.T) {
	if a := api(t, operator, "POST", "/api/v1/slips", `{"unit":"BVDK-VINH","count":100000}`); a.status != 400 {
		t.Errorf("%d", a.status)
	}
	if a := browse(t).form("/r/"+slip(t), "score", "5", "began", strings.Repeat("x", 400_000)); a.status != 413 {
		t.Errorf("%d", a.status)
	}
}
