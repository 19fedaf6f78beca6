package asvs

import (
	"strings"
	"testing"
)

// What people write, and how to reach them, is sealed wherever it lies: in no
// file of the server, its stream included, does it stand.
func TestV6_1_1(t *testing.T) {
	const comment, contact = "quầy số ba rất tử tế", "0912 345 987"
	writes(t, slip(t), comment, contact)
	b := as(t, "auditor")
	for _, text := range []string{comment, contact} {
		if where := kept(t, text); len(where) > 0 || strings.Contains(server.log(), text) {
			t.Errorf("%q is in %v, or in the log", text, where)
		}
		eventually(t, "and who may read it can", func() bool { return strings.Contains(b.get("/texts").body, text) })
	}
}
