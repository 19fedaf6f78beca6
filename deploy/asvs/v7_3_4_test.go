package asvs

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// Log and records have times with their zone.
func TestV7_3_4(t *testing.T) {
	stamp := regexp.MustCompile(`^time=(\S+) `)
	for l := range strings.Lines(server.log()) {
		m := stamp.FindStringSubmatch(l)
		if m == nil {
			t.Fatalf("%q", l)
		}
		if _, err := time.Parse(time.RFC3339Nano, m[1]); err != nil {
			t.Fatal(err)
		}
	}
}
