package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/account"
)

// shell runs an operator's command against the station.
func (s *station) shell(words ...string) (out string, err error) {
	s.t.Helper()
	var o, e strings.Builder
	var c struct {
		operatorCommands `embed:""`
	}
	parser, err := kong.New(&c, kong.Name("hailong-server"), kong.Writers(&o, &e), kong.BindTo(context.Background(), (*context.Context)(nil)))
	if err != nil {
		s.t.Fatal(err)
	}
	k, err := parser.Parse(append(words, "--url="+s.url, "--data="+s.c.Data))
	if err != nil {
		return "", err
	}
	err = k.Run()
	return o.String(), err
}

// must is shell, and gives the word that holds a text.
func (s *station) must(holds string, words ...string) string {
	s.t.Helper()
	out, err := s.shell(words...)
	if err != nil {
		s.t.Fatal(words, err)
	}
	for _, word := range strings.Fields(out) {
		if strings.Contains(word, holds) {
			return word
		}
	}
	s.t.Fatalf("%v: no %q in %s", words, holds, out)
	return ""
}

const sentence = "một câu dễ nhớ của riêng tôi"

// From the first start's link to accounts and tokens made by command, on a server
// as it runs.
func TestAccountCommands(t *testing.T) {
	s := organised(t)
	file := filepath.Join(s.c.Data, "first-link")
	var first string
	eventually(t, "a link for the first administrator", func() bool {
		text, err := os.ReadFile(file)
		first = strings.TrimSpace(string(text))
		return err == nil
	})
	prefix := s.url + account.LinkPath
	if !strings.HasPrefix(first, prefix) || !strings.Contains(s.book.String(), first) {
		t.Fatalf("%q is no link, or not in the log", first)
	}
	link := s.must(prefix, "account", "create", "--role=administrator", "--login=Root", "--name=Người quản trị")
	if x, err := s.accounts.UseLink(t.Context(), strings.TrimPrefix(link, prefix), sentence); err != nil || x.Role != access.Administrator {
		t.Fatal(x, err)
	}
	eventually(t, "the first link's file is gone", func() bool { _, err := os.Stat(file); return os.IsNotExist(err) })
	if _, _, err := s.accounts.Link(t.Context(), strings.TrimPrefix(first, prefix)); survey.CodeOf(err) != survey.CodeLinkSpent {
		t.Error("the first link is good once there is an administrator:", err)
	}
	s.must(prefix, "account", "create", "--role=unit", "--unit=SXD", "--login=manager", "--name=Trưởng phòng")
	s.must(prefix, "account", "link", "--login=manager")
	s.must("manager", "account", "list")
	s.must("off", "account", "off", "--login=manager")
	s.must("off", "account", "list")

	token := s.must("hl1.", "token", "create", "--unit=SXD")
	id := strings.Split(token, ".")[1]
	s.must(id, "token", "list")
	other := s.must("hl1.", "token", "rotate", "--id="+id)
	status := func(token string) int {
		t.Helper()
		return ask(t, http.MethodPost, s.url+"/api/v1/receipts/reprint", `{}`, "Authorization", "Bearer "+token, "Content-Type", "application/json").status
	}
	for _, good := range []string{token, other} {
		if got := status(good); got != http.StatusBadRequest { // let in, and nothing was sent
			t.Error(got)
		}
	}
	third := s.must("hl1.", "token", "rotate", "--id="+id, "--at-once")
	if status(token) != http.StatusUnauthorized || status(other) != http.StatusUnauthorized || status(third) != http.StatusBadRequest {
		t.Error("the tokens before are good")
	}
	s.must("off", "token", "off", "--id="+id)
	if got := status(third); got != http.StatusUnauthorized {
		t.Error(got)
	}
	if out, err := s.shell("token", "list"); err != nil || !strings.Contains(out, "off") || strings.Contains(out, third) {
		t.Error(out, err)
	}
	for _, action := range []string{"account.create", "account.off", "account.token"} {
		eventually(t, "the audit has "+action, func() bool {
			var n int
			err := s.proj.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM act WHERE action = ? AND via = ?`, action, fact.ViaCommand).Scan(&n)
			return err == nil && n > 0
		})
	}
	for want, words := range map[string][]string{
		"HL6026": {"account", "off", "--login=root"},
		"HL6025": {"account", "link", "--login=manager"}, // it is off
		"HL6024": {"account", "create", "--role=auditor", "--login=ROOT", "--name=X"},
		"HL3004": {"token", "create", "--unit=XXX"},
		"HL2007": {"account", "create", "--role=unit", "--login=other", "--name=X"},
		"--role": {"account", "create", "--role=king", "--login=other", "--name=X"},
		"--id":   {"account", "off"},
	} {
		if _, err := s.shell(words...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", words, err, want)
		}
	}
}

// Accounts, sessions and the tokens of a server outlive its restart.
func TestAccountsOutliveRestart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "server")
	s := start(t, data)
	s.organise(nil)
	link := s.must(account.LinkPath, "account", "create", "--role=administrator", "--login=root", "--name=X")
	_, code, _ := strings.Cut(link, account.LinkPath)
	x, err := s.accounts.UseLink(t.Context(), code, sentence)
	if err != nil {
		t.Fatal(err)
	}
	token := s.must("hl1.", "token", "create", "--unit=SXD")
	cookie, err := s.accounts.Sessions.Start(t.Context(), x.Person())
	if err != nil {
		t.Fatal(err)
	}
	s.stop()
	s = start(t, data)
	if p, ok, err := s.accounts.Session(t.Context(), cookie); err != nil || !ok || p.Account != x.ID {
		t.Error(p, ok, err)
	}
	if p, ok, err := s.accounts.Token(t.Context(), token); err != nil || !ok || p.Unit != "SXD" {
		t.Error(p, ok, err)
	}
	if got, err := s.accounts.SignIn(t.Context(), "root", sentence, "203.0.113.7"); err != nil || got.ID != x.ID {
		t.Error(got, err)
	}
	if _, err := os.Stat(filepath.Join(data, "first-link")); !os.IsNotExist(err) {
		t.Error("another first link:", err)
	}
}
