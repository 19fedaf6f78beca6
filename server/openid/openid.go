// Package openid asks another place, such as a province's single sign-on, who
// somebody is (OpenID Connect: authorization code with PKCE). What that place
// says is believed only as far as its signature goes, and it can't send this
// server to addresses that are none of its business.
package openid

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Options of New; all but Secret and Now are required.
type Options struct {
	Issuer   string // as the place itself writes it
	ClientID string
	Secret   string // "": a client without one
	Redirect string // address of ours to which it sends people back
	Now      func() time.Time
}

// Provider is one such place. Its methods may be called by many at once.
type Provider struct {
	o      Options
	issuer *url.URL
	client *http.Client
	guard  *guard

	mu     sync.Mutex // held while the place is asked for its description: once for all who wait
	found  *oidc.Provider
	failed error // why it was not found
	again  time.Time
}

// pause is how long nobody asks again after the place could not be reached, or
// led astray: strangers can't have this server ask it all the time.
const pause = 5 * time.Second

// New checks the settings; it asks nobody yet, so that a server starts where the
// other place is down.
func New(o Options) (*Provider, error) {
	issuer, err := url.Parse(o.Issuer)
	switch {
	case err != nil || issuer.Host == "" || issuer.RawQuery != "" || issuer.Fragment != "" || issuer.User != nil:
		return nil, errors.New("--oidc-issuer is not an address; try: --oidc-issuer=https://HOST/PATH, as its discovery document names it")
	case issuer.Scheme != "https" && !plainHere(issuer):
		return nil, errors.New("--oidc-issuer must begin with https://; try the address with which its discovery document begins")
	case o.ClientID == "":
		return nil, errors.New("--oidc-issuer needs --oidc-client-id, under which this server is registered there")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &Provider{o: o, issuer: issuer, guard: &guard{host: issuer.Hostname()}}
	p.client = p.guard.client()
	return p, nil
}

// plainHere says whether an address is http on this machine.
func plainHere(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && ip.IsLoopback())
}

// Attempt is one person's way through the other place. It is kept here until the
// person is back, and used once.
type Attempt struct {
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
}

// NewAttempt begins one.
func NewAttempt() Attempt { return Attempt{Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()} }

// Address is where to send the person; state comes back with them.
func (p *Provider) Address(ctx context.Context, state string, a Attempt) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.config(found).AuthCodeURL(state, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

// Identity is what the other place says of somebody.
type Identity struct {
	Issuer, Subject string
	Email           string // "" unless it says that it has checked it
	// Strong: a second factor was given there.
	Strong bool
}

// strong are the methods (RFC 8176) that are a second factor, or say that there
// was one.
var strong = map[string]bool{"mfa": true, "otp": true, "hwk": true}

// Finish learns who came back with that code.
func (p *Provider) Finish(ctx context.Context, code string, a Attempt) (Identity, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return Identity{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.config(found).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Identity{}, fmt.Errorf("openid: the code was not taken: %w", unsaid(err))
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Identity{}, errors.New("openid: no ID token came")
	}
	id, err := found.Verifier(&oidc.Config{ClientID: p.o.ClientID, Now: p.o.Now}).Verify(ctx, raw)
	if err != nil {
		return Identity{}, fmt.Errorf("openid: %w", err)
	}
	if id.Subject == "" || subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1 {
		return Identity{}, errors.New("openid: the ID token is of another attempt")
	}
	var says claims
	if err := id.Claims(&says); err != nil {
		return Identity{}, fmt.Errorf("openid: claims: %w", err)
	}
	if says.Email == "" && found.UserInfoEndpoint() != "" {
		// Many places tell addresses only here.
		info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return Identity{}, fmt.Errorf("openid: %w", err)
		}
		if info.Subject != id.Subject {
			return Identity{}, errors.New("openid: the user info is of somebody else")
		}
		says.Email, says.Verified = info.Email, flag(info.EmailVerified)
	}
	out := Identity{Issuer: id.Issuer, Subject: id.Subject}
	if says.Verified {
		out.Email = says.Email
	}
	for _, method := range says.Methods {
		out.Strong = out.Strong || strong[method]
	}
	return out, nil
}

// Issuer is the place's own name for itself.
func (p *Provider) Issuer() string { return p.o.Issuer }

type claims struct {
	Email    string   `json:"email"`
	Verified flag     `json:"email_verified"`
	Methods  []string `json:"amr"`
}

// flag is a truth value that some places write as text.
type flag bool

func (f *flag) UnmarshalJSON(b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*f = v == true || v == "true"
	return nil
}

// unsaid leaves out of an error the other place's own words: they may hold
// what the code stands for.
func unsaid(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil {
		return errors.New("answered " + refused.Response.Status)
	}
	return err
}

func (p *Provider) config(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: p.o.ClientID, ClientSecret: p.o.Secret, RedirectURL: p.o.Redirect,
		Endpoint: found.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "email"}}
}

// discover reads the place's own description, once it can be reached.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.o.Now().Before(p.again) {
		return nil, p.failed
	}
	p.found, p.failed = p.describe(ctx)
	p.again = p.o.Now().Add(pause)
	return p.found, p.failed
}

// describe asks for the description, and refuses one that leads astray.
func (p *Provider) describe(ctx context.Context) (*oidc.Provider, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.o.Issuer)
	if err != nil {
		return nil, fmt.Errorf("openid: %w", err)
	}
	var more struct {
		Keys string `json:"jwks_uri"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, fmt.Errorf("openid: %w", err)
	}
	for name, address := range map[string]string{"authorization_endpoint": found.Endpoint().AuthURL, "token_endpoint": found.Endpoint().TokenURL,
		"userinfo_endpoint": found.UserInfoEndpoint(), "jwks_uri": more.Keys} {
		if err := p.endpoint(address); err != nil && (address != "" || name != "userinfo_endpoint") {
			return nil, fmt.Errorf("openid: the discovery document's %s: %w", name, err)
		}
	}
	return found, nil
}

// endpoint says whether an address of the discovery document may be used.
func (p *Provider) endpoint(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(address, "\r\n") {
		return errors.New("no address")
	}
	if u.Scheme == "https" || plainHere(u) && plainHere(p.issuer) {
		return nil
	}
	return errors.New("must be https")
}
