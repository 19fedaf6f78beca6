package asvs

import (
	"strings"
	"testing"
)

// A session is in its cookie and nowhere else: no address has it, and in an
// address it lets nobody in.
func TestV3_1_1(t *testing.T) {
	b := as(t, "unit")
	if page := b.get("/unit/VINH"); page.status != 200 || strings.Contains(page.body, b.cookie()) || strings.Contains(server.log(), b.cookie()) {
		t.Errorf("%d, or the page or the log has the cookie", page.status)
	}
	for _, name := range []string{"__Host-hailong", "session", "token"} {
		if a := browse(t).get("/account?" + name + "=" + b.cookie()); a.status == 200 {
			t.Errorf("?%s= lets somebody in", name)
		}
	}
}
