// Package enrol lets devices in: an administrator gets a code for a kiosk, good
// once and for 15 minutes, and the device that presents it, and proves that it
// holds its key, is admitted and gets what it needs to send.
package enrol

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"hailong/internal/enrolment"
	"hailong/internal/survey"
	"hailong/server/audit"
)

// CodeTime is how long a code is good.
const CodeTime = 15 * time.Minute

// Codes keeps what is good once, for all servers; *account.Codes is one.
type Codes interface {
	// Make draws a code, for which Take gives the payload until ttl has passed.
	Make(ctx context.Context, purpose string, payload []byte, ttl time.Duration) (code string, err error)
	// Take gives what the code was made for, to one of those who ask at once, and
	// never again. ok is false for any other code.
	Take(ctx context.Context, purpose, code string) (payload []byte, ok bool, err error)
}

// Limits slows those down who guess, over all servers; *account.Limits is one.
type Limits interface {
	// Try counts an attempt under a key, unless one has to wait before it.
	Try(ctx context.Context, key string) (wait time.Duration, err error)
	// Forgive takes an attempt back: it was none at guessing.
	Forgive(ctx context.Context, key string) error
}

// Register records who is let in; *register.Register is one, and says what each
// method answers.
type Register interface {
	Kiosk(ctx context.Context, code string) error
	Device(ctx context.Context, public ed25519.PublicKey) (kiosk string, err error)
	Admit(ctx context.Context, kiosk string, public ed25519.PublicKey) (isNew bool, err error)
}

// Options of New; all but Now are required.
type Options struct {
	Register Register
	Codes    Codes
	Limits   Limits
	// JWT writes a device's credential for NATS.
	JWT func(public ed25519.PublicKey) (string, error)
	// Place gives what is the same for all devices: where NATS is, and whose
	// certificates its servers have.
	Place func() (nats []string, ca string)
	// Secret is the servers' common one for challenges.
	Secret [32]byte
	Now    func() time.Time // nil: time.Now
}

// Enrol is the use case. Its methods may be called by many at once.
type Enrol struct{ o Options }

// New makes the use case.
func New(o Options) *Enrol {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Enrol{o}
}

// purpose of the codes.
const purpose = "enrol"

// asked is who asked for a code, and for which kiosk. It lies as long as the code
// is good where all servers see it.
type asked struct {
	Kiosk   string `json:"kiosk"`
	Account []byte `json:"account"`
	Via     uint8  `json:"via"`
	Name    string `json:"name"`
	From    string `json:"from"`
}

// Make gives a code for a kiosk of the organisation, and when it ends. Who asks
// is in the context, and stands beside the admission that follows. A kiosk that
// the organisation does not have is survey.CodeUnknownKiosk.
func (e *Enrol) Make(ctx context.Context, kiosk string) (code string, until time.Time, err error) {
	if err := e.o.Register.Kiosk(ctx, kiosk); err != nil {
		return "", until, err
	}
	by, _ := audit.Of(ctx) // nobody: the server itself
	payload, err := json.Marshal(asked{kiosk, by.Account[:], by.Via, by.Name, by.From})
	if err != nil {
		return "", until, err
	}
	until = e.o.Now().Add(CodeTime)
	code, err = e.o.Codes.Make(ctx, purpose, payload, CodeTime)
	return code, until, err
}

// Challenge gives what a device is to sign.
func (e *Enrol) Challenge() enrolment.Challenge {
	return enrolment.Challenge{Nonce: newNonce(e.o.Secret, e.o.Now())}
}

// Present lets a device in that brings a code. address is where it asks from: who
// guesses from there waits longer each time. Errors: survey.CodeUnproven;
// CodeTooSoon; CodeEnrolmentCode; what Admit answers, and then the code is spent
// all the same.
func (e *Enrol) Present(ctx context.Context, in enrolment.Presentation, address string) (c enrolment.Credential, err error) {
	public, err := e.proven(in.Key, in.Nonce, func(public ed25519.PublicKey) bool {
		return enrolment.CheckCode(public, in.Nonce, in.Code, in.Signature)
	})
	if err != nil {
		return c, err
	}
	wait, err := e.o.Limits.Try(ctx, limit+address)
	if err != nil {
		return c, err
	}
	if wait > 0 {
		return c, survey.New(survey.CodeTooSoon, int(math.Ceil(wait.Seconds())))
	}
	payload, ok, err := e.o.Codes.Take(ctx, purpose, enrolment.Code(in.Code))
	if err == nil && !ok {
		return c, survey.New(survey.CodeEnrolmentCode)
	}
	if err := errors.Join(err, e.o.Limits.Forgive(ctx, limit+address)); err != nil {
		return c, err
	}
	var by asked
	if err := json.Unmarshal(payload, &by); err != nil {
		return c, fmt.Errorf("enrol: what a code was made for: %w", err)
	}
	actor := audit.Actor{Via: by.Via, Name: by.Name, From: by.From}
	copy(actor.Account[:], by.Account)
	if actor.Via != 0 {
		ctx = audit.With(ctx, actor)
	}
	if _, err := e.o.Register.Admit(ctx, by.Kiosk, public); err != nil {
		return c, err
	}
	return e.credential(by.Kiosk, public)
}

// Renew gives a credential to a device that was let in before. Errors:
// survey.CodeUnproven; CodeNotAdmitted; CodeKeyRevoked. There is nothing to
// guess here, and what is answered is of use only with the key.
func (e *Enrol) Renew(ctx context.Context, in enrolment.Renewal) (c enrolment.Credential, err error) {
	public, err := e.proven(in.Key, in.Nonce, func(public ed25519.PublicKey) bool {
		return enrolment.CheckRenewal(public, in.Nonce, in.Signature)
	})
	if err != nil {
		return c, err
	}
	kiosk, err := e.o.Register.Device(ctx, public)
	if err != nil {
		return c, err
	}
	return e.credential(kiosk, public)
}

// limit begins the keys of this use case's limits: a whole office may have one
// address, so only very many failures slow it down.
const limit = "address/enrol/"

// proven gives the key of whoever signed a challenge of ours that still holds.
func (e *Enrol) proven(key, nonce string, signed func(ed25519.PublicKey) bool) (ed25519.PublicKey, error) {
	if key == "" {
		return nil, survey.New(survey.CodeMissingField, "key")
	}
	public, err := hex.DecodeString(key)
	if err != nil || len(public) != ed25519.PublicKeySize {
		return nil, survey.New(survey.CodeBadField, "key")
	}
	if !checkNonce(e.o.Secret, nonce, e.o.Now()) || !signed(public) {
		return nil, survey.New(survey.CodeUnproven)
	}
	return public, nil
}

func (e *Enrol) credential(kiosk string, public ed25519.PublicKey) (c enrolment.Credential, err error) {
	c.Kiosk = kiosk
	if c.JWT, err = e.o.JWT(public); err != nil {
		return c, err
	}
	c.NATS, c.CA = e.o.Place()
	return c, nil
}
