package certify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"hailong/internal/enrolment"
)

const (
	// authorityYears is how long the authority's certificate holds, and
	// certificateDays that of a server.
	authorityYears  = 10
	certificateDays = 365
	// early is how long before its end a certificate is replaced.
	early = 30 * 24 * time.Hour
	// back dates a certificate for those whose clocks are a little behind.
	back = time.Hour
)

// Deriver gives secrets of 32 bytes that all servers have; *keyring.Ring is one.
type Deriver interface {
	Derive(label string) [32]byte
}

// local is an authority of the servers' own. Only certificates are on the disk,
// and the server's own key; the authority's follows from the shared secret.
type local struct {
	dir   string
	names []string // DNS names and addresses, sorted
	key   *ecdsa.PrivateKey
	ca    *x509.Certificate
}

// Local makes certificates for these names (DNS names and IP addresses) in a
// folder, and uses those that are there.
func Local(dir string, keys Deriver, names []string, o Options) (*Source, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	names = slices.Clone(names)
	slices.Sort(names)
	l := &local{dir: dir, names: slices.Compact(names)}
	var err error
	if l.key, err = authorityKey(keys); err != nil {
		return nil, err
	}
	s := o.source()
	if s.ca, err = l.authority(s.now()); err != nil {
		return nil, err
	}
	s.pin = enrolment.PinOf(l.ca)
	s.fresh = l.certificate
	if err := s.renew(); err != nil {
		return nil, err
	}
	return s, nil
}

// authorityKey derives the key that all servers have. A derived number that is
// no key of the curve is about as likely as to guess a quarter of one.
func authorityKey(keys Deriver) (*ecdsa.PrivateKey, error) {
	for i := range 4 {
		secret := keys.Derive(fmt.Sprintf("hailong/ca/%d", i))
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), secret[:]); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("certificates: no key of an authority follows from the servers' key file")
}

// authority reads the authority's certificate, or writes one where there is none
// or it would end before what it signs: each server its own, of one name and key, so that what one of them
// signs holds for whoever knows another's.
func (l *local) authority(now time.Time) ([]byte, error) {
	path := filepath.Join(l.dir, "ca.pem")
	if c := pemFile(path); c != nil && l.key.PublicKey.Equal(c.PublicKey) && now.AddDate(0, 0, certificateDays).Add(early).Before(c.NotAfter) {
		l.ca = c
		return os.ReadFile(path)
	}
	public, err := l.key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(public)
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: fmt.Sprintf("Hài Lòng %x", id[:4]), Organization: []string{"Hài Lòng"}},
		NotBefore:    now.Add(-back), NotAfter: now.AddDate(authorityYears, 0, 0),
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, SubjectKeyId: id[:20],
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &l.key.PublicKey, l.key)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	if l.ca, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	return write(path, "CERTIFICATE", der)
}

// certificate gives the server's certificate: the one on the disk, or a new one
// where there is none, it ends soon, or it is for other names.
func (l *local) certificate(now time.Time) (*tls.Certificate, error) {
	certPath, keyPath := filepath.Join(l.dir, "server.pem"), filepath.Join(l.dir, "server.key")
	if pair, err := readPair(certPath, keyPath); err == nil && l.fits(pair.Leaf, now) {
		return pair, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "hailong-server"},
		NotBefore: now.Add(-back), NotAfter: now.AddDate(0, 0, certificateDays),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	for _, name := range l.names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, l.ca, &key.PublicKey, l.key)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	// A power cut between the two leaves a pair that does not fit: made again.
	if _, err := write(keyPath, "PRIVATE KEY", secret); err != nil {
		return nil, err
	}
	if _, err := write(certPath, "CERTIFICATE", der, l.ca.Raw); err != nil {
		return nil, err
	}
	return readPair(certPath, keyPath)
}

// fits says whether a certificate can be used on.
func (l *local) fits(c *x509.Certificate, now time.Time) bool {
	var names []string
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	names = append(names, c.DNSNames...)
	slices.Sort(names)
	return now.Add(early).Before(c.NotAfter) && slices.Equal(names, l.names) && c.CheckSignatureFrom(l.ca) == nil
}

// serial is a random number of a certificate.
func serial() *big.Int {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b[:])
}
