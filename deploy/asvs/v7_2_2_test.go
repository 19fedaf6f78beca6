package asvs

import (
	"regexp"
	"testing"
)

// What was refused to somebody is in the log, by route and with the answer's
// status.
func TestV7_2_2(t *testing.T) {
	if a := as(t, "desk").get("/admin/tokens"); a.status != 403 {
		t.Fatalf("%d", a.status)
	}
	eventually(t, "the line", func() bool {
		return regexp.MustCompile(`method=GET route=/admin/tokens status=403`).MatchString(server.log())
	})
}
