package asvs

import "testing"

// No folder is listed, and no file is there that a program left.
func TestV4_3_2(t *testing.T) {
	for _, path := range []string{"/static/", "/static", "/static/fonts/", "/.git/config", "/.env", "/.DS_Store", "/go.mod", "/server.db", "/static/../go.mod"} {
		if a := browse(t).get(path); a.status != 404 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
