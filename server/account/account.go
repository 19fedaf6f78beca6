// Package account keeps the accounts of people and programs, and what lets them
// in: passwords, second factors, tokens, sessions, one-time codes, and limits to
// guessing.
//
// An account is a fact; its name, password hash and the like are words sealed to
// the servers, so that they can be erased. Sessions, codes and limits live in
// buckets that all servers share, and are gone with them.
package account

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/fact"
	"hailong/server/access"
)

// Recorder makes facts durable, as register.Recorder: consecutive, and all or
// none of them. Who acts is in the context (audit.With).
type Recorder interface {
	Append(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error)
}

// Projection says when a fact is in the tables; *projection.Projection is one.
type Projection interface {
	WaitApplied(ctx context.Context, origin fact.OriginID, number uint64) error
}

// Words holds sealed words by their digest; *words.Store is one.
type Words interface {
	Get(ctx context.Context, digest [32]byte) (words []byte, ok bool, err error)
	Put(ctx context.Context, all ...[]byte) error
}

// Keys are the servers' shared secrets; *keyring.Ring has them.
type Keys interface {
	Login(name string) [32]byte
	Derive(label string) [32]byte
	SealWords(plain []byte) ([]byte, error)
	OpenWords(sealed []byte) (plain []byte, ok bool)
}

// Bus gives what all servers share; *bus.Bus is one.
type Bus interface {
	Connected(ctx context.Context) (context.Context, context.CancelFunc, error)
	KV(ctx context.Context, bucket string, ttl time.Duration) (jetstream.KeyValue, error)
}

// Options of New; all but Now, Settle and Log are required.
type Options struct {
	Recorder   Recorder
	Projection Projection
	DB         *sql.DB // of the projection, for reading
	Words      Words
	Keys       Keys
	Bus        Bus
	Now        func() time.Time // nil: time.Now
	// Settle bounds how long a change waits until it is applied here; 0: two
	// seconds. What takes longer holds here all the same.
	Settle time.Duration
	Log    *slog.Logger
}

// Account is a person's or a program's account as it stands.
type Account struct {
	ID    [16]byte
	Role  access.Role
	Unit  string // code, where the role is for one unit
	Desk  string // code, where it is for one desk
	Off   bool   // it lets nobody in
	Since time.Time

	// Readable is false for as long as what follows has not arrived at this
	// server: until then the account lets nobody in here.
	Readable    bool
	Login       string // "" for a program
	Name        string
	Email       string
	Issuer      string // of another place's sign-in (OpenID Connect), or ""
	Subject     string // whom that place calls so
	HasPassword bool
	HasTOTP     bool
	Recovery    int     // recovery codes that are left
	Tokens      []Token // of a program, those that are good
	// Shadowed: another account of the same sign-in name, made on another server
	// at the same time, goes before.
	Shadowed bool
}

// Token is a program's token, without its secret.
type Token struct {
	Since time.Time
	Until time.Time // zero: for good
}

// Person is the account as who asks.
func (a *Account) Person() access.Person {
	return access.Person{Account: a.ID, Role: a.Role, Unit: a.Unit, Desk: a.Desk, Name: a.Name}
}

// Accounts is the use case. Its methods may be called by many at once.
type Accounts struct {
	o     Options
	turn  chan struct{} // holds one token: whoever has it decides
	slots chan struct{} // of passwords hashed at the same time
	queue chan struct{} // of those who wait for that
	once  *bucket       // steps of second factors that are spent

	mu      sync.Mutex
	recent  map[[16]byte]recorded // recorded here, and perhaps not applied yet
	secrets map[[32]byte]secret   // by the digest of the sealed words
}

// recorded is an account as this server wrote it.
type recorded struct {
	row row
	secret
}

func newAccounts(o Options) *Accounts {
	a := &Accounts{
		o: o, turn: make(chan struct{}, 1), slots: make(chan struct{}, hashers), queue: make(chan struct{}, waiters),
		once:   &bucket{bus: o.Bus, name: "hailong_once", ttl: time.Hour},
		recent: map[[16]byte]recorded{}, secrets: map[[32]byte]secret{},
	}
	a.turn <- struct{}{}
	return a
}

// ByID gives an account; ok is false where there is none.
func (a *Accounts) ByID(ctx context.Context, id [16]byte) (_ Account, ok bool, err error) {
	s, ok, err := a.byID(ctx, id)
	if err != nil || !ok {
		return Account{}, false, err
	}
	return a.account(&s), true, nil
}

// ByLogin gives the account that a sign-in name lets in; ok is false where there
// is none, or it is off.
func (a *Accounts) ByLogin(ctx context.Context, login string) (_ Account, ok bool, err error) {
	s, ok, err := a.byLogin(ctx, login)
	if err != nil || !ok {
		return Account{}, false, err
	}
	return a.account(&s), true, nil
}

// BySubject gives the account of somebody who signed in at another place (OpenID
// Connect); ok is false where there is none, or it is off.
func (a *Accounts) BySubject(ctx context.Context, issuer, subject string) (_ Account, ok bool, err error) {
	all, err := a.all(ctx)
	if err != nil || issuer == "" || subject == "" {
		return Account{}, false, err
	}
	for i := range all {
		if s := &all[i]; !s.row.off && s.readable && s.Issuer == issuer && s.Subject == subject {
			return a.account(s), true, nil
		}
	}
	return Account{}, false, nil
}

// List gives all accounts, in the order of their ids.
func (a *Accounts) List(ctx context.Context) ([]Account, error) {
	all, err := a.all(ctx)
	if err != nil {
		return nil, err
	}
	out, first := make([]Account, len(all)), map[string]bool{}
	for i := range all {
		out[i] = a.account(&all[i])
		if login := string(all[i].row.login); login != "" && !all[i].row.off {
			out[i].Shadowed, first[login] = first[login], true
		}
	}
	return out, nil
}

// HasAdministrator says whether an account lets an administrator in.
func (a *Accounts) HasAdministrator(ctx context.Context) (bool, error) {
	all, err := a.all(ctx)
	return err == nil && administrators(all, [16]byte{}) > 0, err
}

// administrators counts the accounts that let one in, beside one of them.
func administrators(all []state, beside [16]byte) (n int) {
	for i := range all {
		if r := &all[i].row; r.role == access.Administrator && !r.off && r.id != beside {
			n++
		}
	}
	return n
}

// account is a state for those who ask.
func (a *Accounts) account(s *state) Account {
	out := Account{
		ID: s.row.id, Role: s.row.role, Unit: s.row.unit, Desk: s.row.desk, Off: s.row.off, Since: time.UnixMilli(s.row.since),
		Readable: s.readable, Login: s.Login, Name: s.Name, Email: s.Email, Issuer: s.Issuer, Subject: s.Subject,
		HasPassword: s.Password != "", HasTOTP: s.TOTP != "", Recovery: len(s.Recovery),
	}
	for _, t := range s.Tokens {
		if good := (Token{Since: milli(t.Since), Until: milli(t.Until)}); t.good(a.o.Now()) {
			out.Tokens = append(out.Tokens, good)
		}
	}
	return out
}

// milli is a time of Unix ms; 0 is none.
func milli(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// fill completes the options.
func (o *Options) fill() error {
	if o.Recorder == nil || o.Projection == nil || o.DB == nil || o.Words == nil || o.Keys == nil || o.Bus == nil {
		return errors.New("account: an option is missing")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Settle == 0 {
		o.Settle = 2 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}
