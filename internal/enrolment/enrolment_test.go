package enrolment_test

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hailong/internal/enrolment"
	"hailong/internal/fact"
)

func pair(t testing.TB) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return public, key
}

func TestCodeHasOneForm(t *testing.T) {
	for _, typed := range []string{"4KPQ2-80117", "4kpq2 80117", "4KPQ280117", " 4kpq2-8oiL7 ", "4-k-p-q-2–8O1i7"} {
		if got := enrolment.Code(typed); got != "4KPQ280117" {
			t.Errorf("%q: %q", typed, got)
		}
	}
}

// A signature is for one nonce, one code, one key and one purpose.
func TestSignaturesAreForOneThing(t *testing.T) {
	public, key := pair(t)
	other, _ := pair(t)
	code, renewal := enrolment.SignCode(key, "n1", "4kpq2-80117"), enrolment.SignRenewal(key, "n1")
	if !enrolment.CheckCode(public, "n1", "4KPQ280117", code) || !enrolment.CheckRenewal(public, "n1", renewal) {
		t.Fatal("what is right is refused")
	}
	for name, taken := range map[string]bool{
		"another nonce":        enrolment.CheckCode(public, "n2", "4KPQ280117", code),
		"another code":         enrolment.CheckCode(public, "n1", "4KPQ280118", code),
		"another key":          enrolment.CheckCode(other, "n1", "4KPQ280117", code),
		"a renewal":            enrolment.CheckCode(public, "n1", "4KPQ280117", renewal),
		"a code":               enrolment.CheckRenewal(public, "n1", code),
		"a renewal's nonce":    enrolment.CheckRenewal(public, "n2", renewal),
		"a renewal's key":      enrolment.CheckRenewal(other, "n1", renewal),
		"no hexadecimal":       enrolment.CheckRenewal(public, "n1", "x"+renewal[1:]),
		"half":                 enrolment.CheckRenewal(public, "n1", renewal[:64]),
		"no key":               enrolment.CheckRenewal(nil, "n1", renewal),
		"nonce and code moved": enrolment.CheckCode(public, "n1\x004KPQ2", "80117", code),
	} {
		if taken {
			t.Error("taken:", name)
		}
	}
}

// A message server gets no signature that could pass for a batch's, a code's or
// a renewal's, whatever it asks to be signed.
func TestNATSGetsNoOtherSignature(t *testing.T) {
	public, key := pair(t)
	nonce := []byte("aBcDeFgHiJ-_123")
	sig, err := enrolment.SignNATS(key, nonce)
	if err != nil || !ed25519.Verify(public, nonce, sig) {
		t.Fatal(err)
	}
	head := fact.SignHead(key, fact.OriginID{1}, 1, fact.Hash{2})
	for _, asked := range []string{
		"", "hailong/batch\x00" + strings.Repeat("x", 50), "hailong/credential\x00n1", "hailong/enrol\x00n1\x00C", "a b", "ă", strings.Repeat("a", 65),
	} {
		if sig, err := enrolment.SignNATS(key, []byte(asked)); err == nil || sig != nil {
			t.Errorf("signed: %q", asked)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		sig, err := enrolment.SignNATS(key, rapid.SliceOf(rapid.Byte()).Draw(t, "asked"))
		if err == nil && string(sig) == string(head[:]) {
			t.Fatal("the head of a batch")
		}
	})
}

func TestFingerprint(t *testing.T) {
	a, _ := pair(t)
	b, _ := pair(t)
	if f := enrolment.Fingerprint(a); len(f) != 64+15 || strings.Count(f, " ") != 15 || f == enrolment.Fingerprint(b) {
		t.Error(f)
	}
}

func TestPinText(t *testing.T) {
	pin := enrolment.Pin{1, 2, 0xab}
	for _, text := range []string{pin.String(), strings.TrimPrefix(pin.String(), "SHA256:"), strings.ToUpper(pin.String()), enrolment.Grouped(strings.TrimPrefix(pin.String(), "SHA256:"))} {
		var read enrolment.Pin
		if err := read.UnmarshalText([]byte(text)); err != nil || read != pin {
			t.Errorf("%q: %v, %v", text, read, err)
		}
	}
	for _, text := range []string{"SHA256:", "x", pin.String() + "00", pin.String()[:60], "SHA1:" + strings.Repeat("0", 64)} {
		var read enrolment.Pin
		if read.UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q is taken", text)
		}
	}
	var none enrolment.Pin
	if text, err := none.MarshalText(); err != nil || len(text) != 0 {
		t.Error(string(text), err)
	}
	if err := none.UnmarshalText(nil); err != nil || none != (enrolment.Pin{}) {
		t.Error(err)
	}
}
