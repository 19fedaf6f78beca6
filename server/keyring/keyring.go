// Package keyring holds the secrets that all servers share in one file, kept
// apart from backups: without it a server refuses to start.
package keyring

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/curve25519"
	"golang.org/x/crypto/nacl/box"

	"hailong/internal/receipt"
)

const head = "hailong-keys-1"

// Ring is the servers' shared secret: 32 bytes for keyed hashes and an X25519
// key pair to which kiosks seal the dossier codes that they scan.
type Ring struct {
	mac    [32]byte
	secret [32]byte
	public [32]byte
}

// Open reads the key file, or makes it where make is set and there is none:
// only a server's very first start may, since another key would no longer
// recognise a dossier.
func Open(path string, make bool) (*Ring, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && make {
		return create(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the servers' key file %s is missing; this server has data that was made with it: put the file back from where you keep it apart from backups (every server of the province has the same file)", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the servers' key file: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the servers' key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the servers' key file %s can be read by others; try: chmod 600 %s", path, path)
	}
	return parse(path, data)
}

func parse(path string, data []byte) (*Ring, error) {
	lines := bytes.Fields(data)
	if len(lines) != 3 || string(lines[0]) != head {
		return nil, fmt.Errorf("%s is not a key file of Hài Lòng (%s); put the right file back", path, head)
	}
	r := &Ring{}
	for i, to := range [][]byte{r.mac[:], r.secret[:]} {
		b, err := base64.StdEncoding.DecodeString(string(lines[i+1]))
		if err != nil || len(b) != 32 {
			return nil, fmt.Errorf("%s is damaged in line %d; put the right file back", path, i+2)
		}
		copy(to, b)
	}
	return r, r.derive()
}

func (r *Ring) derive() error {
	p, err := curve25519.X25519(r.secret[:], curve25519.Basepoint)
	if err != nil {
		return fmt.Errorf("the servers' key file holds a bad key: %w", err)
	}
	copy(r.public[:], p)
	return nil
}

// New makes a ring of fresh random keys, without a file.
func New() (*Ring, error) {
	r := &Ring{}
	for _, b := range [][]byte{r.mac[:], r.secret[:]} {
		if _, err := rand.Read(b); err != nil {
			return nil, err
		}
	}
	return r, r.derive()
}

func create(path string) (*Ring, error) {
	r, err := New()
	if err != nil {
		return nil, err
	}
	e := base64.StdEncoding
	text := fmt.Sprintf("%s\n%s\n%s\n", head, e.EncodeToString(r.mac[:]), e.EncodeToString(r.secret[:]))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the servers' key file: %w", err)
	}
	_, err = f.WriteString(text)
	// On disk before anything is hashed with it: a lost key loses every binding.
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		var d *os.File
		if d, err = os.Open(filepath.Dir(path)); err == nil {
			err = errors.Join(d.Sync(), d.Close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make the servers' key file: %w", err)
	}
	return r, nil
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

// Public is the X25519 key to which kiosks seal dossier codes.
func (r *Ring) Public() [32]byte { return r.public }

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
	return box.SealAnonymous(nil, plain, &r.public, rand.Reader)
}

// OpenWords opens what a person wrote, as capture sealed it: the JSON of a
// survey.Writing. ok is false for bytes that were not sealed to this key.
func (r *Ring) OpenWords(sealed []byte) (plain []byte, ok bool) {
	return box.OpenAnonymous(nil, sealed, &r.public, &r.secret)
}

// OpenCode opens a dossier code that a kiosk sealed.
func (r *Ring) OpenCode(sealed []byte) (string, error) {
	return receipt.OpenCode(&r.public, &r.secret, sealed)
}
