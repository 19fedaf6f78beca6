package receipt

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"hailong/internal/survey"

	"golang.org/x/crypto/nacl/box"
	"pgregory.net/rapid"
)

// qrSafe are the characters of QR's alphanumeric mode that stand unescaped in a
// path of a URL.
var qrSafe = regexp.MustCompile(`^[0-9A-Z$*+.:/-]+$`)

// Every property is tried on 1,000 cases, unless the command line says otherwise.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	m.Run()
}

func drawID(t *rapid.T) ID {
	return ID(rapid.SliceOfN(rapid.Byte(), len(ID{}), len(ID{})).Draw(t, "id"))
}

// The text is Crockford's: the 80-bit number in base 32 and its remainder by 37.
func TestIDIsCrockford(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := drawID(t)
		n := new(big.Int).SetBytes(id[:])
		want := strings.Map(func(r rune) rune {
			v, _ := new(big.Int).SetString(string(r), 32)
			return rune(alphabet[v.Int64()])
		}, fmt.Sprintf("%016s", n.Text(32)))
		want += string(alphabet[new(big.Int).Mod(n, big.NewInt(37)).Int64()])
		if got := id.String(); got != want || !qrSafe.MatchString(got) {
			t.Fatalf("%x: %s, want %s", id, got, want)
		}
	})
}

func TestIDReadBack(t *testing.T) {
	confusions := strings.NewReplacer("1", "l", "0", "o")
	rapid.Check(t, func(t *rapid.T) {
		id := drawID(t)
		s := id.String()
		for _, form := range []string{s, strings.ToLower(s), id.Grouped(), " " + s + "\t", confusions.Replace(s), strings.ReplaceAll(s, "1", "I"),
			s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:], s[:8] + " - " + s[8:]} {
			if got, err := ParseID(form); err != nil || got != id {
				t.Fatalf("%q: %v, %v; want %v", form, got, err, s)
			}
		}
		// The check character finds every wrong character, and every pair of
		// neighbours exchanged.
		at := rapid.IntRange(0, Digits).Draw(t, "at")
		wrong := []byte(s)
		if c := alphabet[rapid.IntRange(0, 36).Draw(t, "character")]; c != wrong[at] {
			wrong[at] = c
			if got, err := ParseID(string(wrong)); survey.CodeOf(err) != survey.CodeBadReceiptID {
				t.Fatalf("%s for %s: %v, %v", wrong, s, got, err)
			}
		}
		if swapped := []byte(s); at > 0 && s[at] != s[at-1] {
			swapped[at], swapped[at-1] = s[at-1], s[at]
			if got, err := ParseID(string(swapped)); survey.CodeOf(err) != survey.CodeBadReceiptID {
				t.Fatalf("%s for %s: %v, %v", swapped, s, got, err)
			}
		}
	})
}

func TestParseIDRefuses(t *testing.T) {
	good := ID{1, 2, 3}.String()
	for _, s := range []string{"", "-", good[:Digits], good + "0", good[:Digits] + "U", "*" + good[1:], good + "-", "đ" + good[1:], strings.Repeat("0", 1000), good[:8] + "\n" + good[8:]} {
		if id, err := ParseID(s); survey.CodeOf(err) != survey.CodeBadReceiptID || id != (ID{}) {
			t.Errorf("%q: %v, %v", s, id, err)
		}
	}
}

