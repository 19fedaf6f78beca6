package asvs

import (
	"net/http"
	neturl "net/url"
	"path/filepath"
	"strings"
	"testing"
)

// There is no account before somebody makes it: the first start gives a link,
// good once.
func TestV2_5_4(t *testing.T) {
	if strings.Contains(accounts, "administrator") || strings.Count(strings.TrimSpace(accounts), "\n") > 0 {
		t.Errorf("accounts after the first start: %s", accounts)
	}
	for _, name := range []string{"admin", "root", "sa"} {
		if a := browse(t).signIn(name, name); a.status != 401 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	dir := filepath.Join(t.TempDir(), "d")
	p, err := launch("hailong-server", "serve", "--data="+dir, "--listen=127.0.0.1:0", "--nats-addr=127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.end(); err != nil {
			t.Error(err)
		}
	}()
	said, err := p.says(`is ready" pages=(\S+)`)
	if err != nil {
		t.Fatal(err)
	}
	link, err := waitForFile(filepath.Join(dir, "first-link"))
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(strings.TrimSpace(link), "#")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, want := range []int{303, 410} {
		a, err := client.PostForm(said[1]+"/signin/password", neturl.Values{"code": {code}, "login": {"quan.tri"}, "name": {"Quản trị viên"}, "new": {password}})
		if err != nil {
			t.Fatal(err)
		}
		if a.Body.Close(); a.StatusCode != want {
			t.Errorf("the first link: %d, want %d", a.StatusCode, want)
		}
	}
}
