package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"hailong/internal/survey"
	"hailong/server/access"
)

// Overlap is for how long a token stays good after its program got another.
const Overlap = 24 * time.Hour

// prefix of tokens: who finds one in a file knows whose it is.
const prefix = "hl1."

// NewToken gives a program's account a further token, in place of those before,
// which are good for Overlap still, or no more where atOnce is set: then somebody
// may have seen one. Its text is given this once; what is kept is a hash.
func (a *Accounts) NewToken(ctx context.Context, id [16]byte, atOnce bool) (text string, err error) {
	var random [32]byte
	rand.Read(random[:]) // never fails
	sum := sha256.Sum256(random[:])
	_, err = a.decide(ctx, id, "account.token", func(before *state, _ []state) (*state, error) {
		if before.row.role != access.Program || before.row.off {
			return nil, survey.New(survey.CodeUnknownAccount)
		}
		next, now := *before, a.o.Now()
		next.Tokens = slices.DeleteFunc(slices.Clone(before.Tokens), func(t token) bool { return atOnce || !t.good(now) })
		for i := range next.Tokens {
			if t := &next.Tokens[i]; t.Until == 0 {
				t.Until = now.Add(Overlap).UnixMilli()
			}
		}
		next.Tokens = append(next.Tokens, token{Hash: sum[:], Since: now.UnixMilli()})
		return &next, nil
	})
	if err != nil {
		return "", err
	}
	return prefix + hex.EncodeToString(id[:]) + "." + base64.RawURLEncoding.EncodeToString(random[:]), nil
}

// CheckToken gives the program's account that a token lets in.
func (a *Accounts) CheckToken(ctx context.Context, text string) (_ Account, ok bool, err error) {
	rest, ok := strings.CutPrefix(text, prefix)
	name, random, _ := strings.Cut(rest, ".")
	id, errID := hex.DecodeString(name)
	raw, errRaw := base64.RawURLEncoding.Strict().DecodeString(random)
	if !ok || errID != nil || errRaw != nil || len(id) != 16 || len(raw) != 32 {
		return Account{}, false, nil
	}
	s, ok, err := a.byID(ctx, [16]byte(id))
	if err != nil || !ok || s.row.off || s.row.role != access.Program {
		return Account{}, false, err
	}
	if !s.readable {
		return Account{}, false, survey.New(survey.CodeAccountNotHere)
	}
	sum, now := sha256.Sum256(raw), a.o.Now()
	for i := range s.Tokens {
		if t := &s.Tokens[i]; subtle.ConstantTimeCompare(t.Hash, sum[:]) == 1 && t.good(now) {
			return a.account(&s), true, nil
		}
	}
	return Account{}, false, nil
}
