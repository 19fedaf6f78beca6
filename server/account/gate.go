package account

import (
	"context"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/survey"
	"hailong/server/access"
)

// Gate is what lets people and programs in. It is an access.Authenticator.
type Gate struct {
	*Accounts
	Sessions *Sessions
	Codes    *Codes
	Limits   *Limits
	uses     uses
}

// New makes the gate; Run keeps its sessions.
func New(o Options) (*Gate, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	return &Gate{
		Accounts: newAccounts(o), Sessions: newSessions(o), Codes: newCodes(o), Limits: newLimits(o),
		uses: uses{bucket: bucket{bus: o.Bus, name: "hailong_uses"}, told: map[[16]byte]time.Time{}},
	}, nil
}

// Run keeps the sessions as all servers have them, until ctx ends: see
// Sessions.Run.
func (g *Gate) Run(ctx context.Context) error { return g.Sessions.Run(ctx) }

// Session gives the person of a session's cookie; false: none that lasts, or the
// account lets nobody in any more, or has a second factor that was not given.
func (g *Gate) Session(ctx context.Context, cookie string) (access.Person, bool, error) {
	s, ok, err := g.Sessions.Get(ctx, cookie)
	if err != nil || !ok {
		return access.Person{}, false, err
	}
	x, ok, err := g.ByID(ctx, s.Account)
	if err != nil || !ok || x.Off || x.HasTOTP && !s.TOTP {
		return access.Person{}, false, err
	}
	p := x.Person()
	p.TOTP, p.Session, p.CSRF = s.TOTP, s.Key, CSRF(cookie)
	return p, true, nil
}

// Token gives the program of a token; false: none that is good.
func (g *Gate) Token(ctx context.Context, bearer string) (access.Person, bool, error) {
	x, ok, err := g.CheckToken(ctx, bearer)
	if err != nil || !ok {
		return access.Person{}, false, err
	}
	g.uses.note(x.ID, g.o.Now())
	return x.Person(), true, nil
}

// SignIn gives the account that a sign-in name and a password let in, from an
// address of the network. What does not let in is survey.CodeWrongSignIn,
// whatever the reason, and counts against the name and the address; after some
// of these it is survey.CodeTooSoon, also for the right password. The account
// may have a second factor: without it no session of it is good.
func (g *Gate) SignIn(ctx context.Context, login, password, address string) (Account, error) {
	name, err := NormalLogin(login)
	if err != nil {
		name = "" // all that nobody can be called count together
	}
	pair, account, place := ByPair(address, name), ByAccount(name), ByAddress(address)
	if err := g.try(ctx, pair, account, place); err != nil {
		return Account{}, err
	}
	x, ok, err := g.CheckPassword(ctx, login, password)
	if err != nil {
		return Account{}, errors.Join(err, g.forgive(ctx, pair, account, place))
	}
	if !ok {
		return Account{}, survey.New(survey.CodeWrongSignIn)
	}
	return x, errors.Join(g.Limits.Succeed(ctx, pair), g.forgive(ctx, account, place))
}

// SecondFactor checks an account's second factor, as SignIn does its password:
// what is wrong is survey.CodeWrongCode.
func (g *Gate) SecondFactor(ctx context.Context, id [16]byte, code, address string) error {
	name := "totp " + hex.EncodeToString(id[:])
	pair, account := ByPair(address, name), ByAccount(name)
	if err := g.try(ctx, pair, account); err != nil {
		return err
	}
	ok, err := g.CheckTOTP(ctx, id, code)
	if err != nil {
		return errors.Join(err, g.forgive(ctx, pair, account))
	}
	if !ok {
		return survey.New(survey.CodeWrongCode)
	}
	return errors.Join(g.Limits.Succeed(ctx, pair), g.Limits.Succeed(ctx, account))
}

// try counts an attempt under all keys, or none where one has to wait.
func (g *Gate) try(ctx context.Context, keys ...string) error {
	for i, key := range keys {
		wait, err := g.Limits.Try(ctx, key)
		if err == nil && wait > 0 {
			err = TooSoon(wait)
		}
		if err != nil {
			return errors.Join(err, g.forgive(ctx, keys[:i]...))
		}
	}
	return nil
}

func (g *Gate) forgive(ctx context.Context, keys ...string) (err error) {
	for _, key := range keys {
		err = errors.Join(err, g.Limits.Forgive(ctx, key))
	}
	return err
}

// SetPassword gives an account a password, and ends its sessions.
func (g *Gate) SetPassword(ctx context.Context, id [16]byte, password string) error {
	if err := g.Accounts.SetPassword(ctx, id, password); err != nil {
		return err
	}
	return g.Sessions.EndAllOf(ctx, id)
}

// RemoveTOTP takes an account's second factor away, and ends its sessions.
func (g *Gate) RemoveTOTP(ctx context.Context, id [16]byte) error {
	if err := g.Accounts.RemoveTOTP(ctx, id); err != nil {
		return err
	}
	return g.Sessions.EndAllOf(ctx, id)
}

// Change gives an account other particulars, and ends its sessions: they may
// have been begun for another role.
func (g *Gate) Change(ctx context.Context, id [16]byte, p Particulars) (Account, error) {
	x, err := g.Accounts.Change(ctx, id, p)
	if err != nil {
		return x, err
	}
	return x, g.Sessions.EndAllOf(ctx, id)
}

// TurnOff lets an account let nobody in, and ends its sessions.
func (g *Gate) TurnOff(ctx context.Context, id [16]byte) (Account, error) {
	x, err := g.Accounts.TurnOff(ctx, id)
	if err != nil {
		return x, err
	}
	return x, g.Sessions.EndAllOf(ctx, id)
}

// LastUse says when a program's token was used last, to the minute, at whatever
// server; the zero time: never, or it is not known now.
func (g *Gate) LastUse(ctx context.Context, id [16]byte) time.Time {
	at, err := g.uses.last(ctx, id)
	if err != nil {
		g.o.Log.Debug("last use of a token", "error", err)
	}
	return at
}

// uses tells all servers when tokens were used last.
type uses struct {
	bucket bucket
	mu     sync.Mutex
	told   map[[16]byte]time.Time
}

// note tells of a use, behind the request's back and once a minute.
func (u *uses) note(id [16]byte, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if now.Sub(u.told[id]) < touchEvery {
		return
	}
	u.told[id] = now
	go func() {
		_ = u.bucket.do(context.Background(), func(ctx context.Context, kv jetstream.KeyValue) error {
			_, err := kv.Put(ctx, hex.EncodeToString(id[:]), []byte(now.UTC().Format(time.RFC3339)))
			return err
		}) // the next use tells it
	}()
}

func (u *uses) last(ctx context.Context, id [16]byte) (at time.Time, err error) {
	err = u.bucket.do(ctx, func(ctx context.Context, kv jetstream.KeyValue) error {
		e, err := kv.Get(ctx, hex.EncodeToString(id[:]))
		if err == nil {
			at, err = time.Parse(time.RFC3339, string(e.Value()))
		}
		return err
	})
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		err = nil
	}
	return at, err
}
