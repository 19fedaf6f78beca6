// Package openidtest starts a real place of sign-in, the OpenID Provider of
// another project, and walks through its pages.
package openidtest

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// As what the provider knows us.
const (
	ClientID = "hailong"
	Secret   = "the secret of both"
)

// User is somebody whom the provider knows. One whose ID begins with "strong-"
// gives a second factor there.
type User struct {
	ID, Username, Password, Email string
	EmailVerified                 bool
}

var built struct {
	once    sync.Once
	program string
	err     error
}

// build builds the provider, once a test program, in a folder that Clean removes.
func build(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
		if err != nil {
			built.err = err
			return
		}
		dir, err := os.MkdirTemp("", "hailong-provider")
		if err != nil {
			built.err = err
			return
		}
		built.program = filepath.Join(dir, "provider")
		cmd := exec.Command("go", "build", "-o", built.program, ".")
		cmd.Dir = filepath.Join(strings.TrimSpace(string(out)), "server", "openid", "provider")
		cmd.Stderr = os.Stderr
		built.err = cmd.Run()
	})
	if built.err != nil {
		t.Fatalf("build the provider: %v", built.err)
	}
	return built.program
}

// Clean removes what was built, after the last test.
func Clean() {
	if built.program != "" {
		os.RemoveAll(filepath.Dir(built.program))
	}
}

// Start starts a provider that sends people back to an address, and gives its
// issuer. It ends with the test.
func Start(t testing.TB, redirect string, users ...User) string {
	t.Helper()
	program := build(t)
	all := map[string]User{}
	for _, u := range users {
		all[u.ID] = u
	}
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "users.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-users", file, "-redirect", redirect)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the provider says nothing: %v", err)
	}
	return strings.TrimSpace(line)
}

var request = regexp.MustCompile(`name="id" value="([^"]+)"`)

// SignIn follows the address to which we send a person, signs in there, and
// gives the address to which the person is sent back.
func SignIn(t testing.TB, address string, u User) *url.URL {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	start, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	var back *url.URL
	client := &http.Client{Jar: jar, Timeout: 30 * time.Second, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host != start.Host {
			back = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	_, err = bufio.NewReader(page.Body).WriteTo(&text)
	page.Body.Close()
	found := request.FindStringSubmatch(text.String())
	if err != nil || found == nil {
		t.Fatalf("the provider's page: %d %v %s", page.StatusCode, err, text.String())
	}
	done, err := client.PostForm(start.Scheme+"://"+start.Host+"/login/username", url.Values{"id": {found[1]}, "username": {u.Username}, "password": {u.Password}})
	if err != nil {
		t.Fatal(err)
	}
	done.Body.Close()
	if back == nil {
		t.Fatalf("the provider sends nobody back: %d", done.StatusCode)
	}
	return back
}
