package asvs

import (
	"strings"
	"testing"
)

// The secret of a second factor is in no file of the server: it is sealed.
func TestV2_8_2(t *testing.T) {
	secret, _ := person(t, "unit", "VINH").second()
	if where := kept(t, strings.ReplaceAll(secret, " ", "")); len(where) > 0 {
		t.Errorf("it is in %v", where)
	}
}
