// Package fact is the only contract between those who record facts and those
// who compute from them: the envelope, the chain of hashes, the signed batch
// and their encoding in deterministic CBOR.
//
// A fact is written once, by one origin, as number 1, 2, 3 … of that origin's
// chain; it carries the hash of the fact before it. The hash is SHA-256 over
// the encoded bytes, so those bytes are kept as they came, never encoded anew.
package fact

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Version is the version of the envelope that this program writes.
const Version = 1

// OriginID names one chain of facts: see NewOriginID.
type OriginID [16]byte

// String gives the id as 32 hexadecimal digits.
func (o OriginID) String() string { return hex.EncodeToString(o[:]) }

// ParseOriginID reads what String wrote.
func ParseOriginID(s string) (OriginID, error) {
	var o OriginID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(o) {
		return o, fmt.Errorf("fact: %q is not an origin id of 32 hexadecimal digits", s)
	}
	copy(o[:], b)
	return o, nil
}

// Hash is the SHA-256 of a fact's bytes; the zero Hash stands before number 1.
type Hash [32]byte

// String gives the hash as 64 hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// HashOf is the hash by which the next fact of the chain names these bytes.
func HashOf(bytes []byte) Hash { return sha256.Sum256(bytes) }

// NewOriginID derives an origin's id from its public key (32 bytes) and the
// salt of one incarnation of its outbox. One key thus covers every origin that
// its device opens, and nobody can claim an origin without its key.
func NewOriginID(public ed25519.PublicKey, salt [16]byte) OriginID {
	h := sha256.New()
	h.Write([]byte("hailong/origin\x00"))
	h.Write(public)
	h.Write(salt[:])
	var o OriginID
	copy(o[:], h.Sum(nil))
	return o
}

// Kind says what a fact's body is. Numbers are never used anew.
type Kind uint16

// The kinds of fact, with the body of each.
const (
	KindOpened     Kind = 1  // Opened
	KindClock      Kind = 2  // Clock
	KindRating     Kind = 3  // Rating
	KindAdmission  Kind = 4  // Admission
	KindRevocation Kind = 5  // Revocation
	KindDecision   Kind = 6  // Decision
	KindDossier    Kind = 7  // Dossier
	KindReceipt    Kind = 8  // Receipt
	KindSlip       Kind = 9  // Slip
	KindEvent      Kind = 10 // Event
	KindUnitKind   Kind = 11 // UnitKind
	KindUnit       Kind = 12 // Unit
	KindDesk       Kind = 13 // Desk
	KindKiosk      Kind = 14 // Kiosk
	KindTarget     Kind = 15 // Target
	KindSetting    Kind = 16 // Setting

	KindQuestionnaire Kind = 17 // Questionnaire
	KindText          Kind = 18 // Text
	KindWithdrawal    Kind = 19 // Withdrawal
	KindClosing       Kind = 20 // Closing

	KindAct        Kind = 21 // Act
	KindAccount    Kind = 22 // Account
	KindCheckpoint Kind = 23 // Checkpoint
	KindVoid       Kind = 24 // Void
	KindErasure    Kind = 25 // Erasure
)

// Stamp is when a fact was recorded, as its device knew it: the wall clock may
// be wrong (no battery), the time since boot is not.
type Stamp struct {
	Wall int64    // Unix milliseconds by the device's wall clock
	Boot [16]byte // id of the boot
	Mono int64    // milliseconds since that boot, suspension included
}

// Fact is the envelope around a body.
type Fact struct {
	_       struct{} `cbor:",toarray"`
	Version uint8
	Origin  OriginID
	Number  uint64 // 1, 2, 3 … without gaps
	Prev    Hash   // hash of the fact before; zero for number 1
	Wall    int64  // Stamp
	Boot    [16]byte
	Mono    int64
	Kind    Kind
	Body    cbor.RawMessage
}

// Stamp gives the fact's three times together.
func (f *Fact) Stamp() Stamp { return Stamp{Wall: f.Wall, Boot: f.Boot, Mono: f.Mono} }

// SetStamp sets the fact's three times.
func (f *Fact) SetStamp(s Stamp) { f.Wall, f.Boot, f.Mono = s.Wall, s.Boot, s.Mono }

// header is the part of the envelope that every version keeps in place.
type header struct {
	Version uint8
	Origin  OriginID
	Number  uint64
	Prev    Hash
}

var (
	enc cbor.EncMode
	dec cbor.DecMode
	// ErrEncoding is wrapped by every error about bytes that are not a fact,
	// body or batch of a version known here.
	ErrEncoding = errors.New("fact: not decodable")
)

func init() {
	var err error
	if enc, err = cbor.CoreDetEncOptions().EncMode(); err != nil {
		panic(err)
	}
	dec, err = cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  8,
		MaxArrayElements: 1 << 16, // a closing names what is held back all over a province
		MaxMapPairs:      1024,
	}.DecMode()
	if err != nil {
		panic(err)
	}
}

// Marshal encodes a body or a message of the bus in deterministic CBOR.
func Marshal(v any) ([]byte, error) { return enc.Marshal(v) }

// Unmarshal decodes what Marshal wrote; the error wraps ErrEncoding.
func Unmarshal(data []byte, v any) error {
	if err := dec.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %v", ErrEncoding, err)
	}
	return nil
}

// Encode gives the fact's bytes, over which the chain's hash is.
func (f *Fact) Encode() ([]byte, error) { return enc.Marshal(f) }

// Decode reads one fact. The error wraps ErrEncoding.
func Decode(data []byte) (Fact, error) {
	var f Fact
	if err := Unmarshal(data, &f); err != nil {
		return f, err
	}
	if f.Version != Version {
		return f, fmt.Errorf("%w: version %d", ErrEncoding, f.Version)
	}
	return f, nil
}

// decodeHeader reads the first four fields of any version of the envelope.
func decodeHeader(data []byte) (h header, err error) {
	var raw []cbor.RawMessage
	if err = Unmarshal(data, &raw); err != nil {
		return h, err
	}
	if len(raw) < 4 {
		return h, fmt.Errorf("%w: %d fields", ErrEncoding, len(raw))
	}
	for i, to := range []any{&h.Version, &h.Origin, &h.Number, &h.Prev} {
		if err = Unmarshal(raw[i], to); err != nil {
			return h, err
		}
	}
	return h, nil
}

// DecodePrev reads the hash of the fact before, of any version of the envelope.
func DecodePrev(data []byte) (Hash, error) {
	h, err := decodeHeader(data)
	return h.Prev, err
}
