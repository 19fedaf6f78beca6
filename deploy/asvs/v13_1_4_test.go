package asvs

import (
	"fmt"
	"testing"
)

// A program's token is for its routes, and there for its unit.
func TestV13_1_4(t *testing.T) {
	token, _ := program(t)
	if a := api(t, token, "GET", "/api/v1/accounts", ""); a.status != 403 {
		t.Errorf("another route: %d", a.status)
	}
	dossier := `{"code":"000.00.17.H41-261101-%s","desk":"%s","received":"01/11/2026 08:00"}`
	if a := api(t, token, "POST", "/api/v1/receipts?pictures=false", fmt.Sprintf(dossier, "7001", "MC-VPUB")); a.status/100 == 2 {
		t.Errorf("another unit's desk: %d %s", a.status, a.body)
	}
	if a := api(t, token, "POST", "/api/v1/receipts?pictures=false", fmt.Sprintf(dossier, "7002", "MC-VINH")); a.status/100 != 2 {
		t.Errorf("its own: %d %s", a.status, a.body)
	}
}
