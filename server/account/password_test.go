package account

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/alexedwards/argon2id"
	"pgregory.net/rapid"

	"hailong/internal/survey"
	"hailong/server/access"
)

// costly is what a password's hash costs outside these tests, which are not about
// that.
var costly = *hardness

func TestMain(m *testing.M) {
	hardness = &argon2id.Params{Memory: 1 << 10, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	nobodys = nobodyHash()
	os.Exit(m.Run())
}

// Length matters, and that it is not easily guessed; what it is made of does not.
func TestWhichPasswords(t *testing.T) {
	for password, want := range map[string]survey.Code{
		"":                                   survey.CodePasswordLength,
		"mười một ký":                        survey.CodePasswordLength, // 11 characters, 16 bytes
		"mười hai ký ":                       "",
		decomposed("mười một ký"):            survey.CodePasswordLength, // 14 code points, and the same to read
		strings.Repeat("ă", 129):             survey.CodePasswordLength,
		"the horse sleeps on the roof":       "",
		"aaaaaaaaaaaaaaaa":                   survey.CodePasswordCommon,
		"123456789012":                       survey.CodePasswordCommon,
		"password1234":                       survey.CodePasswordCommon,
		"Password2026!":                      survey.CodePasswordCommon,
		"MatKhau@123456":                     survey.CodePasswordCommon,
		"Mật khẩu 123456":                    survey.CodePasswordCommon,
		"Hài Lòng 2026":                      survey.CodePasswordCommon,
		"hailonghailong":                     survey.CodePasswordCommon,
		"qwertyuiop12":                       survey.CodePasswordCommon,
		"nguyenvana01":                       "", // unless it is the sign-in name
		"1qaz2wsx3edc":                       survey.CodePasswordCommon,
		"abcabcabcabc":                       survey.CodePasswordCommon,
		"mái nhà có ba con mèo vàng":         "",
		"a\u0306n co\u031bm chu\u031ba con?": "",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff": survey.CodePasswordLength,
	} {
		if got := survey.CodeOf(CheckNewPassword(password)); got != want {
			t.Errorf("%q: %q, want %q", password, got, want)
		}
	}
	wants(t, CheckNewPassword("Tran.Thi.Binh!", "tran.thi.binh"), survey.CodePasswordCommon)
	wants(t, CheckNewPassword("tranthibinh-xe-đạp-đỏ", "tranthibinh"), "")
}

// Random texts that are long enough are taken.
func TestRandomPasswordsAreTaken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newCode() + rapid.StringN(0, 30, 100).Draw(t, "more")
		if err := CheckNewPassword(p); err != nil && survey.CodeOf(err) != survey.CodePasswordLength {
			t.Fatalf("%q: %v", p, err)
		}
	})
}

// The password lets in, however its letters are composed, and nothing else does.
func TestCheckPassword(t *testing.T) {
	w := newWorld(t, 2)
	n := w.nodes[0]
	x := n.person(access.Unit, "manager")
	none, err := n.Create(t.Context(), Particulars{Role: access.Auditor, Login: "nobody", Name: "No password yet"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		login, password string
		ok              bool
	}{
		{"manager", good, true},
		{"MANAGER ", good, true},
		{"manager", decomposed(good), true},
		{"manager", good + " ", false},
		{"manager", strings.ToUpper(good), false},
		{"manager", "", false},
		{"manager", strings.Repeat("x", 10<<20), false},
		{"other", good, false},
		{"", good, false},
		{"\x00", good, false},
		{none.Login, "", false},
		{none.Login, good, false},
	} {
		got, ok, err := w.nodes[1].CheckPassword(t.Context(), c.login, c.password)
		if err != nil || ok != c.ok || ok && got.ID != x.ID {
			t.Errorf("%.20q %.20q: %v %v", c.login, c.password, ok, err)
		}
	}
	wants(t, n.Accounts.SetPassword(t.Context(), x.ID, "short"), survey.CodePasswordLength)
	wants(t, n.Accounts.SetPassword(t.Context(), x.ID, "manager manager1"), survey.CodePasswordCommon)
	wants(t, n.Accounts.SetPassword(t.Context(), [16]byte{}, good), survey.CodeUnknownAccount)
	wants(t, n.Accounts.SetPassword(t.Context(), n.person(access.Program, "").ID, good), survey.CodeUnknownAccount)
	if err := n.Accounts.SetPassword(t.Context(), x.ID, good+"!"); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := n.CheckPassword(t.Context(), "manager", good); ok || err != nil {
		t.Error("the former password lets in", err)
	}
	if _, err := n.TurnOff(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := n.CheckPassword(t.Context(), "manager", good+"!"); ok || err != nil {
		t.Error("an account that is off lets in", err)
	}
}

func decomposed(s string) string {
	return strings.NewReplacer("ộ", "o\u0323\u0302", "â", "a\u0302", "ễ", "e\u0302\u0303", "ớ", "o\u031b\u0301", "ủ", "u\u0309", "ê", "e\u0302", "ô", "o\u0302", "á", "a\u0301", "ý", "y\u0301", "ư", "u\u031b", "ờ", "o\u031b\u0300", "ỏ", "o\u0309").Replace(s)
}

// A name that nobody has costs the same hash as one that somebody has.
func TestNobodyIsHashedToo(t *testing.T) {
	params, salt, key, err := argon2id.DecodeHash(nobodys)
	if err != nil || *params != *hardness || len(salt) != 16 || len(key) != 32 {
		t.Fatal(params, salt, key, err)
	}
	if costly.Memory*hashers > 128<<10 || costly.Memory < 46<<10 || costly.Iterations < 1 || costly.SaltLength < 16 || costly.KeyLength < 32 {
		t.Errorf("%d hashes at once of %+v", hashers, costly)
	}
	hash, err := argon2id.CreateHash(good, hardness)
	if err != nil {
		t.Fatal(err)
	}
	mine, _, _, err := argon2id.DecodeHash(hash)
	if err != nil || *mine != *params {
		t.Error("another cost", mine, err)
	}
	if hash2, err := argon2id.CreateHash(good, hardness); err != nil || hash2 == hash {
		t.Error("one password, one hash: no salt", err)
	}
}

// Only so many hash at once, and only so many wait: the others are told so.
func TestPasswordsAtOnce(t *testing.T) {
	n := newWorld(t, 1).nodes[0]
	hold, started := make(chan struct{}), make(chan struct{}, 100)
	var wg sync.WaitGroup
	errs := make(chan error, 100)
	work := func() error { started <- struct{}{}; <-hold; return nil }
	for range waiters {
		wg.Go(func() { errs <- n.hashing(context.Background(), work) })
	}
	for range hashers {
		<-started
	}
	n.w.eventually("all others wait", func() bool { return len(n.queue) == waiters })
	wants(t, n.hashing(t.Context(), work), survey.CodeBusy)
	if len(started) != 0 {
		t.Error("more hash at once")
	}
	close(hold)
	wg.Wait()
	for range waiters {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if err := n.hashing(t.Context(), func() error { return nil }); err != nil {
		t.Error(err)
	}
}
