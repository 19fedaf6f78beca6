package asvs

import (
	"strings"
	"testing"
)

// Alarms are set where metrics are watched: the operator's token opens them.
func TestV11_1_8(t *testing.T) {
	if a := api(t, operator, "GET", "/metrics", ""); a.status != 200 || !strings.Contains(a.body, "# TYPE") {
		t.Errorf("%d", a.status)
	}
}
