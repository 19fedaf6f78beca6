// Package natsauth says who may do what on NATS: it derives the operator, the
// accounts and the users' keys from the servers' shared key, so that every
// server writes the same and none has to be kept, and writes their JWTs.
//
// There are two accounts beside NATS' own. In HAILONG are the streams and the
// servers, which may do everything there. In KIOSKS are the devices, without
// JetStream: of HAILONG they reach the subjects that are exported to them alone.
// One account would not do, whatever subjects its users may publish to: NATS
// does not look at the subject of a reply, so a device could have the stream's
// acknowledgement, or whatever it is answered, sent to any subject of its
// account, in the broker's own name.
package natsauth

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// Keys gives secrets of 32 bytes that all servers have (*keyring.Ring has it).
type Keys interface {
	Derive(label string) [32]byte
}

// Realm holds the keys of the operator, the accounts and the servers' users.
type Realm struct {
	operator                 nkeys.KeyPair
	system, servers, devices nkeys.KeyPair // accounts
	server, admin            ed25519.PrivateKey
}

// New derives all keys.
func New(keys Keys) (*Realm, error) {
	r := &Realm{}
	for label, to := range map[string]*nkeys.KeyPair{
		"operator": &r.operator, "system": &r.system, "servers": &r.servers, "devices": &r.devices,
	} {
		kind := nkeys.PrefixByteAccount
		if label == "operator" {
			kind = nkeys.PrefixByteOperator
		}
		seed := keys.Derive("hailong/nats/" + label)
		pair, err := fromSeed(kind, seed[:])
		if err != nil {
			return nil, err
		}
		*to = pair
	}
	for label, to := range map[string]*ed25519.PrivateKey{"server": &r.server, "admin": &r.admin} {
		seed := keys.Derive("hailong/nats/user/" + label)
		*to = ed25519.NewKeyFromSeed(seed[:])
	}
	return r, nil
}

func fromSeed(kind nkeys.PrefixByte, seed []byte) (nkeys.KeyPair, error) {
	encoded, err := nkeys.EncodeSeed(kind, seed)
	if err != nil {
		return nil, fmt.Errorf("natsauth: %w", err)
	}
	pair, err := nkeys.FromSeed(encoded)
	if err != nil {
		return nil, fmt.Errorf("natsauth: %w", err)
	}
	return pair, nil
}

// Operator is the JWT of the operator, whom a broker trusts.
func (r *Realm) Operator() (string, error) {
	c := jwt.NewOperatorClaims(public(r.operator))
	c.Name = "HAILONG"
	c.SystemAccount = public(r.system)
	return c.Encode(r.operator)
}

// Account is what a broker knows of one account.
type Account struct {
	ID  string // public key, as NATS writes it
	JWT string
}

// Accounts are what a broker knows of all of them.
type Accounts struct{ System, Servers, Devices Account }

// All gives the JWTs by their account's ID.
func (a Accounts) All() map[string]string {
	return map[string]string{a.System.ID: a.System.JWT, a.Servers.ID: a.Servers.JWT, a.Devices.ID: a.Devices.JWT}
}

// forEver is when a revoked key's last credential was issued.
var forEver = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Accounts writes the accounts' JWTs. Devices with a revoked key (Ed25519, 32
// bytes) are let in no more, whatever credential they show.
func (r *Realm) Accounts(revoked [][]byte) (a Accounts, err error) {
	system := jwt.NewAccountClaims(public(r.system))
	system.Name = "SYS"
	servers := jwt.NewAccountClaims(public(r.servers))
	servers.Name = "HAILONG"
	servers.Limits.JetStreamLimits = jwt.JetStreamLimits{
		MemoryStorage: jwt.NoLimit, DiskStorage: jwt.NoLimit, Streams: jwt.NoLimit, Consumer: jwt.NoLimit,
	}
	devices := jwt.NewAccountClaims(public(r.devices))
	devices.Name = "KIOSKS"
	for _, s := range services {
		servers.Exports.Add(&jwt.Export{Subject: jwt.Subject(s), Type: jwt.Service, ResponseType: jwt.ResponseTypeSingleton})
	}
	for _, s := range streams {
		servers.Exports.Add(&jwt.Export{Subject: jwt.Subject(s), Type: jwt.Stream})
	}
	for _, key := range revoked {
		user, err := userID(key)
		if err != nil {
			return a, err
		}
		devices.RevokeAt(user, forEver)
	}
	for _, e := range servers.Exports {
		devices.Imports.Add(&jwt.Import{Subject: e.Subject, Type: e.Type, Account: servers.Subject})
	}
	for claims, to := range map[*jwt.AccountClaims]*Account{system: &a.System, servers: &a.Servers, devices: &a.Devices} {
		to.ID = claims.Subject
		if to.JWT, err = claims.Encode(r.operator); err != nil {
			return a, fmt.Errorf("natsauth: %w", err)
		}
	}
	return a, nil
}

// User is a user's credential: its JWT, and the key that the JWT is for.
type User struct {
	JWT string
	Key ed25519.PrivateKey
}

// Server is the credential of the servers: they may do everything with the
// streams and tell devices everything.
func (r *Realm) Server() (User, error) { return r.user(r.server, r.servers, "server") }

// Admin is the credential by which servers tell a cluster of the accounts.
func (r *Realm) Admin() (User, error) { return r.user(r.admin, r.system, "admin") }

func (r *Realm) user(key ed25519.PrivateKey, account nkeys.KeyPair, name string) (User, error) {
	id, err := userID(key.Public().(ed25519.PublicKey))
	if err != nil {
		return User{}, err
	}
	c := jwt.NewUserClaims(id)
	c.Name = name
	token, err := c.Encode(account)
	return User{JWT: token, Key: key}, err
}

// Kiosk writes the credential of the device with this key. It is no secret:
// whoever shows it must sign with the key.
func (r *Realm) Kiosk(public ed25519.PublicKey) (string, error) {
	id, err := userID(public)
	if err != nil {
		return "", err
	}
	key := hex.EncodeToString(public)
	c := jwt.NewUserClaims(id)
	c.Name = "kiosk " + key[:16]
	c.Pub.Allow = own(publishes, key)
	c.Sub.Allow = own(subscribes, key)
	c.Limits.Subs = 256
	// Neither a leaf node nor a bridge from another protocol.
	c.AllowedConnectionTypes = jwt.StringList{jwt.ConnectionTypeStandard}
	token, err := c.Encode(r.devices)
	if err != nil {
		return "", fmt.Errorf("natsauth: %w", err)
	}
	return token, nil
}

// userID is a public key as NATS writes a user's.
func userID(public []byte) (string, error) {
	if len(public) != ed25519.PublicKeySize {
		return "", fmt.Errorf("natsauth: a public key of %d bytes", len(public))
	}
	id, err := nkeys.Encode(nkeys.PrefixByteUser, slices.Clone(public))
	if err != nil {
		return "", fmt.Errorf("natsauth: %w", err)
	}
	return string(id), nil
}

// public is a pair's public key; that of one that was derived is there.
func public(pair nkeys.KeyPair) string {
	id, err := pair.PublicKey()
	if err != nil {
		panic(err)
	}
	return id
}
