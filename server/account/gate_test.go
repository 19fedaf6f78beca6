package account

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hailong/internal/survey"
	"hailong/server/access"
)

const here, there = "203.0.113.7", "203.0.113.8"

// Whatever does not let in is answered alike; and after some failures one waits,
// also with the right password, from that address.
func TestSignIn(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	x, off := a.person(access.Unit, "manager"), a.person(access.Auditor, "former")
	if _, err := a.TurnOff(t.Context(), off.ID); err != nil {
		t.Fatal(err)
	}
	var messages []string
	for _, c := range [][2]string{{"manager", "wrong password"}, {"nobody", good}, {"former", good}, {"\x00", good}, {"", ""}} {
		_, err := b.SignIn(t.Context(), c[0], c[1], there)
		wants(t, err, survey.CodeWrongSignIn)
		messages = append(messages, err.Error())
	}
	for _, m := range messages {
		if m != messages[0] {
			t.Errorf("%q and %q differ", m, messages[0])
		}
	}
	for i := range 4 {
		got, err := w.nodes[i%2].SignIn(t.Context(), "MANAGER", good, here)
		if err != nil || got.ID != x.ID {
			t.Fatal(err)
		}
	}
	for _, key := range []string{ByPair(here, "manager"), ByAccount("manager"), ByAddress(here)} {
		if f, _, err := a.Limits.get(t.Context(), key); f.Count != 0 && key != ByAccount("manager") || f.Count > 1 || err != nil {
			t.Errorf("%s: who signs in is counted %d times, %v", key, f.Count, err)
		}
	}
	for i := range 3 {
		_, err := w.nodes[i%2].SignIn(t.Context(), "manager", "wrong password", here)
		wants(t, err, survey.CodeWrongSignIn)
	}
	_, err := b.SignIn(t.Context(), "manager", good, here)
	wants(t, err, survey.CodeTooSoon)
	if _, err = b.SignIn(t.Context(), "manager", good, there); err != nil {
		t.Error("another address waits:", err)
	}
	w.pass(2 * time.Second)
	if _, err := a.SignIn(t.Context(), "manager", good, here); err != nil {
		t.Error("waited and not let in:", err)
	}
}

