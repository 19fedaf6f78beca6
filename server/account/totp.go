package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/access"
)

// The second factor: RFC 6238 as telephones' apps have it, six digits each 30 s,
// and the step before and after.
const (
	stepSeconds = 30
	totpSecret  = 20 // bytes, as SHA-1's HMAC wants
	recoveries  = 10 // codes that are given with it
)

// Enrolment is a second factor that is offered, and not kept before a code of
// it was seen: see SetTOTP.
type Enrolment struct {
	Secret string // base32, to type where nothing can be scanned
	URL    string // otpauth://…
	SVG    []byte // QR of URL, to stand within a page
}

// NewTOTP offers a second factor to an account.
func (a *Accounts) NewTOTP(ctx context.Context, id [16]byte) (e Enrolment, err error) {
	x, ok, err := a.ByID(ctx, id)
	if err != nil {
		return e, err
	}
	if !ok || x.Role == access.Program || x.Off {
		return e, survey.New(survey.CodeUnknownAccount)
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Hài Lòng", AccountName: x.Login, SecretSize: totpSecret, Period: stepSeconds})
	if err != nil {
		return e, err
	}
	qr, err := receipt.NewQR(key.URL())
	if err != nil {
		return e, err
	}
	return Enrolment{Secret: key.Secret(), URL: key.URL(), SVG: qr.SVG()}, nil
}

// SetTOTP keeps the second factor of an enrolment, given a code of it, in place
// of the one before, and gives the codes for the day on which the telephone is
// lost: this once. A wrong code is survey.CodeWrongCode.
func (a *Accounts) SetTOTP(ctx context.Context, id [16]byte, secret, code string) (recovery []string, err error) {
	if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret); err != nil || len(raw) != totpSecret {
		return nil, survey.New(survey.CodeBadField, "secret")
	}
	ok, err := a.step(ctx, id, secret, code)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, survey.New(survey.CodeWrongCode)
	}
	return a.recovery(ctx, id, "account.totp", func(s *state) { s.TOTP = secret })
}

// NewRecovery gives an account other recovery codes, in place of those before.
func (a *Accounts) NewRecovery(ctx context.Context, id [16]byte) ([]string, error) {
	return a.recovery(ctx, id, "account.recovery", func(*state) {})
}

func (a *Accounts) recovery(ctx context.Context, id [16]byte, action string, set func(*state)) ([]string, error) {
	codes, sums := make([]string, recoveries), make([][]byte, recoveries)
	for i := range codes {
		codes[i] = newCode()
		sums[i] = a.recoverySum(id, codes[i])
	}
	_, err := a.decide(ctx, id, action, func(before *state, _ []state) (*state, error) {
		next := *before
		if set(&next); next.TOTP == "" || next.row.off {
			return nil, survey.New(survey.CodeUnknownAccount)
		}
		next.Recovery = sums
		return &next, nil
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// RemoveTOTP takes an account's second factor away: its telephone is lost, and
// so are the recovery codes.
func (a *Accounts) RemoveTOTP(ctx context.Context, id [16]byte) error {
	_, err := a.decide(ctx, id, "account.totp-removed", func(before *state, _ []state) (*state, error) {
		if before.TOTP == "" {
			return nil, nil
		}
		next := *before
		next.TOTP, next.Recovery = "", nil
		return &next, nil
	})
	return err
}

// CheckTOTP says whether a code is the account's second factor: six digits of
// its telephone, or a recovery code. Each is good once, at all servers together.
func (a *Accounts) CheckTOTP(ctx context.Context, id [16]byte, code string) (bool, error) {
	s, ok, err := a.byID(ctx, id)
	if err != nil || !ok || s.row.off || s.TOTP == "" {
		return false, err
	}
	if plain := strings.ReplaceAll(strings.TrimSpace(code), " ", ""); len(plain) == 6 {
		return a.step(ctx, id, s.TOTP, plain)
	}
	typed, ok := normalCode(code)
	if !ok {
		return false, nil
	}
	sum := a.recoverySum(id, typed)
	if !slices.ContainsFunc(s.Recovery, func(x []byte) bool { return subtle.ConstantTimeCompare(x, sum) == 1 }) {
		return false, nil
	}
	if ok, err := a.spend(ctx, "recovery."+hex.EncodeToString(sum)); err != nil || !ok {
		return false, err
	}
	_, err = a.decide(ctx, id, "account.recovery-used", func(before *state, _ []state) (*state, error) {
		next := *before
		next.Recovery = slices.DeleteFunc(slices.Clone(before.Recovery), func(x []byte) bool { return string(x) == string(sum) })
		return &next, nil
	})
	return err == nil, err
}

// step says whether six digits are those of now, of the step before or of the
// one after, and not used yet.
func (a *Accounts) step(ctx context.Context, id [16]byte, secret, digits string) (bool, error) {
	now := a.o.Now().Unix() / stepSeconds
	found := int64(0)
	for n := now - 1; n <= now+1; n++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(max(n, 0)), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return false, fmt.Errorf("account: second factor: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(digits)) == 1 {
			found = n
		}
	}
	if found == 0 {
		return false, nil
	}
	return a.spend(ctx, fmt.Sprintf("totp.%x.%d", id, found))
}

// spend says whether a key is spent for the first time, at whatever server.
func (a *Accounts) spend(ctx context.Context, key string) (first bool, err error) {
	err = a.once.do(ctx, func(ctx context.Context, kv jetstream.KeyValue) error {
		_, err := kv.Create(ctx, key, nil)
		return err
	})
	if errors.Is(err, jetstream.ErrKeyExists) {
		return false, nil
	}
	return err == nil, err
}

func (a *Accounts) recoverySum(id [16]byte, code string) []byte {
	key := a.o.Keys.Derive("hailong/account/recovery")
	m := hmac.New(sha256.New, key[:])
	m.Write(id[:])
	m.Write([]byte(code))
	return m.Sum(nil)
}

// letters of codes that people type: Crockford's base32.
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeLetters is the length of a code: 80 bits.
const codeLetters = 16

// newCode draws a code, in fours.
func newCode() string {
	var b [codeLetters]byte
	rand.Read(b[:]) // never fails
	var out strings.Builder
	for i, x := range b {
		if i > 0 && i%4 == 0 {
			out.WriteByte('-')
		}
		out.WriteByte(letters[x&31])
	}
	return out.String()
}

// normalCode reads a code as people type it: in fours or not, in either case,
// with the letters that Crockford takes for digits.
func normalCode(typed string) (code string, ok bool) {
	if len(typed) > 4*codeLetters {
		return "", false
	}
	var out strings.Builder
	n := 0
	for _, r := range strings.ToUpper(typed) {
		switch r {
		case ' ', '-', '–':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if !strings.ContainsRune(letters, r) {
			return "", false
		}
		if n > 0 && n%4 == 0 {
			out.WriteByte('-')
		}
		out.WriteRune(r)
		n++
	}
	return out.String(), n == codeLetters
}
