// Package natsauthtest gives tests a broker that lets in whom its realm has
// given a credential, and those credentials.
package natsauthtest

import (
	"crypto/ed25519"
	"testing"

	"github.com/nats-io/nats.go"

	"hailong/internal/bus"
	"hailong/server/broker"
	"hailong/server/keyring"
	"hailong/server/natsauth"
)

// Realm is a realm of fresh keys.
type Realm struct {
	*natsauth.Realm
	t testing.TB
}

// New makes a realm.
func New(t testing.TB) *Realm {
	t.Helper()
	ring, err := keyring.New()
	if err != nil {
		t.Fatal(err)
	}
	return Of(t, ring)
}

// Of is the realm of the servers that share a ring.
func Of(t testing.TB, ring *keyring.Ring) *Realm {
	t.Helper()
	r, err := natsauth.New(ring)
	if err != nil {
		t.Fatal(err)
	}
	return &Realm{Realm: r, t: t}
}

// Broker fills in whom a broker trusts and serves.
func (r *Realm) Broker(o broker.Options) broker.Options {
	r.t.Helper()
	operator, err := r.Operator()
	if err != nil {
		r.t.Fatal(err)
	}
	a, err := r.Accounts(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	o.Operator, o.System, o.Streams, o.Accounts = operator, a.System.ID, a.Servers.ID, a.All()
	return o
}

// Key makes a key, of a device or of a server's facts.
func Key(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Server fills in what the bus of a server needs whose facts are signed with the
// key.
func (r *Realm) Server(o bus.Options, key ed25519.PrivateKey) bus.Options {
	r.t.Helper()
	user, err := r.Realm.Server()
	if err != nil {
		r.t.Fatal(err)
	}
	o.JWT, o.Key, o.Server = func() (string, error) { return user.JWT, nil }, user.Key, key.Public().(ed25519.PublicKey)
	return o
}

// Kiosk fills in what the bus of a device with the key needs.
func (r *Realm) Kiosk(o bus.Options, key ed25519.PrivateKey) bus.Options {
	o.JWT = func() (string, error) { return r.Realm.Kiosk(key.Public().(ed25519.PublicKey)) }
	o.Key = key
	return o
}

// Option lets a plain connection do what a server may.
func (r *Realm) Option() nats.Option {
	r.t.Helper()
	user, err := r.Realm.Server()
	if err != nil {
		r.t.Fatal(err)
	}
	return As(user.JWT, user.Key)
}

// As lets a plain connection do what a credential allows.
func As(token string, key ed25519.PrivateKey) nats.Option {
	return nats.UserJWT(func() (string, error) { return token, nil },
		func(nonce []byte) ([]byte, error) { return ed25519.Sign(key, nonce), nil })
}
