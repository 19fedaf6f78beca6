package certify_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hailong/internal/enrolment"
	"hailong/server/certify"
	"hailong/server/keyring"
)

// clock is a time that tests set.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func ring(t *testing.T) *keyring.Ring {
	t.Helper()
	r, err := keyring.New()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func local(t *testing.T, dir string, keys certify.Deriver, c *clock, names ...string) *certify.Source {
	t.Helper()
	s, err := certify.Local(dir, keys, certify.Names(names...), certify.Options{Now: c.now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve answers over TLS with the source's certificate, and gives the address.
func serve(t *testing.T, s *certify.Source) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", s.Config())
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") }), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go func() { _ = server.Serve(l) }() // ends with the listener
	t.Cleanup(func() { _ = server.Close() })
	return l.Addr().String()
}

// get connects as a device with that configuration does.
func get(address string, config *tls.Config) (*x509.Certificate, error) {
	conn, err := tls.Dial("tcp", address, config)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}

// A device that knows one server's authority trusts every server with the same
// key file, and none with another.
func TestOneAuthorityForAllServers(t *testing.T) {
	at, keys := &clock{time.Now()}, ring(t)
	first, second, other := local(t, t.TempDir(), keys, at), local(t, t.TempDir(), keys, at), local(t, t.TempDir(), ring(t), at)
	if first.Pin() != second.Pin() || first.Pin() == other.Pin() {
		t.Fatal("the pin is not the key file's")
	}
	if pin, err := enrolment.PinOfPEM([]byte(first.CA())); err != nil || pin != first.Pin() {
		t.Error(pin, err)
	}
	for name, c := range map[string]struct {
		at   *certify.Source
		good bool
	}{"itself": {first, true}, "another server": {second, true}, "a stranger": {other, false}} {
		address := serve(t, c.at)
		if _, err := get(address, first.Pin().TLS("127.0.0.1")); (err == nil) != c.good || err != nil && !errors.Is(err, enrolment.ErrPin) {
			t.Errorf("%s by pin: %v", name, err)
		}
		trust, err := enrolment.Trust([]byte(first.CA()), "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := get(address, trust); (err == nil) != c.good {
			t.Errorf("%s by certificate: %v", name, err)
		}
		// As a browser would that was told of the authority.
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(first.CA()))
		if _, err := get(address, &tls.Config{RootCAs: roots}); (err == nil) != c.good {
			t.Errorf("%s by authority: %v", name, err)
		}
		if _, err := get(address, enrolment.Pin{}.TLS("127.0.0.1")); err == nil {
			t.Errorf("%s: trusted without a pin", name)
		}
	}
}

func TestNamesAreChecked(t *testing.T) {
	s := local(t, t.TempDir(), ring(t), &clock{time.Now()}, "hailong.example.vn", "10.1.2.3")
	address := serve(t, s)
	config := func(host string) *tls.Config {
		c := s.Pin().TLS(host)
		c.ServerName = host
		return c
	}
	for host, good := range map[string]bool{
		"hailong.example.vn": true, "10.1.2.3": true, "127.0.0.1": true, "localhost": true, "::1": true,
		"other.example.vn": false, "10.1.2.4": false,
	} {
		if _, err := get(address, config(host)); (err == nil) != good {
			t.Errorf("%s: %v", host, err)
		}
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range certify.Names("0.0.0.0")[3:] {
		found := false
		for _, a := range addresses {
			found = found || strings.HasPrefix(a.String(), name+"/")
		}
		if !found {
			t.Errorf("%s is no address of this machine", name)
		}
	}
}

// A certificate is kept over starts, replaced 30 days before its end while the
// server runs, and at a start where the names are others.
func TestRenewed(t *testing.T) {
	begin := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	at, keys, dir := &clock{begin}, ring(t), t.TempDir()
	s := local(t, dir, keys, at)
	address := serve(t, s)
	leaf := func(s *certify.Source) *x509.Certificate {
		t.Helper()
		if err := certify.Renew(s); err != nil {
			t.Fatal(err)
		}
		c, err := get(address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := leaf(s)
	if first.NotAfter.Sub(begin) != 365*24*time.Hour {
		t.Error("ends on", first.NotAfter)
	}
	at.at = first.NotAfter.Add(-30*24*time.Hour - time.Minute)
	if !leaf(s).Equal(first) {
		t.Error("replaced before its time")
	}
	at.at = first.NotAfter.Add(-30*24*time.Hour + time.Minute)
	second := leaf(s)
	if second.Equal(first) || !second.NotAfter.After(first.NotAfter) {
		t.Error("not replaced")
	}
	again := local(t, dir, keys, at)
	if again.CA() != s.CA() {
		t.Error("another authority after a restart")
	}
	address = serve(t, again)
	if !leaf(again).Equal(second) {
		t.Error("another certificate after a restart")
	}
	address = serve(t, local(t, dir, keys, at, "hailong.example.vn"))
	if c := leaf(again); len(c.DNSNames) != 2 {
		t.Error("not for the new name:", c.DNSNames)
	}
	// Ten years on: a new certificate of the authority, and the devices' pin holds.
	at.at = begin.AddDate(9, 1, 0)
	late := local(t, dir, keys, at)
	if late.CA() == s.CA() || late.Pin() != s.Pin() {
		t.Error("the authority's certificate, or its key")
	}
	for _, name := range []string{"ca.pem", "server.pem", "server.key"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(name, info.Mode(), err)
		}
	}
	// What a power cut leaves is mended.
	for _, name := range []string{"ca.pem", "server.pem", "server.key"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half a fi"), 0o600); err != nil {
			t.Fatal(err)
		}
		address = serve(t, local(t, dir, keys, at))
		c, err := get(address, &tls.Config{InsecureSkipVerify: true})
		if err != nil || at.at.After(c.NotAfter) {
			t.Error(name, err)
		}
	}
}

// A device whose clock has lost the time learns it from the servers, so its
// clock must not keep it from them; one after the certificate's end does.
func TestDevicesClock(t *testing.T) {
	for when, want := range map[time.Duration]bool{0: true, 20 * 365 * 24 * time.Hour: true, -400 * 24 * time.Hour: false} {
		s := local(t, t.TempDir(), ring(t), &clock{time.Now().Add(when)}) // the device's clock is behind by that
		if _, err := get(serve(t, s), s.Pin().TLS("127.0.0.1")); (err == nil) != want {
			t.Errorf("a server %v ahead: %v", when, err)
		}
		trust, err := enrolment.Trust([]byte(s.CA()), "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := get(serve(t, s), trust); (err == nil) != want {
			t.Errorf("by certificate, a server %v ahead: %v", when, err)
		}
	}
}

// An authority's certificate that a stranger merely shows, beside a certificate
// that it did not sign, is of no use.
func TestShownIsNotSigned(t *testing.T) {
	s := local(t, t.TempDir(), ring(t), &clock{time.Now()})
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hailong-server"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(s.CA()))
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der, block.Bytes}, PrivateKey: key}}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			_ = conn.(*tls.Conn).Handshake() // the other side gives up
			_ = conn.Close()
		}
	}()
	if _, err := get(l.Addr().String(), s.Pin().TLS("127.0.0.1")); err == nil {
		t.Error("trusted")
	}
	if _, err := enrolment.Trust([]byte("none")); err == nil {
		t.Error("no certificate is trusted")
	}
}

