package asvs

import (
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"strings"
	"testing"
)

// A device says nothing to a server that it does not know.
func TestV9_2_1(t *testing.T) {
	for _, pin := range []string{"", "--pin=SHA256:" + strings.Repeat("ab", 32)} {
		args := []string{"enrol", "--data=" + filepath.Join(t.TempDir(), "kiosk"), "--server=" + url, "--code=0000-0000-0000-0000"}
		if pin != "" {
			args = append(args, pin)
		}
		before := strings.Count(server.log(), "route=/api/v1/kiosks/enrol")
		if out, err := command("hailong-kiosk", args...); err == nil || !strings.Contains(out, "--pin") {
			t.Errorf("%q: %s", pin, out)
		}
		if after := strings.Count(server.log(), "route=/api/v1/kiosks/enrol"); after != before {
			t.Error("the code was sent all the same")
		}
	}
	if err := dial(&tls.Config{RootCAs: x509.NewCertPool()}); err == nil {
		t.Error("anybody trusts our authority")
	}
}
