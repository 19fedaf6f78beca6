package fact

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxBatch is the greatest number of facts in one batch.
const MaxBatch = 1000

// ErrSignature is returned by Open for a batch that its origin did not sign,
// or whose facts do not hang together: drop it and count it.
var ErrSignature = errors.New("fact: batch is not signed by its origin")

// wire is a batch as it travels. The signature is over the head (origin, last
// number, last hash): the hashes in the facts authenticate the rest.
type wire struct {
	_         struct{} `cbor:",toarray"`
	Version   uint8
	Public    [32]byte
	Salt      [16]byte
	Facts     [][]byte
	Signature [64]byte
}

// Record is one fact out of a batch or an outbox, with its bytes.
type Record struct {
	Number uint64
	Hash   Hash
	Prev   Hash
	Bytes  []byte
	// Fact is nil where the envelope is of a version not known here: the record
	// is kept in quarantine, and counts for the watermark.
	Fact *Fact
	// Decoded is the fact's body, a pointer to one of the structs of this
	// package, where whoever opened the batch decoded it ahead; else nil.
	Decoded any
}

// Batch is a run of consecutive facts of one origin, with the signature over
// its last.
type Batch struct {
	Origin    OriginID
	Public    ed25519.PublicKey
	Salt      [16]byte
	Records   []Record
	Signature [64]byte
}

// Last is the batch's last record.
func (b *Batch) Last() *Record { return &b.Records[len(b.Records)-1] }

func signed(origin OriginID, number uint64, hash Hash) []byte {
	m := append(make([]byte, 0, 80), "hailong/batch\x00"...)
	m = append(m, origin[:]...)
	m = binary.BigEndian.AppendUint64(m, number)
	return append(m, hash[:]...)
}

// SignHead signs an origin's chain up to and including the numbered fact.
func SignHead(key ed25519.PrivateKey, origin OriginID, number uint64, hash Hash) (sig [64]byte) {
	copy(sig[:], ed25519.Sign(key, signed(origin, number, hash)))
	return sig
}

// EncodeBatch packs consecutive facts with the signature over the last of them
// (SignHead, or a signature stored from an earlier batch that ended there).
func EncodeBatch(public ed25519.PublicKey, salt [16]byte, facts [][]byte, sig [64]byte) ([]byte, error) {
	w := wire{Version: Version, Salt: salt, Facts: facts, Signature: sig}
	copy(w.Public[:], public)
	return enc.Marshal(&w)
}

// Open decodes a batch and checks its signature, its chain and that its facts
// are of the origin that the key and salt give. The records' bytes point into
// data. Errors wrap ErrEncoding or ErrSignature.
func Open(data []byte) (*Batch, error) {
	var w wire
	if err := Unmarshal(data, &w); err != nil {
		return nil, err
	}
	if w.Version != Version {
		return nil, fmt.Errorf("%w: batch of version %d", ErrEncoding, w.Version)
	}
	if len(w.Facts) == 0 || len(w.Facts) > MaxBatch {
		return nil, fmt.Errorf("%w: %d facts", ErrEncoding, len(w.Facts))
	}
	b := &Batch{Public: w.Public[:], Salt: w.Salt, Signature: w.Signature, Records: make([]Record, len(w.Facts))}
	b.Origin = NewOriginID(b.Public, b.Salt)
	facts := make([]Fact, len(w.Facts))
	for i, bytes := range w.Facts {
		r := &b.Records[i]
		r.Bytes, r.Hash = bytes, HashOf(bytes)
		var origin OriginID
		if err := dec.Unmarshal(bytes, &facts[i]); err == nil && facts[i].Version == Version {
			f := &facts[i]
			r.Fact, r.Number, r.Prev, origin = f, f.Number, f.Prev, f.Origin
		} else {
			h, err := decodeHeader(bytes)
			if err != nil {
				return nil, err
			}
			r.Number, r.Prev, origin = h.Number, h.Prev, h.Origin
		}
		if origin != b.Origin {
			return nil, fmt.Errorf("%w: a fact of %s in a batch of %s", ErrSignature, origin, b.Origin)
		}
		if r.Number == 0 || r.Number > MaxNumber || (r.Number == 1) != (r.Prev == Hash{}) {
			return nil, fmt.Errorf("%w: number %d", ErrSignature, r.Number)
		}
		if i > 0 && (r.Number != b.Records[i-1].Number+1 || r.Prev != b.Records[i-1].Hash) {
			return nil, fmt.Errorf("%w: chain broken at number %d", ErrSignature, r.Number)
		}
	}
	last := b.Last()
	if !ed25519.Verify(b.Public, signed(b.Origin, last.Number, last.Hash), w.Signature[:]) {
		return nil, ErrSignature
	}
	return b, nil
}

// MaxNumber bounds a fact's number: 40 bits, so that number and origin fit one
// row id. At one fact a second an origin reaches it in 34,000 years.
const MaxNumber = 1<<40 - 1

// VerifyHead says whether a signature over an origin's chain up to a fact is of
// this public key.
func VerifyHead(public ed25519.PublicKey, origin OriginID, number uint64, hash Hash, sig [64]byte) bool {
	return ed25519.Verify(public, signed(origin, number, hash), sig[:])
}
