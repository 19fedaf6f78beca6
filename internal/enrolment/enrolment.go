// Package enrolment is what a device and a server say to each other before the
// device may send: the requests, what is signed in them, fingerprints of keys,
// and how a device knows a server by its pin.
package enrolment

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"unicode"
)

// Challenge is what a server wants signed, for two minutes: devices may have no
// clock.
type Challenge struct {
	Nonce string `json:"nonce" doc:"to be signed within two minutes"`
}

// Presentation presents a code, and the device's key with it.
type Presentation struct {
	Code      string `json:"code"`
	Key       string `json:"key" doc:"the device's Ed25519 public key, 64 hexadecimal digits"`
	Nonce     string `json:"nonce" doc:"of a challenge"`
	Signature string `json:"signature" doc:"128 hexadecimal digits: by that key over hailong/enrol, a zero byte, the nonce, a zero byte and the code in capitals without hyphens"`
}

// Renewal asks for a credential for a device that was let in before.
type Renewal struct {
	Key       string `json:"key" doc:"the device's Ed25519 public key, 64 hexadecimal digits"`
	Nonce     string `json:"nonce" doc:"of a challenge"`
	Signature string `json:"signature" doc:"128 hexadecimal digits: by that key over hailong/credential, a zero byte and the nonce"`
}

// Credential is what lets a device send.
type Credential struct {
	Kiosk string   `json:"kiosk" doc:"code of the kiosk that the device is"`
	JWT   string   `json:"jwt" doc:"for NATS; of use only with the device's private key"`
	NATS  []string `json:"nats" doc:"addresses of the NATS servers"`
	CA    string   `json:"ca" doc:"PEM of the authority that signs the NATS servers' certificates; empty: one that the system knows, or no TLS"`
}

// Code brings a code that a person typed into its one form. Letters that are
// taken for digits are those digits.
func Code(typed string) string {
	return strings.Map(func(r rune) rune {
		switch r = unicode.ToUpper(r); r {
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		case '-', ' ', '\u00a0', '–':
			return -1
		}
		return r
	}, typed)
}

// SignCode signs that the holder of the key presents the code.
func SignCode(key ed25519.PrivateKey, nonce, code string) string {
	return hex.EncodeToString(ed25519.Sign(key, codeMessage(nonce, code)))
}

// SignRenewal signs that the holder of the key asks for its credential.
func SignRenewal(key ed25519.PrivateKey, nonce string) string {
	return hex.EncodeToString(ed25519.Sign(key, renewalMessage(nonce)))
}

// CheckCode checks SignCode.
func CheckCode(public ed25519.PublicKey, nonce, code, signature string) bool {
	return verify(public, codeMessage(nonce, code), signature)
}

// CheckRenewal checks SignRenewal.
func CheckRenewal(public ed25519.PublicKey, nonce, signature string) bool {
	return verify(public, renewalMessage(nonce), signature)
}

func verify(public ed25519.PublicKey, message []byte, signature string) bool {
	sig, err := hex.DecodeString(signature)
	return err == nil && len(sig) == ed25519.SignatureSize && len(public) == ed25519.PublicKeySize && ed25519.Verify(public, message, sig)
}

// What is signed begins with what it is for: the same key signs facts, too.
func codeMessage(nonce, code string) []byte {
	return []byte("hailong/enrol\x00" + nonce + "\x00" + Code(code))
}

func renewalMessage(nonce string) []byte { return []byte("hailong/credential\x00" + nonce) }

// maxNonce is the longest nonce of a NATS server that is signed, in bytes.
const maxNonce = 64

// SignNATS signs what a NATS server asks to be signed when a device connects: a
// short word of letters and digits. Whatever else it might ask for could be the
// head of a batch of facts that the device never recorded, and is refused.
func SignNATS(key ed25519.PrivateKey, nonce []byte) ([]byte, error) {
	word := len(nonce) > 0 && len(nonce) <= maxNonce
	for _, c := range nonce {
		word = word && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_')
	}
	if !word {
		return nil, errors.New("enrolment: the message server wants something signed that is no nonce")
	}
	return ed25519.Sign(key, nonce), nil
}

// Fingerprint is the SHA-256 of a public key in groups of four hexadecimal
// digits, for people to compare.
func Fingerprint(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return Grouped(hex.EncodeToString(sum[:]))
}

// Grouped puts spaces between groups of four.
func Grouped(text string) string {
	var groups []string
	for len(text) > 4 {
		groups, text = append(groups, text[:4]), text[4:]
	}
	return strings.Join(append(groups, text), " ")
}
