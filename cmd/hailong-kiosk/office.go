package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hailong/internal/enrolment"
	"hailong/internal/survey"
)

// office is where devices are let in: a server's pages.
type office struct {
	address string // scheme, host and port
	client  *http.Client
	key     ed25519.PrivateKey
}

// patience bounds one request to the office.
const patience = 20 * time.Second

// newOffice checks an address and gives the office there. Codes and credentials
// go over https, or stay on this machine.
func newOffice(address string, pin enrolment.Pin, key ed25519.PrivateKey) (*office, error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(address), "/"))
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%q is not a server's address; try https://HOST:PORT, as hailong-server enrol prints it", address)
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return nil, fmt.Errorf("%s would send the code where others can read it; try https://%s", address, u.Host)
	}
	return &office{address: u.String(), key: key, client: &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{TLSClientConfig: pin.TLS(u.Hostname()), DisableKeepAlives: true},
	}}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// present brings a code.
func (o *office) present(ctx context.Context, code, language string) (c enrolment.Credential, err error) {
	nonce, err := o.challenge(ctx, language)
	if err != nil {
		return c, err
	}
	return c, o.ask(ctx, "/api/v1/kiosks/enrol", language, &enrolment.Presentation{
		Code: enrolment.Code(code), Key: o.public(), Nonce: nonce, Signature: enrolment.SignCode(o.key, nonce, code),
	}, &c)
}

// renew asks for the credential of a device that was let in before.
func (o *office) renew(ctx context.Context, language string) (c enrolment.Credential, err error) {
	nonce, err := o.challenge(ctx, language)
	if err != nil {
		return c, err
	}
	return c, o.ask(ctx, "/api/v1/kiosks/credential", language, &enrolment.Renewal{
		Key: o.public(), Nonce: nonce, Signature: enrolment.SignRenewal(o.key, nonce),
	}, &c)
}

func (o *office) public() string { return hex.EncodeToString(o.key.Public().(ed25519.PublicKey)) }

func (o *office) challenge(ctx context.Context, language string) (nonce string, err error) {
	var c enrolment.Challenge
	err = o.ask(ctx, "/api/v1/kiosks/challenge", language, nil, &c)
	return c.Nonce, err
}

// ask sends a request, a POST where there is a body. What the server refuses is a
// survey.Error with the server's sentence; whatever else is in its place is none
// of ours.
func (o *office) ask(ctx context.Context, path, language string, body, into any) error {
	method, sent := http.MethodGet, []byte(nil)
	if body != nil {
		method = http.MethodPost
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, o.address+path, bytes.NewReader(sent))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Accept-Language", language)
	answer, err := o.client.Do(request)
	if err != nil {
		var asks *url.Error // says the address again
		if errors.As(err, &asks) {
			err = asks.Err
		}
		return &unreachable{o.address, err}
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return &unreachable{o.address, err}
	}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if kind == "application/json" && answer.StatusCode == http.StatusOK && json.Unmarshal(data, into) == nil {
		return nil
	}
	var problem struct {
		Code    survey.Code `json:"code"`
		Message string      `json:"message"`
	}
	if kind != "application/json" || json.Unmarshal(data, &problem) != nil || problem.Code == "" {
		return &unreachable{o.address, fmt.Errorf("%s, which is not Hài Lòng's", answer.Status)}
	}
	e := survey.New(problem.Code) // for what to try
	e.Code, e.Message, e.MessageEN = problem.Code, problem.Message, problem.Message
	return e
}

// unreachable is why an office did not answer.
type unreachable struct {
	address string
	cause   error
}

func (u *unreachable) Error() string {
	try := "compare the address with what hailong-server enrol prints, and see that the server runs and the network is there"
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.Is(u.cause, enrolment.ErrPin):
		try = "compare address and --pin with what hailong-server enrol prints"
	case errors.As(u.cause, &unknown):
		try = "--pin=SHA256:…, as hailong-server enrol prints it"
	}
	return fmt.Sprintf("the server at %s does not answer as it should: %v; try: %s", u.address, u.cause, try)
}

func (u *unreachable) Unwrap() error { return u.cause }

// pinAt gives the pin of whoever signed the certificate that is shown at an
// address, for a person to compare; zero where the system trusts it, or the
// address is of this machine and without TLS.
func pinAt(ctx context.Context, address string) (pin enrolment.Pin, err error) {
	o, err := newOffice(address, pin, nil)
	if err != nil {
		return pin, err
	}
	if _, err = o.challenge(ctx, "vi"); err == nil {
		return pin, nil
	}
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		return pin, err
	}
	u, err := url.Parse(o.address)
	if err != nil {
		return pin, err
	}
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), "443")
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// Nothing is said on this connection: only who shows what is seen.
	conn, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(ctx, "tcp", host) // #nosec G402 -- a person compares what is shown
	if err != nil {
		return pin, &unreachable{o.address, err}
	}
	defer conn.Close()
	shown := conn.(*tls.Conn).ConnectionState().PeerCertificates
	if last := shown[len(shown)-1]; last.IsCA {
		return enrolment.PinOf(last), nil
	}
	return pin, &unreachable{o.address, enrolment.ErrPin}
}
