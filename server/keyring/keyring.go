// Package keyring holds the secrets that all servers share in one file, kept
// apart from backups: without it a server refuses to start.
package keyring

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"golang.org/x/crypto/curve25519"
	"golang.org/x/crypto/nacl/box"

	"hailong/internal/receipt"
)

// Ring is the servers' shared secret: 32 bytes for keyed hashes, which never
// change, X25519 key pairs to which kiosks seal what servers alone may read, and
// keys under which this server's words lie on its disk. Safe for concurrent use.
type Ring struct {
	mac   [32]byte
	pairs []pair // the newest first; one at least
	rest  []rest // the newest first; none in a file of the first version
}

// pair is a key pair, and from when on it is sealed to. What was sealed to any is
// opened for ever: facts are never sealed anew.
type pair struct {
	secret, public [32]byte
	from           int64 // Unix seconds
}

func newPair(secret [32]byte, from int64) (pair, error) {
	public, err := curve25519.X25519(secret[:], curve25519.Basepoint)
	if err != nil {
		return pair{}, fmt.Errorf("the servers' key file holds a bad key: %w", err)
	}
	return pair{secret, [32]byte(public), from}, nil
}

// New makes a ring of fresh random keys, without a file.
func New() (*Ring, error) {
	r := &Ring{mac: random()}
	p, err := newPair(random(), 0)
	if err != nil {
		return nil, err
	}
	r.pairs, r.rest = []pair{p}, []rest{newRest(random())}
	return r, nil
}

func random() (b [32]byte) {
	rand.Read(b[:]) // never fails
	return b
}

// Member gives the proof by which a server's origin shows that it holds the
// shared key.
func (r *Ring) Member(public []byte) []byte {
	m := hmac.New(sha256.New, r.mac[:])
	m.Write([]byte("hailong/server\x00"))
	m.Write(public)
	return m.Sum(nil)
}

// IsMember checks Member.
func (r *Ring) IsMember(public, proof []byte) bool { return hmac.Equal(r.Member(public), proof) }

// Ballot is the ballot key of a dossier code, normalised by receipt.Patterns.
func (r *Ring) Ballot(code string) [32]byte { return receipt.BallotOfDossier(r.mac[:], code) }

// Public is the X25519 key to which dossier codes and words are to be sealed
// now. It may be another the next time: see Rotate.
func (r *Ring) Public() [32]byte {
	now := time.Now().Unix()
	for _, p := range r.pairs {
		if p.from <= now {
			return p.public
		}
	}
	return r.pairs[len(r.pairs)-1].public // this machine's clock is behind
}

// Page gives the key with which the citizens' pages seal what their addresses
// carry on: another server may answer the next request.
func (r *Ring) Page() (key [32]byte) {
	m := hmac.New(sha256.New, r.mac[:])
	m.Write([]byte("hailong/page\x00"))
	copy(key[:], m.Sum(nil))
	return key
}

// Login is how a sign-in name stands in facts: its HMAC, normalised by the
// caller, so that names are not in the chain.
func (r *Ring) Login(name string) (sum [32]byte) {
	m := hmac.New(sha256.New, r.mac[:])
	m.Write([]byte("hailong/login\x00"))
	m.Write([]byte(name))
	copy(sum[:], m.Sum(nil))
	return sum
}

// Derive gives a secret of 32 bytes that all servers have and that follows from
// the shared key and a label, such as "hailong/nats/operator".
func (r *Ring) Derive(label string) [32]byte {
	m := hmac.New(sha256.New, r.mac[:])
	m.Write([]byte("hailong/derive\x00"))
	m.Write([]byte(label))
	return [32]byte(m.Sum(nil))
}

// SealWords seals what a server itself writes so that it can be erased; any
// server opens it by OpenWords.
func (r *Ring) SealWords(plain []byte) ([]byte, error) {
	public := r.Public()
	return box.SealAnonymous(nil, plain, &public, rand.Reader)
}

// OpenWords opens what a person wrote, as capture sealed it: the JSON of a
// survey.Writing. ok is false for bytes that were sealed to none of these keys.
func (r *Ring) OpenWords(sealed []byte) (plain []byte, ok bool) {
	for i := range r.pairs {
		if plain, ok = box.OpenAnonymous(nil, sealed, &r.pairs[i].public, &r.pairs[i].secret); ok {
			return plain, true
		}
	}
	return nil, false
}

// OpenCode opens a dossier code that a kiosk sealed.
func (r *Ring) OpenCode(sealed []byte) (code string, err error) {
	for i := range r.pairs {
		if code, err = receipt.OpenCode(&r.pairs[i].public, &r.pairs[i].secret, sealed); err == nil {
			return code, nil
		}
	}
	return "", err
}
