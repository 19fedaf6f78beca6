package asvs

import (
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
	b := browse(t)
	if a := b.form("/signin/password", "code", first, "login", "quan.tri", "name", "Quản trị viên", "new", password); a.status != 303 || !b.in() {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := browse(t).form("/signin/password", "code", first, "login", "khac", "name", "Người khác", "new", password); a.status != 410 {
		t.Errorf("a second time: %d", a.status)
	}
}
