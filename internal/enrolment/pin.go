package enrolment

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Pin is the SHA-256 of an authority's public key (SubjectPublicKeyInfo): of
// whoever signs the servers' certificates in a closed network. The zero Pin is
// none.
type Pin [32]byte

// String is the pin as a command takes it.
func (p Pin) String() string { return "SHA256:" + hex.EncodeToString(p[:]) }

// MarshalText and UnmarshalText are for files and flags; "" is the zero Pin.
func (p Pin) MarshalText() ([]byte, error) {
	if p == (Pin{}) {
		return nil, nil
	}
	return []byte(p.String()), nil
}

// UnmarshalText takes 64 hexadecimal digits, in groups or not, after "SHA256:"
// or not.
func (p *Pin) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = Pin{}
		return nil
	}
	digits := strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(string(text))
	if len(digits) > 7 && strings.EqualFold(digits[:7], "SHA256:") {
		digits = digits[7:]
	}
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != len(p) {
		return errors.New("a pin is SHA256: and 64 hexadecimal digits, as hailong-server enrol prints it")
	}
	copy(p[:], b)
	return nil
}

// PinOf gives the pin of a certificate.
func PinOf(c *x509.Certificate) Pin { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

// PinOfPEM gives the pin of the first certificate of a PEM text.
func PinOfPEM(text []byte) (Pin, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return Pin{}, errors.New("enrolment: no certificate in PEM")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return Pin{}, fmt.Errorf("enrolment: %w", err)
	}
	return PinOf(c), nil
}

// ErrPin is why a server is refused whose certificate no authority with the pin
// signed.
var ErrPin = errors.New("the server's certificate is not signed by the authority that this device was told to trust (--pin): " +
	"this is another server, or somebody stands between")

// TLS trusts the authority with the pin and no other, whatever the system
// trusts; for the zero Pin, those that the system does. The hosts are what is
// connected to. A clock that is behind does not matter: devices may have lost the
// time, and learn it from the servers.
func (p Pin) TLS(hosts ...string) *tls.Config {
	if p == (Pin{}) {
		return &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return checking(hosts, func(shown []*x509.Certificate) (*x509.CertPool, error) {
		roots, found := x509.NewCertPool(), false
		for _, c := range shown {
			if PinOf(c) == p && c.IsCA {
				roots.AddCert(c)
				found = true
			}
		}
		if !found {
			return nil, ErrPin
		}
		return roots, nil
	})
}

// Trust is Pin.TLS for authorities whose certificates are at hand, in PEM.
func Trust(authorities []byte, hosts ...string) (*tls.Config, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authorities) {
		return nil, errors.New("no certificate of an authority; try a file in PEM")
	}
	return checking(hosts, func([]*x509.Certificate) (*x509.CertPool, error) { return roots, nil }), nil
}

// checking replaces the usual check by a stricter one: which authorities are
// trusted, of those that the other side shows, is up to trusted.
func checking(hosts []string, trusted func(shown []*x509.Certificate) (*x509.CertPool, error)) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // #nosec G402 -- VerifyConnection checks authority, chain and name
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return ErrPin
			}
			roots, err := trusted(s.PeerCertificates[1:])
			if err != nil {
				return err
			}
			return check(s, roots, hosts, time.Now())
		},
	}
}

func check(s tls.ConnectionState, roots *x509.CertPool, hosts []string, now time.Time) error {
	leaf, between := s.PeerCertificates[0], x509.NewCertPool()
	for _, c := range s.PeerCertificates {
		between.AddCert(c)
		if now.Before(c.NotBefore) {
			now = c.NotBefore
		}
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now}); err != nil {
		return fmt.Errorf("the server's certificate: %w", err)
	}
	names := hosts // TLS does not say an address of numbers
	if s.ServerName != "" {
		names = []string{s.ServerName}
	}
	var err error
	for _, name := range names {
		if err = leaf.VerifyHostname(name); err == nil {
			return nil
		}
	}
	return errors.Join(errors.New("the server's certificate is for other names"), err)
}
