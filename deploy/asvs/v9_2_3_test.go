package asvs

import (
	"crypto/tls"
	"testing"
)

// The names in a certificate are checked.
func TestV9_2_3(t *testing.T) {
	conn, err := tls.Dial("tcp", host, &tls.Config{RootCAs: trust, ServerName: "hailong.example.vn"})
	if err == nil {
		_ = conn.Close()
		t.Error("a name that is not in it")
	}
	if err := dial(&tls.Config{}); err != nil {
		t.Error(err)
	}
}
