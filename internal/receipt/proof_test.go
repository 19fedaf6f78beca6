package receipt

import (
	"crypto/rand"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hailong/internal/survey"
)

func drawProof(t *rapid.T) (Proof, []byte) {
	origin := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "origin"))
	nonce := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "nonce")
	return NewProof(origin, rapid.Uint64Range(1, maxProof).Draw(t, "number"), nonce), nonce
}

// Whatever way a code is written, it is read again, and is of its rating alone.
func TestProofIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, nonce := drawProof(t)
		code := p.String()
		if len(code) != ProofDigits+1 {
			t.Fatalf("%q has %d characters", code, len(code))
		}
		for _, written := range []string{
			code, p.Grouped(), strings.ToLower(code), " " + code + "\n", strings.ReplaceAll(p.Grouped(), " ", "  "),
			code[:7] + "-" + code[7:], ProofURL("https://danhgia.example.vn/", p), ProofURL("http://127.0.0.1:8080", p), ProofURL("", p),
			strings.NewReplacer("0", "o", "1", "l").Replace(code[:ProofDigits]) + code[ProofDigits:],
		} {
			if got, err := ParseProof(written); err != nil || got != p {
				t.Fatalf("%q: %+v %v, want %+v", written, got, err, p)
			}
		}
		if !p.Of(nonce) || p.Of(append([]byte{nonce[0] + 1}, nonce[1:]...)) {
			t.Fatal("of another rating")
		}
	})
}

// One character typed wrongly, or two neighbours exchanged, is told at once.
func TestProofTypedWrongly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, _ := drawProof(t)
		code := []byte(p.String())
		i := rapid.IntRange(0, ProofDigits-1).Draw(t, "at")
		other := append([]byte{}, code...)
		other[i] = alphabet[rapid.IntRange(0, 31).Draw(t, "other")]
		if _, err := ParseProof(string(other)); string(other) != string(code) && survey.CodeOf(err) != survey.CodeBadProof {
			t.Fatalf("%s taken for %s: %v", other, code, err)
		}
		if i > 0 {
			other = append([]byte{}, code...)
			other[i-1], other[i] = other[i], other[i-1]
			if _, err := ParseProof(string(other)); string(other) != string(code) && survey.CodeOf(err) != survey.CodeBadProof {
				t.Fatalf("%s taken for %s: %v", other, code, err)
			}
		}
	})
}

// What is no code is one calm error, whatever it is.
func TestNoProof(t *testing.T) {
	random := make([]byte, 4000)
	rand.Read(random)
	id, err := NewID(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", " ", "-", id.String(), strings.Repeat("0", ProofDigits), strings.Repeat("0", ProofDigits+2), strings.Repeat("-", 100),
		"https://", "https:///%zz", "https://a/proof/", "00000000000000000000U", "0000000000000000000*0", string(random), "\xff\xfe", strings.Repeat("0", 1<<16)} {
		if _, err := ParseProof(text); survey.CodeOf(err) != survey.CodeBadProof {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}
