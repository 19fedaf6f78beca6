package asvs

import (
	"strings"
	"testing"
)

// What is too large is refused, before it is read where the length says so.
func TestV12_1_1(t *testing.T) {
	for path, n := range map[string]int{"/api/v1/slips": 5 << 20, "/signin": 100_000, "/r": 300_000} {
		headers := []string{"Content-Type", "application/x-www-form-urlencoded"}
		if strings.HasPrefix(path, "/api") {
			headers = []string{"Content-Type", "application/json", "Authorization", "Bearer " + operator}
		}
		if a := browse(t).send("POST", path, make([]byte, n), headers...); a.status != 413 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
