package keyring

import (
	"crypto/rand"
	"crypto/sha256"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"
)

// RestKey names a key under which words lie on a server's disk. The empty name
// is no key: a file of the first version has none.
type RestKey = string

// rest is such a key. A backup of the words is worth nothing without it, so to
// remove it from the file is to erase what old backups hold.
type rest struct {
	name RestKey
	key  [32]byte
}

func newRest(key [32]byte) rest {
	sum := sha256.Sum256(append([]byte("hailong/rest\x00"), key[:]...))
	return rest{hexOf(sum[:4]), key}
}

// RestKeys names the keys in the file, the newest first, which is the one that
// SealRest uses.
func (r *Ring) RestKeys() []RestKey {
	names := make([]RestKey, len(r.rest))
	for i := range r.rest {
		names[i] = r.rest[i].name
	}
	return names
}

// SealRest encrypts bytes for this server's disk (XChaCha20-Poly1305, the nonce
// in front), bound to the label under which they lie there.
func (r *Ring) SealRest(label, plain []byte) (RestKey, []byte) {
	if len(r.rest) == 0 {
		return "", slices.Clone(plain)
	}
	aead, err := chacha20poly1305.NewX(r.rest[0].key[:])
	if err != nil {
		panic(err) // the key has the right length
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	rand.Read(nonce) // never fails
	return r.rest[0].name, aead.Seal(nonce, nonce, plain, label)
}

// OpenRest reads what SealRest wrote; ok is false where the key is not in the
// file any more, or the bytes are not what they were.
func (r *Ring) OpenRest(name RestKey, label, sealed []byte) (plain []byte, ok bool) {
	if name == "" {
		return sealed, true
	}
	for i := range r.rest {
		if r.rest[i].name != name {
			continue
		}
		aead, err := chacha20poly1305.NewX(r.rest[i].key[:])
		if err != nil || len(sealed) < aead.NonceSize() {
			return nil, false
		}
		plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], label)
		return plain, err == nil
	}
	return nil, false
}