func TestNewID(t *testing.T) {
	a, err1 := NewID(nil)
	b, err2 := NewID(nil)
	if err1 != nil || err2 != nil || a == b {
		t.Fatal(a, b, err1, err2)
	}
	if id, err := NewID(strings.NewReader("short")); err == nil || id != (ID{}) {
		t.Error("too little randomness gives no id")
	}
	if h, want := a.Hash(), sha256.Sum256([]byte("hailong/receipt\x00"+string(a[:]))); h != want {
		t.Error("hash")
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("made", "id", a)
	if strings.Contains(out.String(), a.String()) {
		t.Error("an id is in the log")
	}
}

func TestScan(t *testing.T) {
	id := ID{0xF0, 0x9F, 0x98, 0x80, 1, 2, 3, 4, 5, 6}
	s := id.String()
	receipt := Scanned{Bound: survey.BindingReceipt, ID: id}
	for _, text := range []string{
		URL("https://danhgia.nghean.gov.vn", id), URL("http://127.0.0.1:8080/", id) + "\r\n", s, "  " + strings.ToLower(s),
		"https://danhgia.nghean.gov.vn/r/" + s, "HTTP://X/R/" + strings.ToLower(s), "https://x/r/" + s + "/", "https://x/r/" + s + "?lang=en#top",
		"https://x/R/" + strings.NewReplacer("*", "%2A", "$", "%24", ":", "%3A").Replace(s), "\ufeff" + s, "\x02" + s + "\x03", id.Grouped(),
	} {
		if got, err := Scan(text); err != nil || got != receipt {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"000.00.06.H56-231027-0361":        "000.00.06.H56-231027-0361",
		" 000.17.22.h56-210531-0001\n":     "000.17.22.H56-210531-0001",
		"000.00.12.H62 – 201105 – 0004":    "000.00.12.H62-201105-0004",
		"G22.99.3-241219795252":            "G22.99.3-241219-795252",
		"G22.99.3-241219-795252":           "G22.99.3-241219-795252",
		"H41-231027-0361":                  "H41-231027-0361",
		"H41.17.5-2310270361":              "H41.17.5-231027-0361",
		"000.00.06.H56\u20112310270361":    "",
		"000.00.06.H56-231027-036":         "",
		"000.00.06.H56-231027-0361|Nguyễn": "",
	} {
		got, err := Scan(text)
		if want == "" {
			if survey.CodeOf(err) != survey.CodeUnknownScan {
				t.Errorf("%q: %+v, %v", text, got, err)
			}
			continue
		}
		if err != nil || got != (Scanned{Bound: survey.BindingDossier, Code: want}) {
			t.Errorf("%q: %+v, %v; want %s", text, got, err, want)
		}
	}
	wrong := s[:Digits-1] + string(alphabet[(value(s[Digits-1])+1)%32]) + s[Digits:]
	for text, want := range map[string]survey.Code{
		"":                             survey.CodeUnknownScan,
		" \r\n":                        survey.CodeUnknownScan,
		"xin chào":                     survey.CodeUnknownScan,
		"\xff\xfe":                     survey.CodeUnknownScan,
		"040099001234":                 survey.CodeUnknownScan, // an identity number is never taken
		"https://x/q/" + s:             survey.CodeUnknownScan,
		"https://x/" + s:               survey.CodeUnknownScan,
		"https:///r/" + s:              survey.CodeUnknownScan,
		"ftp://x/r/" + s:               survey.CodeUnknownScan,
		"https://x/r/" + s + "/more":   survey.CodeBadReceiptID,
		"https://x/r/%zz":              survey.CodeBadReceiptID,
		"https://x/r/":                 survey.CodeBadReceiptID,
		wrong:                          survey.CodeBadReceiptID,
		s[:Digits]:                     survey.CodeBadReceiptID,
		"https://x/r/" + wrong:         survey.CodeBadReceiptID,
		strings.Repeat("A", MaxScan+1): survey.CodeScanTooLong,
	} {
		if got, err := Scan(text); survey.CodeOf(err) != want || got != (Scanned{}) {
			t.Errorf("%q: %+v, %v; want %s", text, got, err, want)
		}
	}
}

func TestPatterns(t *testing.T) {
	p, err := CompilePatterns([]string{`HS\d{6}`, `(\d{2})/(\d{4})`})
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{"hs123456": "HS123456", "12/3456": "12-3456"} {
		if got, err := p.NormaliseCode(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
		if got, err := p.Scan(in); err != nil || got.Code != want {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "HS1234567", "xHS123456", "000.00.06.H56-231027-0361", strings.Repeat("1", 200)} {
		if got, err := p.NormaliseCode(in); survey.CodeOf(err) != survey.CodeBadDossierCode {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	_, err = CompilePatterns([]string{`(`, `.*`, `.+`, `[0-9A-Z*$.:-]{10,20}`})
	if err == nil || strings.Count(err.Error(), "receipt: pattern") != 4 {
		t.Errorf("every fault at once: %v", err)
	}
	if _, err := (Patterns{}).NormaliseCode("HS123456"); err == nil {
		t.Error("no patterns accept nothing")
	}
}

func TestNormaliseIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.StringMatching(`[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}-[0-9]{6}-[0-9]{4,6}|[A-Z][0-9]{2}(\.[0-9]{1,3}){0,3}-[0-9]{6}-?[0-9]{4,6}`).Draw(t, "code")
		once, err := NormaliseCode(code)
		if err != nil {
			t.Fatal(code, err)
		}
		for _, form := range []string{once, strings.ToLower(code), " " + code, strings.ReplaceAll(code, "-", " - ")} {
			if twice, err := NormaliseCode(form); err != nil || twice != once {
				t.Fatalf("%q: %q, %v; want %q", form, twice, err, once)
			}
		}
		if _, err := ParseID(code); err == nil {
			t.Fatalf("%q is read as an id too", code)
		}
	})
}

func TestBallots(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	a := BallotOfDossier(key, "H41-231027-0361")
	if a != BallotOfDossier(key, "H41-231027-0361") || a == BallotOfDossier(key, "H41-231027-0362") || a == BallotOfDossier(bytes.Repeat([]byte{8}, 32), "H41-231027-0361") {
		t.Error("a ballot is the dossier's, under one key")
	}
	session := [16]byte{1, 2, 3}
	if BallotOfWalkIn(session) != sha256.Sum256([]byte("hailong/walkin\x00"+string(session[:]))) {
		t.Error("walk-in")
	}
	// RFC 4231's construction, computed apart: HMAC by its definition.
	pad := func(x byte) []byte {
		p := bytes.Repeat([]byte{x}, 64)
		for i, k := range key {
			p[i] ^= k
		}
		return p
	}
	inner := sha256.Sum256(append(pad(0x36), "hailong/dossier\x00H41-231027-0361"...))
	if want := sha256.Sum256(append(pad(0x5c), inner[:]...)); a != want {
		t.Errorf("%x, want %x", a, want)
	}
}

func TestSeal(t *testing.T) {
	public, private, err := box.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const code = "000.17.22.H41-210531-0001"
	one, err := SealCode(public, code, nil)
	if err != nil {
		t.Fatal(err)
	}
	two, err := SealCode(public, code, nil)
	if err != nil || bytes.Equal(one, two) {
		t.Fatal("two seals of one code must not look alike", err)
	}
	if len(one) > 256 {
		t.Errorf("%d bytes do not fit a rating", len(one))
	}
	if got, err := OpenCode(public, private, one); err != nil || got != code {
		t.Errorf("%q, %v", got, err)
	}
	if longest, err := SealCode(public, strings.Repeat("9", MaxCode), nil); err != nil || len(longest) > 256 {
		t.Error(len(longest), err)
	}
	for _, bad := range []string{"", strings.Repeat("9", MaxCode+1)} {
		if _, err := SealCode(public, bad, nil); survey.CodeOf(err) != survey.CodeBadDossierCode {
			t.Errorf("%q: %v", bad, err)
		}
	}
	one[len(one)-1] ^= 1
	for _, bad := range [][]byte{nil, one, one[:20], make([]byte, 4096)} {
		if got, err := OpenCode(public, private, bad); !errors.Is(err, ErrSealed) || got != "" {
			t.Errorf("%q, %v", got, err)
		}
	}
}
