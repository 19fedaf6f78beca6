package asvs

import (
	"crypto/tls"
	"testing"
)

// Weak ciphers are refused, strong ones taken.
func TestV9_1_2(t *testing.T) {
	for _, suite := range tls.InsecureCipherSuites() {
		if err := dial(&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID}}); err == nil {
			t.Errorf("%s is taken", suite.Name)
		}
	}
	if err := dial(&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}); err != nil {
		t.Error(err)
	}
}
