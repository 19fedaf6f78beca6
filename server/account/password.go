package account

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"hailong/internal/survey"
	"hailong/server/access"
)

// Number of characters of a password.
const (
	MinPassword = 12
	MaxPassword = 128
)

// hardness costs 64 MiB and 0.1 to 0.3 s of one core: above the least that OWASP
// names for argon2id (46 MiB once, 19 MiB twice).
var hardness = &argon2id.Params{Memory: 64 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashers at the same time, and those who may wait for one: more are told to
// come back, so that attempts can't take all memory and processors.
const (
	hashers = 2
	waiters = 32
)

// common holds words of which the most common passwords are made, in lower case:
// one a line, the longest first.
//
//go:embed common.txt
var common string

// leastOwn is how many characters of a password must not be such words.
const leastOwn = 6

// CheckNewPassword says whether a password may be taken for an account: by its
// length, and by whether it is easily guessed; of what kinds of characters it is
// does not matter. Errors are survey.CodePasswordLength and CodePasswordCommon.
func CheckNewPassword(password string, own ...string) error {
	password = norm.NFC.String(password)
	if n := utf8.RuneCountInString(password); n < MinPassword || n > MaxPassword || !utf8.ValidString(password) {
		return survey.New(survey.CodePasswordLength, MinPassword, MaxPassword)
	}
	rest := strings.ToLower(password)
	for _, word := range append(own, strings.Split(strings.TrimSpace(common), "\n")...) {
		if utf8.RuneCountInString(word) >= 3 {
			rest = strings.ReplaceAll(rest, strings.ToLower(word), "")
		}
	}
	different := map[rune]bool{}
	for _, r := range rest {
		different[r] = true
	}
	if utf8.RuneCountInString(rest) < leastOwn || len(different) < leastOwn-1 {
		return survey.New(survey.CodePasswordCommon)
	}
	return nil
}

// SetPassword gives an account a password. Its sessions are to be ended: see
// Gate.SetPassword.
func (a *Accounts) SetPassword(ctx context.Context, id [16]byte, password string) error {
	x, ok, err := a.ByID(ctx, id)
	switch {
	case err != nil:
		return err
	case !ok || x.Role == access.Program || x.Off:
		return survey.New(survey.CodeUnknownAccount)
	}
	hash, err := a.hash(ctx, password, &x)
	if err != nil {
		return err
	}
	_, err = a.decide(ctx, id, "account.password", func(before *state, _ []state) (*state, error) {
		next := *before
		next.Password = hash
		return &next, nil
	})
	return err
}

// hash makes the encoded hash of a new password.
func (a *Accounts) hash(ctx context.Context, password string, x *Account) (hash string, err error) {
	if err := CheckNewPassword(password, ownWords(x)...); err != nil {
		return "", err
	}
	err = a.hashing(ctx, func() error {
		hash, err = argon2id.CreateHash(norm.NFC.String(password), hardness)
		return err
	})
	return hash, err
}

// ownWords are what of an account its password should not be made of.
func ownWords(x *Account) []string {
	mailbox, _, _ := strings.Cut(x.Email, "@")
	return []string{x.Login, mailbox}
}

// CheckPassword gives the account that a sign-in name and a password let in; ok
// is false for whatever does not let in, and takes as long to say. An account
// whose words are not here yet is survey.CodeAccountNotHere, as it can't be told
// apart from one without words.
func (a *Accounts) CheckPassword(ctx context.Context, login, password string) (_ Account, ok bool, err error) {
	s, found, err := a.byLogin(ctx, login)
	if err != nil {
		return Account{}, false, err
	}
	if found && !s.readable {
		return Account{}, false, survey.New(survey.CodeAccountNotHere)
	}
	hash := s.Password
	if !found || hash == "" {
		hash = nobodys
	}
	if len(password) > 4*MaxPassword {
		password = "" // nobody's, and as quickly hashed as any
	}
	err = a.hashing(ctx, func() error {
		ok, err = argon2id.ComparePasswordAndHash(norm.NFC.String(password), hash)
		return err
	})
	if err != nil || !ok || hash == nobodys {
		return Account{}, false, err
	}
	return a.account(&s), true, nil
}

// nobodys is the hash of no password, as costly to compare as any.
var nobodys = nobodyHash()

func nobodyHash() string {
	var salt [16]byte
	var key [32]byte
	rand.Read(salt[:]) // never fails
	rand.Read(key[:])
	e := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hardness.Memory, hardness.Iterations, hardness.Parallelism,
		e.EncodeToString(salt[:]), e.EncodeToString(key[:]))
}

// hashing runs fn while few others hash.
func (a *Accounts) hashing(ctx context.Context, fn func() error) error {
	select {
	case a.queue <- struct{}{}:
		defer func() { <-a.queue }()
	default:
		return survey.Wrap(survey.CodeBusy, errors.New("account: too many passwords at once"))
	}
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	case <-ctx.Done():
		return survey.Wrap(survey.CodeBusy, ctx.Err())
	}
	return fn()
}
