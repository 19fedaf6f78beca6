package asvs

import (
	"strings"
	"testing"
)

// Of a program's token only a hash is kept, sealed.
func TestV2_10_3(t *testing.T) {
	token, _ := program(t)
	_, secret, _ := strings.Cut(strings.TrimPrefix(token, "hl1."), ".")
	if where := kept(t, secret); len(where) > 0 || strings.Contains(server.log(), secret) {
		t.Errorf("it is in %v, or in the log", where)
	}
	if a := api(t, token, "GET", "/api/v1/questionnaires", ""); a.status != 200 {
		t.Errorf("and the token is good: %d", a.status)
	}
}
