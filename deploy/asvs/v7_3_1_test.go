package asvs

import (
	neturl "net/url"
	"strings"
	"testing"
)

// Nobody writes lines of their own into the log.
func TestV7_3_1(t *testing.T) {
	const line = "level=ERROR msg=forged"
	b := browse(t)
	b.signIn("x\n"+line, "y\r\n"+line)
	b.get("/r/x%0A" + neturl.PathEscape(line))
	b.get("/signin", "User-Agent", line)
	b.get("/nowhere%0A" + neturl.PathEscape(line))
	for l := range strings.Lines(server.log()) {
		if strings.HasPrefix(l, line) || !strings.HasPrefix(l, "time=") {
			t.Errorf("%q", l)
		}
	}
}
