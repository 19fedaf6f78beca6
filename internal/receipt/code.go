package receipt

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/crypto/nacl/box"

	"hailong/internal/survey"
)

// MaxCode bounds a dossier code, in bytes.
const MaxCode = 128

// Patterns are the forms of dossier codes that are accepted, as whole texts, in
// this order. Where a pattern has groups, the normal form of a code is what the
// groups matched, joined by hyphens; so two ways of writing one code are one
// ballot. Zero patterns accept nothing.
type Patterns []*regexp.Regexp

// Usual are the patterns of codes seen in use, such as
// 000.17.22.H56-210531-0001 and G22.99.3-241219795252.
var Usual = []string{
	`(\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})-(\d{6})-(\d{4,6})`,
	`([A-Z]\d{2}(?:\.\d{1,3}){0,3})-(\d{6})-?(\d{4,6})`,
}

// DefaultPatterns are the compiled Usual ones.
var DefaultPatterns = sync.OnceValue(func() Patterns {
	p, err := CompilePatterns(Usual)
	if err != nil {
		panic(err) // a test compiles them
	}
	return p
})

// CompilePatterns compiles the setting's expressions, which are matched against
// whole codes in upper case. Refused are an expression that doesn't compile, one
// that matches the empty text, and one that matches receipt ids, since every
// typed id would be taken for a dossier code. All faults are joined.
func CompilePatterns(expressions []string) (Patterns, error) {
	var p Patterns
	var faults []error
	for _, e := range expressions {
		re, err := regexp.Compile(`\A(?:` + e + `)\z`)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("receipt: pattern %q: %w", e, err))
		case re.MatchString(""):
			faults = append(faults, fmt.Errorf("receipt: pattern %q matches the empty text", e))
		case matchesIDs(re):
			faults = append(faults, fmt.Errorf("receipt: pattern %q matches receipt ids too; make it narrower", e))
		default:
			p = append(p, re)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return p, nil
}

// matchesIDs tries the pattern on ids that are as good as random, and always
// the same.
func matchesIDs(re *regexp.Regexp) bool {
	for i := range 64 {
		h := sha256.Sum256([]byte{byte(i)})
		id := ID(h[:10])
		if re.MatchString(id.String()) {
			return true
		}
	}
	return false
}

// NormaliseCode is Patterns.NormaliseCode with the usual patterns.
func NormaliseCode(code string) (string, error) { return DefaultPatterns().NormaliseCode(code) }

// NormaliseCode gives the one form of a dossier code from which its ballot is
// made: upper case, without spaces, plain hyphens, parts joined by hyphens.
// A code of no pattern is survey.CodeBadDossierCode.
func (p Patterns) NormaliseCode(code string) (string, error) {
	if c, ok := p.normalise(code); ok {
		return c, nil
	}
	return "", survey.New(survey.CodeBadDossierCode)
}

func (p Patterns) normalise(code string) (string, bool) {
	if len(code) > MaxCode || !utf8.ValidString(code) {
		return "", false
	}
	code = strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '\t' || r == '\u00a0' || r == '\r' || r == '\n':
			return -1
		case r >= '\u2010' && r <= '\u2015' || r == '\u2212': // dashes that word processors put
			return '-'
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, code)
	for _, re := range p {
		m := re.FindStringSubmatch(code)
		if m == nil {
			continue
		}
		if len(m) > 1 {
			code = strings.Join(m[1:], "-")
		}
		return code, code != "" && len(code) <= MaxCode
	}
	return "", false
}

// BallotOfDossier is the ballot of a dossier: HMAC-SHA-256 under the servers'
// shared key of "hailong/dossier\x00" and the normalised code. Without the key
// nobody can tell from a ballot whose dossier it is, though codes are guessable.
func BallotOfDossier(hmacKey []byte, normalised string) [32]byte {
	m := hmac.New(sha256.New, hmacKey)
	m.Write([]byte("hailong/dossier\x00"))
	m.Write([]byte(normalised))
	return [32]byte(m.Sum(nil))
}

// BallotOfWalkIn is the ballot of someone without a receipt: SHA-256 of
// "hailong/walkin\x00" and the sitting's 16 random bytes.
func BallotOfWalkIn(session [16]byte) [32]byte {
	return sha256.Sum256(append([]byte("hailong/walkin\x00"), session[:]...))
}

// SealCode encrypts a normalised code so that only who holds the servers'
// private key can read it, not even the kiosk that sealed it. random may be nil.
func SealCode(public *[32]byte, normalised string, random io.Reader) ([]byte, error) {
	if normalised == "" || len(normalised) > MaxCode {
		return nil, survey.New(survey.CodeBadDossierCode)
	}
	sealed, err := box.SealAnonymous(nil, []byte(normalised), public, random)
	if err != nil {
		return nil, fmt.Errorf("receipt: seal a dossier code: %w", err)
	}
	return sealed, nil
}

// ErrSealed is returned by OpenCode for bytes that were not sealed to the key.
var ErrSealed = errors.New("receipt: not a dossier code sealed to this key")

// OpenCode reads what SealCode wrote. What it gives is a stranger's text until
// it has been through NormaliseCode again.
func OpenCode(public, private *[32]byte, sealed []byte) (string, error) {
	if len(sealed) > MaxCode+box.AnonymousOverhead {
		return "", ErrSealed
	}
	code, ok := box.OpenAnonymous(nil, sealed, public, private)
	if !ok || !utf8.Valid(code) {
		return "", ErrSealed
	}
	return string(code), nil
}