// Files are taken as they are, and read anew where somebody renewed them.
func TestFiles(t *testing.T) {
	at, dir := &clock{time.Now()}, t.TempDir()
	local(t, dir, ring(t), at)
	cert, key := filepath.Join(dir, "server.pem"), filepath.Join(dir, "server.key")
	options := certify.Options{Now: at.now, Log: slog.New(slog.DiscardHandler)}
	s, err := certify.Files(cert, key, options)
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, s)
	config := &tls.Config{InsecureSkipVerify: true}
	before, err := get(address, config)
	if err != nil || s.CA() != "" || s.Pin() != (enrolment.Pin{}) {
		t.Fatal(err, s.CA())
	}
	local(t, dir, ring(t), at) // another authority: other files
	if err := certify.Renew(s); err != nil {
		t.Fatal(err)
	}
	after, err := get(address, config)
	if err != nil || after.Equal(before) {
		t.Error("the files are not read again", err)
	}
	for name, c := range map[string]struct{ cert, key, want string }{
		"no file":        {cert + "x", key, "try certificate and key in PEM"},
		"no certificate": {key, key, "try certificate and key in PEM"},
	} {
		if _, err := certify.Files(c.cert, c.key, options); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	at.at = after.NotAfter.Add(time.Minute)
	if _, err := certify.Files(cert, key, options); err == nil || !strings.Contains(err.Error(), "try a new one") {
		t.Error("a certificate that ended:", err)
	}
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := certify.Files(cert, key, options); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Error("a key that all may read:", err)
	}
}
