package account

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"pgregory.net/rapid"

	"hailong/internal/survey"
	"hailong/server/access"
)

// enrolled gives an account a second factor.
func (n *node) enrolled(id [16]byte) (secret string, recovery []string) {
	n.w.t.Helper()
	e, err := n.NewTOTP(n.w.t.Context(), id)
	if err != nil {
		n.w.t.Fatal(err)
	}
	recovery, err = n.SetTOTP(n.w.t.Context(), id, e.Secret, n.w.digits(e.Secret, 0))
	if err != nil {
		n.w.t.Fatal(err)
	}
	return e.Secret, recovery
}

// digits are those that a telephone shows some steps from now.
func (w *world) digits(secret string, steps int) string {
	w.t.Helper()
	code, err := totp.GenerateCode(secret, w.now().Add(time.Duration(steps)*stepSeconds*time.Second))
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

// A code is good for its step, the one before and the one after, once, at
// whatever server.
func TestSecondFactor(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	x := a.person(access.Administrator, "root1")
	check := func(n *node, code string, want bool) {
		t.Helper()
		if ok, err := n.CheckTOTP(t.Context(), x.ID, code); err != nil || ok != want {
			t.Errorf("%q: %v %v", code, ok, err)
		}
	}
	check(a, "000000", false) // there is none yet
	e, err := a.NewTOTP(t.Context(), x.ID)
	if err != nil || !strings.HasPrefix(e.URL, "otpauth://totp/") || !strings.Contains(string(e.SVG), "<svg") || strings.Contains(e.URL, good) {
		t.Fatal(e, err)
	}
	other, err := a.NewTOTP(t.Context(), x.ID)
	if err != nil || other.Secret == e.Secret {
		t.Fatal("the same again", err)
	}
	_, err = a.SetTOTP(t.Context(), x.ID, e.Secret, w.digits(other.Secret, 0))
	wants(t, err, survey.CodeWrongCode)
	for _, secret := range []string{"", "A", "not base32!", e.Secret[:16]} {
		_, err = a.SetTOTP(t.Context(), x.ID, secret, "000000")
		wants(t, err, survey.CodeBadField)
	}
	if a.get(x.ID).HasTOTP {
		t.Error("kept without its code")
	}
	first := w.digits(e.Secret, 0)
	if _, err := a.SetTOTP(t.Context(), x.ID, e.Secret, first); err != nil {
		t.Fatal(err)
	}
	check(b, first, false) // it was used to set it
	w.pass(10 * stepSeconds * time.Second)
	check(a, w.digits(e.Secret, -2), false)
	check(a, w.digits(e.Secret, 2), false)
	check(b, w.digits(e.Secret, -1), true)
	check(a, w.digits(e.Secret, -1), false)
	check(a, w.digits(e.Secret, 1), true)
	now := w.digits(e.Secret, 0)
	check(b, now[:3]+" "+now[3:], true) // as telephones show it
	check(a, now, false)
	for _, bad := range []string{"", "12345", "1234567", "abcdef", "０１２３４５", strings.Repeat("1", 1<<20)} {
		check(a, bad, false)
	}
	if err := b.RemoveTOTP(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	if got := a.get(x.ID); got.HasTOTP || got.Recovery != 0 {
		t.Errorf("%+v", got)
	}
	w.pass(10 * stepSeconds * time.Second)
	check(a, w.digits(e.Secret, 0), false)
	_, err = a.NewTOTP(t.Context(), a.person(access.Program, "").ID)
	wants(t, err, survey.CodeUnknownAccount)
}

// Each recovery code is good once, however it is typed; of all who try one at
// once, at two servers, one gets in.
func TestRecoveryCodes(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	x := a.person(access.Administrator, "root1")
	y := a.person(access.Administrator, "root2")
	_, codes := a.enrolled(x.ID)
	a.enrolled(y.ID)
	if len(codes) != recoveries || a.get(x.ID).Recovery != recoveries {
		t.Fatal(codes)
	}
	if ok, err := a.CheckTOTP(t.Context(), y.ID, codes[0]); ok || err != nil {
		t.Error("another's code lets in", err)
	}
	if ok, err := b.CheckTOTP(t.Context(), x.ID, strings.ToLower(strings.ReplaceAll(codes[0], "-", " "))); !ok || err != nil {
		t.Error(ok, err)
	}
	if ok, err := a.CheckTOTP(t.Context(), x.ID, codes[0]); ok || err != nil {
		t.Error("twice", err)
	}
	if left := a.get(x.ID).Recovery; left != recoveries-1 {
		t.Errorf("%d are left", left)
	}
	var wg sync.WaitGroup
	var in atomic.Int32
	for i := range 8 {
		wg.Go(func() {
			ok, err := w.nodes[i%2].CheckTOTP(t.Context(), x.ID, codes[1])
			if err != nil {
				t.Error(err)
			}
			if ok {
				in.Add(1)
			}
		})
	}
	wg.Wait()
	if in.Load() != 1 {
		t.Errorf("%d got in by one code", in.Load())
	}
	others, err := a.NewRecovery(t.Context(), x.ID)
	if err != nil || len(others) != recoveries {
		t.Fatal(err)
	}
	if ok, err := a.CheckTOTP(t.Context(), x.ID, codes[2]); ok || err != nil {
		t.Error("a former code lets in", err)
	}
	if ok, err := a.CheckTOTP(t.Context(), x.ID, others[0]); !ok || err != nil {
		t.Error(ok, err)
	}
}

// A code is read back however it is typed, and what is none is told.
func TestCodesAreTyped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := newCode()
		var typed strings.Builder
		for _, r := range code {
			if r == '-' && rapid.Bool().Draw(t, "apart") {
				continue
			}
			s := string(r)
			switch {
			case r == '0' && rapid.Bool().Draw(t, "o"):
				s = "O"
			case r == '1' && rapid.Bool().Draw(t, "l"):
				s = rapid.SampledFrom([]string{"I", "L"}).Draw(t, "letter")
			}
			if rapid.Bool().Draw(t, "small") {
				s = strings.ToLower(s)
			}
			typed.WriteString(s)
		}
		if got, ok := normalCode(" " + typed.String() + "\u0020"); !ok || got != code {
			t.Fatalf("%q typed %q is %q", code, typed.String(), got)
		}
		any := rapid.String().Draw(t, "any")
		if got, ok := normalCode(any); ok && len(got) != codeLetters+3 {
			t.Fatalf("%q is %q", any, got)
		}
	})
}
