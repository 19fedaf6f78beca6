package asvs

import (
	"os"
	"path/filepath"
	"testing"
)

// The record is for auditors and administrators; its file is for the server
// alone, and nothing over HTTP changes it.
func TestV7_3_3(t *testing.T) {
	for _, role := range []string{"unit", "desk", "contact"} {
		if a := as(t, role).get("/audit"); a.status != 403 {
			t.Errorf("%s: %d", role, a.status)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		if a := api(t, operator, method, "/api/v1/audit", "{}"); a.status != 405 {
			t.Errorf("%s: %d", method, a.status)
		}
	}
	if info, err := os.Stat(filepath.Join(data, "server.db")); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
}
