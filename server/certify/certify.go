// Package certify gives a server its certificate: from files, or from an
// authority of its own for a closed network, whose key all servers derive from
// their shared secret, so that whoever trusts one of them trusts each.
package certify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"hailong/internal/datadir"
	"hailong/internal/enrolment"
)

// often is how often a certificate is looked at.
const often = time.Hour

// Source gives the certificate that holds now, and keeps it fresh.
type Source struct {
	now   func() time.Time
	log   *slog.Logger
	fresh func(now time.Time) (*tls.Certificate, error) // gives the one that is to be used
	ca    []byte                                        // PEM; nil: one that the world knows
	pin   enrolment.Pin
	held  atomic.Pointer[tls.Certificate]
}

// Options of Files and Local.
type Options struct {
	Now func() time.Time // nil: time.Now
	Log *slog.Logger
}

func (o Options) source() *Source {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Source{now: o.Now, log: o.Log}
}

// Files takes certificate and key from PEM files that somebody else renews.
func Files(cert, key string, o Options) (*Source, error) {
	s := o.source()
	s.fresh = func(now time.Time) (*tls.Certificate, error) {
		if err := datadir.KeyFile(key); err != nil {
			return nil, err
		}
		return readPair(cert, key)
	}
	if err := s.renew(); err != nil {
		return nil, fmt.Errorf("--tls-cert=%s, --tls-key=%s: %w; try certificate and key in PEM, the authorities between in the same file as the certificate", cert, key, err)
	}
	leaf := s.held.Load().Leaf
	if now := s.now(); now.After(leaf.NotAfter) {
		return nil, fmt.Errorf("the certificate %s ended on %s; try a new one", cert, leaf.NotAfter.Format(time.DateOnly))
	}
	return s, nil
}

func readPair(cert, key string) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	return &pair, nil
}

// Config is for listeners: each new connection has the certificate that holds
// then.
func (s *Source) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.held.Load(), nil },
	}
}

// CA is the authority's certificate in PEM; "" where it is not ours.
func (s *Source) CA() string { return string(s.ca) }

// Pin is the authority's; the zero Pin where it is not ours.
func (s *Source) Pin() enrolment.Pin { return s.pin }

// Run keeps the certificate fresh until the context ends.
func (s *Source) Run(ctx context.Context) error {
	tick := time.NewTicker(often)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := s.renew(); err != nil {
			s.log.Error("the certificate could not be renewed; the one before is used on", "until", s.held.Load().Leaf.NotAfter, "error", err)
		}
	}
}

// renew takes the certificate that is to be used now.
func (s *Source) renew() error {
	next, err := s.fresh(s.now())
	if err != nil {
		return err
	}
	s.held.Store(next)
	return nil
}

// pemFile reads one certificate of a file; none where there is no file, or what
// is in it is no certificate.
func pemFile(path string) *x509.Certificate {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return c
}

// write puts PEM blocks of one kind into a file.
func write(path, kind string, ders ...[]byte) ([]byte, error) {
	var text []byte
	for _, der := range ders {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})...)
	}
	if err := datadir.Write(path, text); err != nil {
		return nil, errors.Join(errors.New("certificates could not be written"), err)
	}
	return text, nil
}
