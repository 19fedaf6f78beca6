package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"

	"hailong/internal/enrolment"
	"hailong/server/certify"
)

// tlsFlags say how what goes over the network is kept from others' eyes.
type tlsFlags struct {
	TLS     string   `name:"tls" enum:",off,local,files" default:"" help:"off: a proxy on this machine does it; local: certificates of an authority of the servers' own, for a closed network; files: --tls-cert and --tls-key. Default: off on addresses of this machine alone, local on others." env:"HAILONG_TLS"`
	TLSCert string   `name:"tls-cert" help:"Certificate in PEM, with the authorities between." env:"HAILONG_TLS_CERT" type:"path"`
	TLSKey  string   `name:"tls-key" help:"Its private key in PEM." env:"HAILONG_TLS_KEY" type:"path"`
	TLSName []string `name:"tls-name" help:"Further names and addresses by which this server is reached, for --tls=local." env:"HAILONG_TLS_NAME"`
}

// AfterApply refuses flags that don't go together.
func (f *tlsFlags) AfterApply() error {
	switch files := f.TLSCert != "" || f.TLSKey != ""; {
	case f.TLS == "files" && (f.TLSCert == "" || f.TLSKey == ""):
		return errors.New("--tls=files needs --tls-cert and --tls-key")
	case f.TLS != "files" && files:
		return errors.New("--tls-cert and --tls-key need --tls=files")
	}
	return nil
}

// covers says whether a listener on that host speaks TLS.
func (f *tlsFlags) covers(host string) bool {
	return f.TLS == "local" || f.TLS == "files" || f.TLS == "" && !isLoopback(host)
}

// isLoopback says whether a host is reached from this machine alone.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// certificates makes or reads what the listeners need.
func (s *server) certificates() (err error) {
	pages, _, err := net.SplitHostPort(s.c.Listen)
	if err != nil {
		return fmt.Errorf("--listen=%s: %w; try: --listen=127.0.0.1:8080", s.c.Listen, err)
	}
	nats, _, err := net.SplitHostPort(s.c.NatsAddr)
	if err != nil {
		return fmt.Errorf("--nats-addr=%s: %w; try: --nats-addr=127.0.0.1:4222", s.c.NatsAddr, err)
	}
	s.tlsPages, s.tlsNATS = s.c.covers(pages), s.c.covers(nats) && s.c.Nats == ""
	if !s.tlsPages && !s.tlsNATS {
		return nil
	}
	o := certify.Options{Log: s.log}
	if s.c.TLS == "files" {
		s.cert, err = certify.Files(s.c.TLSCert, s.c.TLSKey, o)
		return err
	}
	hosts := append([]string{pages, nats}, s.c.TLSName...)
	for _, address := range []string{s.c.PublicURL, s.c.NatsURL} {
		if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
			hosts = append(hosts, u.Hostname())
		}
	}
	s.cert, err = certify.Local(filepath.Join(s.c.Data, "tls"), s.keys, certify.Names(hosts...), o)
	return err
}

// over puts TLS on the pages' listener, where they are reached so.
func (s *server) over(l net.Listener) net.Listener {
	if !s.tlsPages {
		return l
	}
	return tls.NewListener(l, s.cert.Config())
}

// natsTLS is for the NATS server inside; nil: none.
func (s *server) natsTLS() *tls.Config {
	if !s.tlsNATS {
		return nil
	}
	return s.cert.Config()
}

// renewCertificates keeps them fresh while the server runs.
func (s *server) renewCertificates(ctx context.Context) error {
	if s.cert == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.cert.Run(ctx)
}

// pin is what devices know this server's pages by; zero where the world knows
// who signed its certificate, or a proxy has one.
func (s *server) pin() enrolment.Pin {
	if !s.tlsPages {
		return enrolment.Pin{}
	}
	return s.cert.Pin()
}

// URL is where the pages are on this machine.
func (s *server) URL() string {
	if s.tlsPages {
		return "https://" + s.Addr()
	}
	return "http://" + s.Addr()
}

// reachable is where others reach the pages, as far as this machine knows: where
// they are on all of its addresses, that is the first one that is not its own
// alone.
func (s *server) reachable() string {
	host, port, err := net.SplitHostPort(s.Addr())
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsUnspecified() {
		return s.URL()
	}
	own := certify.Names("")
	scheme, _, _ := strings.Cut(s.URL(), ":")
	return scheme + "://" + net.JoinHostPort(own[min(3, len(own)-1)], port)
}

// natsURLs are where devices find NATS, and ca signs its certificates: see
// enrolment.Credential. Where it listens on every address of this machine, the
// host is that of the pages.
func (s *server) natsURLs() (urls []string, ca string) {
	switch {
	case s.c.NatsURL != "":
		urls = splitted(s.c.NatsURL)
	case s.c.Nats != "":
		urls = splitted(s.c.Nats)
	default:
		host, port, err := net.SplitHostPort(s.broker.Addr())
		if err != nil {
			return nil, ""
		}
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			if u, err := url.Parse(s.c.PublicURL); err == nil {
				host = u.Hostname()
			}
		}
		scheme := "nats"
		if s.tlsNATS {
			scheme = "tls"
		}
		urls = []string{scheme + "://" + net.JoinHostPort(host, port)}
	}
	switch {
	case s.tlsNATS:
		ca = s.cert.CA()
	default:
		ca = string(s.natsCA)
	}
	return urls, ca
}
