package phone

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"time"

	"hailong/internal/capture"
	"hailong/internal/receipt"
	"hailong/internal/survey"
)

// tap is the answer that one tap gave, carried on to the page with the further
// questions, which records it again with theirs.
type tap struct {
	session capture.Session
	score   survey.Score
	version uint16        // of the questionnaire that was shown
	took    time.Duration // milliseconds are kept
	at      time.Time     // seconds are kept
	proof   receipt.Proof
}

// tapAge is how long a tap can be added to: whoever was called away in the
// middle comes back within a day, and no old page repeats an old answer later.
const tapAge = 24 * time.Hour

const tapSize = len(capture.Session{}) + 1 + 2 + 4 + 8 + len(receipt.Proof{}.Origin) + 8 + len(receipt.Proof{}.Mark)

// sealer encrypts taps: nobody who reads an address learns the answer, and any
// server of the same key opens it.
func (p *pages) sealer() (cipher.AEAD, error) {
	block, err := aes.NewCipher(p.Key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal gives the tap as a text for an address, which is of use with this
// receipt alone.
func (p *pages) seal(id receipt.ID, t tap) (string, error) {
	aead, err := p.sealer()
	if err != nil {
		return "", err
	}
	plain := append(make([]byte, 0, tapSize), t.session[:]...)
	plain = append(plain, byte(t.score))
	plain = binary.BigEndian.AppendUint16(plain, t.version)
	plain = binary.BigEndian.AppendUint32(plain, uint32(t.took.Milliseconds()))
	plain = binary.BigEndian.AppendUint64(plain, uint64(t.at.Unix()))
	plain = append(plain, t.proof.Origin[:]...)
	plain = binary.BigEndian.AppendUint64(plain, t.proof.Number)
	plain = append(plain, t.proof.Mark[:]...)
	hash := id.Hash()
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, plain, hash[:])), nil // #nosec G407 -- NewGCMWithRandomNonce makes the nonce
}

// open reads what seal wrote; survey.CodeStaleForm where it did not write it,
// or too long ago.
func (p *pages) open(id receipt.ID, token string) (t tap, err error) {
	aead, err := p.sealer()
	if err != nil {
		return t, err
	}
	stale := survey.New(survey.CodeStaleForm)
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return t, stale
	}
	hash := id.Hash()
	plain, err := aead.Open(nil, nil, sealed, hash[:])
	if err != nil || len(plain) != tapSize {
		return t, stale
	}
	rest := plain[copy(t.session[:], plain):]
	t.score, rest = survey.Score(rest[0]), rest[1:]
	t.version, rest = binary.BigEndian.Uint16(rest), rest[2:]
	t.took, rest = time.Duration(binary.BigEndian.Uint32(rest))*time.Millisecond, rest[4:]
	t.at, rest = time.Unix(int64(binary.BigEndian.Uint64(rest)), 0), rest[8:]
	rest = rest[copy(t.proof.Origin[:], rest):]
	t.proof.Number, rest = binary.BigEndian.Uint64(rest), rest[8:]
	copy(t.proof.Mark[:], rest)
	if p.Now().Sub(t.at) > tapAge {
		return tap{}, stale
	}
	return t, nil
}
