package asvs

import (
	"os"
	"path/filepath"
	"testing"
)

// No name that somebody gives is a file's: parts with a name are not taken.
func TestV12_3_1(t *testing.T) {
	const body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../server.key\"\r\n\r\nx\r\n--x--\r\n"
	for _, path := range []string{"/api/v1/organisation", "/api/v1/receipts/import", "/r"} {
		if a := browse(t).send("POST", path, []byte(body), "Content-Type", "multipart/form-data; boundary=x", "Authorization", "Bearer "+operator); a.status != 415 && a.status != 400 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if key, err := os.ReadFile(filepath.Join(data, "server.key")); err != nil || len(key) < 32 {
		t.Error(err)
	}
}
