package asvs

import (
	"fmt"
	"strings"
	"testing"
)

// Codes, dates and numbers are of a form, a length and a range.
func TestV5_1_4(t *testing.T) {
	dossier := `{"code":"%s","desk":"MC-VPUB","received":"%s"}`
	for _, c := range [][2]string{{"' OR 1=1", "01/11/2026 08:00"}, {strings.Repeat("x", 500), "01/11/2026 08:00"}, {"000.00.17.H41-261101-0001", "30/02/2026 08:00"}, {"000.00.17.H41-261101-0001", "01/11/2099 08:00"}} {
		if a := api(t, operator, "POST", "/api/v1/receipts", fmt.Sprintf(dossier, c[0], c[1])); a.status != 400 {
			t.Errorf("%.30q: %d %s", c, a.status, a.body)
		}
	}
}
