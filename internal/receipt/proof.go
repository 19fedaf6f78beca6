package receipt

import (
	"crypto/sha256"
	"log/slog"
	"net/url"
	"strings"

	"hailong/internal/survey"
)

// Proof is what a proof code says: which rating it is of, so that whoever gave
// it can later ask whether their ballot is counted. It says nothing of what was
// answered, and without the rating's random bits nobody can make one up.
type Proof struct {
	Origin [3]byte // first 24 bits of the origin's id
	Number uint64  // of the fact, below 1 << 36
	Mark   [5]byte // first 40 bits of SHA-256("hailong/proof\x00" + the rating's nonce)
}

// ProofDigits is the number of characters of a proof code before its check
// character.
const ProofDigits = 20

// maxProof bounds the number of a fact in a proof code: 68,000,000,000.
const maxProof = 1<<36 - 1

// NewProof gives the proof of a rating by its origin's id, its number and its
// nonce. A number that no device comes to gives the zero Proof.
func NewProof(origin [16]byte, number uint64, nonce []byte) Proof {
	if number > maxProof {
		return Proof{}
	}
	p := Proof{Number: number, Mark: proofMark(nonce)}
	copy(p.Origin[:], origin[:])
	return p
}

func proofMark(nonce []byte) (mark [5]byte) {
	h := sha256.Sum256(append([]byte("hailong/proof\x00"), nonce...))
	copy(mark[:], h[:])
	return mark
}

// Of says whether the proof is of a rating with this nonce.
func (p Proof) Of(nonce []byte) bool { return p.Mark == proofMark(nonce) }

// String gives the 20 characters and the check character.
func (p Proof) String() string {
	// 24, 36 and 40 bits as two halves of 50.
	high := uint64(p.Origin[0])<<42 | uint64(p.Origin[1])<<34 | uint64(p.Origin[2])<<26 | p.Number>>10
	low := p.Number&(1<<10-1)<<40 | uint64(p.Mark[0])<<32 | uint64(p.Mark[1])<<24 | uint64(p.Mark[2])<<16 | uint64(p.Mark[3])<<8 | uint64(p.Mark[4])
	var out [ProofDigits + 1]byte
	rest := 0
	for i := range ProofDigits {
		half := high
		if i >= ProofDigits/2 {
			half = low
		}
		v := int(half >> (45 - 5*(i%10)) & 31)
		out[i], rest = alphabet[v], (rest*32+v)%37
	}
	out[ProofDigits] = alphabet[rest]
	return string(out[:])
}

// Grouped is String in fives, for people to read and type.
func (p Proof) Grouped() string {
	s := p.String()
	return strings.Join([]string{s[:5], s[5:10], s[10:15], s[15:20], s[20:]}, " ")
}

// LogValue keeps proof codes, which tell their holder that they rated, out of
// logs.
func (p Proof) LogValue() slog.Value { return slog.StringValue("proof code (not logged)") }

// ProofURL is the address in a proof's QR, in upper case as a whole: see URL.
// Without a base it is the code alone.
func ProofURL(base string, p Proof) string {
	if base == "" {
		return p.String()
	}
	return strings.ToUpper(strings.TrimRight(base, "/")) + "/PROOF/" + p.String()
}

// ParseProof reads a code as String, Grouped or ProofURL wrote it, or as a
// person typed it: see ParseID. Anything else is survey.CodeBadProof.
func ParseProof(s string) (Proof, error) {
	bad := survey.New(survey.CodeBadProof)
	if len(s) > MaxScan {
		return Proof{}, bad
	}
	s = strings.TrimSpace(s)
	if rest, ok := cutScheme(s); ok {
		s = rest[strings.LastIndexByte(rest, '/')+1:]
		var err error
		if s, err = url.PathUnescape(s); err != nil {
			return Proof{}, bad
		}
	}
	s = strings.ReplaceAll(s, " ", "")
	var halves [2]uint64
	n, rest, check := 0, 0, -1
	for i := range len(s) {
		if s[i] == '-' && i < len(s)-1 {
			continue
		}
		v := value(s[i])
		switch {
		case v < 0 || n > ProofDigits || v > 31 && i < len(s)-1:
			return Proof{}, bad
		case n == ProofDigits:
			check = v
		default:
			halves[n/10] = halves[n/10]<<5 | uint64(v)
			rest = (rest*32 + v) % 37
		}
		n++
	}
	if n != ProofDigits+1 || check != rest {
		return Proof{}, bad
	}
	high, low := halves[0], halves[1]
	return Proof{
		Origin: [3]byte{byte(high >> 42), byte(high >> 34), byte(high >> 26)},
		Number: high&(1<<26-1)<<10 | low>>40,
		Mark:   [5]byte{byte(low >> 32), byte(low >> 24), byte(low >> 16), byte(low >> 8), byte(low)},
	}, nil
}