// People behind one address sign in one after the other however often others
// there mistype.
func TestSharedAddress(t *testing.T) {
	n := newWorld(t, 1).nodes[0]
	x := n.person(access.Unit, "manager")
	for i := range 60 {
		if err := n.try(t.Context(), ByPair(here, fmt.Sprint("person", i)), ByAccount(fmt.Sprint("person", i)), ByAddress(here)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := n.SignIn(t.Context(), "manager", good, here); err != nil || got.ID != x.ID {
		t.Error(err)
	}
	for i := range 60 {
		if err := n.Limits.Fail(t.Context(), ByAddress(here)); err != nil {
			t.Fatal(i, err)
		}
	}
	_, err := n.SignIn(t.Context(), "manager", good, here)
	wants(t, err, survey.CodeTooSoon) // but not without end
	if f, _, err := n.Limits.get(t.Context(), ByPair(here, "manager")); f.Count != 0 || err != nil {
		t.Error("an attempt that had to wait was counted", f, err)
	}
}

// Guessing a second factor is as slow as guessing a password.
func TestGuessedSecondFactor(t *testing.T) {
	w := newWorld(t, 1)
	n := w.nodes[0]
	x := n.person(access.Administrator, "root1")
	secret, _ := n.enrolled(x.ID)
	w.pass(10 * stepSeconds * time.Second)
	for range 3 {
		wants(t, n.SecondFactor(t.Context(), x.ID, "12345", here), survey.CodeWrongCode)
	}
	wants(t, n.SecondFactor(t.Context(), x.ID, w.digits(secret, 0), here), survey.CodeTooSoon)
	if err := n.SecondFactor(t.Context(), x.ID, w.digits(secret, 0), there); err != nil {
		t.Error(err)
	}
}

// Whatever changes what an account may ends its sessions.
func TestChangesEndSessions(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	a.person(access.Administrator, "root1")
	x := a.person(access.Administrator, "root2")
	p := Particulars{Role: access.Auditor, Login: "root2", Name: "Two"}
	for name, change := range map[string]func() error{
		"password": func() error { return b.SetPassword(t.Context(), x.ID, good) },
		"role":     func() error { _, err := b.Change(t.Context(), x.ID, p); return err },
		"link":     func() error { _, err := b.NewLink(t.Context(), x.ID); return err },
		"totp":     func() error { return b.RemoveTOTP(t.Context(), x.ID) },
	} {
		cookie := a.signedIn(x)
		w.eventually("both have it", func() bool { return b.mirrors(cookie) })
		if err := change(); err != nil {
			t.Fatal(name, err)
		}
		w.eventually(name+" ends it", func() bool { return !a.in(cookie) && !b.in(cookie) })
	}
	cookie := a.signedIn(x)
	if _, err := b.TurnOff(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	if a.in(cookie) || b.in(cookie) {
		t.Error("an account that is off goes on")
	}
}

// A link sets a password once; a weak password does not spend it; another
// password spends all links before it.
func TestLink(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	x, err := a.Create(t.Context(), Particulars{Role: access.Unit, Unit: "SXD", Login: "manager", Name: "M"})
	if err != nil {
		t.Fatal(err)
	}
	link := func() string {
		t.Helper()
		code, err := a.NewLink(t.Context(), x.ID)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	one, two := link(), link()
	if got, first, err := b.Link(t.Context(), one); err != nil || first || got.ID != x.ID {
		t.Fatal(got, first, err)
	}
	_, err = b.UseLink(t.Context(), one, "manager")
	wants(t, err, survey.CodePasswordLength)
	_, err = b.UseLink(t.Context(), one, "manager-manager-1")
	wants(t, err, survey.CodePasswordCommon)
	_, err = b.UseFirstLink(t.Context(), one, "me.too", "X", good)
	wants(t, err, survey.CodeLinkSpent)
	if got, err := b.UseLink(t.Context(), one, good); err != nil || got.ID != x.ID || !got.HasPassword {
		t.Fatal(got, err)
	}
	if _, err := a.SignIn(t.Context(), "manager", good, here); err != nil {
		t.Error(err)
	}
	for _, code := range []string{one, two, "", "AAAA-AAAA-AAAA-AAAA"} {
		_, _, err := a.Link(t.Context(), code)
		wants(t, err, survey.CodeLinkSpent)
		_, err = a.UseLink(t.Context(), code, good+"?")
		wants(t, err, survey.CodeLinkSpent)
	}
	three := link()
	w.pass(LinkLife)
	_, err = a.UseLink(t.Context(), three, good+"?")
	wants(t, err, survey.CodeLinkSpent)
	four := link()
	if _, err := a.TurnOff(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	_, err = a.UseLink(t.Context(), four, good+"?")
	wants(t, err, survey.CodeLinkSpent)
	_, err = a.NewLink(t.Context(), x.ID)
	wants(t, err, survey.CodeUnknownAccount)
	_, err = a.NewLink(t.Context(), a.person(access.Program, "").ID)
	wants(t, err, survey.CodeUnknownAccount)
}

// The first administrator's link: in a file that only its owner reads, once, and
// gone when there is one; two servers give two, of which one serves.
func TestFirstLink(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	files := [2]string{filepath.Join(t.TempDir(), "first-link"), filepath.Join(t.TempDir(), "first-link")}
	ready := make(chan bool)
	var done [2]chan error
	for i, n := range w.nodes {
		done[i] = make(chan error, 1)
		go func() {
			done[i] <- n.FirstLink(t.Context(), files[i], "https://danhgia.example.vn", func() bool {
				select {
				case <-ready:
					return true
				default:
					return false
				}
			})
		}()
	}
	a.person(access.Auditor, "auditor") // no administrator
	if _, err := os.Stat(files[0]); !os.IsNotExist(err) {
		t.Error("offered before the server knows what there is")
	}
	close(ready)
	var codes [2]string
	for i, file := range files {
		w.eventually("the file", func() bool {
			text, err := os.ReadFile(file)
			_, code, ok := strings.Cut(strings.TrimSpace(string(text)), LinkPath)
			codes[i] = code
			return err == nil && ok
		})
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Error(info.Mode(), err)
		}
	}
	if _, first, err := b.Link(t.Context(), codes[0]); !first || err != nil {
		t.Error(first, err)
	}
	_, err := b.UseLink(t.Context(), codes[0], good)
	wants(t, err, survey.CodeLinkSpent)
	_, err = b.UseFirstLink(t.Context(), codes[0], "", "X", good)
	wants(t, err, survey.CodeBadField)
	_, err = b.UseFirstLink(t.Context(), codes[0], "first.admin", "X", "short")
	wants(t, err, survey.CodePasswordLength)
	x, err := b.UseFirstLink(t.Context(), codes[0], "First.Admin", "X", good)
	if err != nil || x.Role != access.Administrator {
		t.Fatal(x, err)
	}
	for _, code := range codes {
		_, _, err := a.Link(t.Context(), code)
		wants(t, err, survey.CodeLinkSpent)
		_, err = a.UseFirstLink(t.Context(), code, "second.admin", "X", good)
		wants(t, err, survey.CodeLinkSpent)
	}
	for i := range files {
		if err := <-done[i]; err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(files[i]); !os.IsNotExist(err) {
			t.Error("the file stays", err)
		}
	}
	if _, err := a.SignIn(t.Context(), "first.admin", good, here); err != nil {
		t.Error(err)
	}
	// At the next start there is one, and no link.
	if err := a.FirstLink(context.Background(), files[0], "https://danhgia.example.vn", func() bool { return true }); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(files[0]); !os.IsNotExist(err) {
		t.Error("another link", err)
	}
}
