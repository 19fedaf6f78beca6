package asvs

import (
	"strings"
	"testing"
)

// A file that is fetched has the name that we give it.
func TestV12_3_4(t *testing.T) {
	a := as(t, "auditor").get("/audit/file")
	if d := a.header.Get("Content-Disposition"); a.status != 200 || !strings.HasPrefix(d, "attachment; filename=") || strings.ContainsAny(d, "/\\") {
		t.Errorf("%d %q", a.status, d)
	}
	if a := as(t, "auditor").get("/audit/file;/x.bat"); a.status != 404 {
		t.Errorf("%d", a.status)
	}
}
