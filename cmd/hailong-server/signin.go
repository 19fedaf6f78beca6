package main

import (
	"fmt"
	"os"
	"strings"

	"hailong/internal/httpx"
	"hailong/server/audit"
	"hailong/server/openid"
	"hailong/server/signin"
)

// oidcFlags name another place at which people may sign in.
type oidcFlags struct {
	Issuer     string `name:"oidc-issuer" help:"Another place to sign in at, by OpenID Connect (https://…). Default: none." env:"HAILONG_OIDC_ISSUER"`
	ClientID   string `name:"oidc-client-id" help:"As what this server is registered there." env:"HAILONG_OIDC_CLIENT_ID"`
	SecretFile string `name:"oidc-secret-file" help:"File with the secret that it got there." env:"HAILONG_OIDC_SECRET_FILE" type:"path"`
	PlaceName  string `name:"oidc-name" help:"What the button calls that place." default:"OpenID Connect" env:"HAILONG_OIDC_NAME"`
}

// provider gives the other place; nil: there is none.
func (f *oidcFlags) provider(publicURL string) (*openid.Provider, error) {
	if f.Issuer == "" {
		return nil, nil
	}
	o := openid.Options{Issuer: f.Issuer, ClientID: f.ClientID, Redirect: strings.TrimRight(publicURL, "/") + "/signin/oidc"}
	if f.SecretFile != "" {
		secret, err := os.ReadFile(f.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("--oidc-secret-file: %w; try: a file that this program's user may read", err)
		}
		o.Secret = strings.TrimSpace(string(secret))
	}
	return openid.New(o)
}

// registerSignIn adds the pages on which people sign in.
func (s *server) registerSignIn(views *httpx.Views, recorder *audit.Recorder) error {
	elsewhere, err := s.c.provider(s.c.PublicURL)
	if err != nil {
		return err
	}
	signin.Register(s.app, signin.Deps{
		Gate: s.accounts, Recorder: recorder, Views: views, Log: s.log, Secure: s.secure(),
		Elsewhere: elsewhere, Name: s.c.PlaceName, Key: s.keys.Derive("hailong/signin"),
	})
	return nil
}
