package asvs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// The one server that all tests ask, over TLS, with the example organisation.
var (
	folder   string // of everything that the tests write
	data     string // the server's own
	url      string // https://127.0.0.1:PORT
	nats     string // 127.0.0.1:PORT
	host     string // of url
	operator string // token of its data folder
	trust    *x509.CertPool
	server   *process
	accounts string // as listed after the first start
)

const root = "../.."

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "asvs:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if folder, err = os.MkdirTemp("", "asvs"); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", folder+"/", root+"/cmd/...").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("%w: %s", err, out)
	}
	data = filepath.Join(folder, "s", "server")
	if server, err = launch("hailong-server", "--log-level=debug", "serve", "--data="+data, "--listen=127.0.0.1:0", "--nats-addr=127.0.0.1:0", "--tls=local"); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, server.end()) }()
	found, err := server.says(`msg="hailong-server is ready" pages=(\S+) nats=\S+?://(\S+)`)
	if err != nil {
		return 1, err
	}
	url, nats, host = found[1], found[2], strings.TrimPrefix(found[1], "https://")
	if err := prepare(); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// prepare loads the organisation, and reads what the first start left.
func prepare() error {
	pem, err := os.ReadFile(filepath.Join(data, "tls", "ca.pem"))
	if err != nil {
		return err
	}
	if trust = x509.NewCertPool(); !trust.AppendCertsFromPEM(pem) {
		return errors.New("the authority's certificate is none")
	}
	token, err := os.ReadFile(filepath.Join(data, "operator.token"))
	if err != nil {
		return err
	}
	operator = strings.TrimSpace(string(token))
	for _, args := range [][]string{
		{"organisation", "load", root + "/deploy/example/nghe-an-2018.yaml"},
		{"questionnaire", "load", root + "/deploy/example/questionnaire.yaml"},
	} {
		if out, err := command("hailong-server", append(args, "--url="+url, "--data="+data)...); err != nil {
			return fmt.Errorf("%v: %w: %s", args, err, out)
		}
	}
	out, err := command("hailong-server", "account", "list", "--url="+url, "--data="+data)
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	accounts = out
	return nil
}

func waitForFile(path string) (string, error) {
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(path)
		if err == nil && len(text) > 0 {
			return string(text), nil
		}
		if time.Now().After(end) {
			return "", fmt.Errorf("%s: %w", path, err)
		}
	}
}

// command runs one of the programs to its end, and gives what it said.
func command(program string, args ...string) (string, error) {
	out, err := exec.Command(filepath.Join(folder, program), args...).CombinedOutput()
	return string(out), err
}

// process is a program that runs; it keeps what it logs.
type process struct {
	cmd  *exec.Cmd
	mu   sync.Mutex
	text bytes.Buffer
	done chan struct{} // closed at its end
}

func launch(program string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(filepath.Join(folder, program), args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // how it ended is not asked
	}()
	return p, nil
}

// Write takes what the program logs.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// says waits for a line, and gives its groups.
func (p *process) says(pattern string) ([]string, error) {
	line := regexp.MustCompile(pattern)
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if found := line.FindStringSubmatch(p.log()); found != nil {
			return found, nil
		}
		select {
		case <-p.done:
			return nil, fmt.Errorf("it ended before it said %s: %s", pattern, p.log())
		default:
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("it does not say %s: %s", pattern, p.log())
		}
	}
}

func (p *process) end() error {
	err := p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		return errors.Join(errors.New("it does not end"), p.cmd.Process.Kill())
	}
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// kept names the files of the servers, databases and streams and all, that hold
// a text.
func kept(t *testing.T, text string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Dir(data), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was for a moment only
		}
		if bytes.Contains(content, []byte(text)) {
			names = append(names, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}

// sources gives the files of the product, tests aside, that end so.
func sources(t *testing.T, ending string, folders ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range folders {
		err := filepath.WalkDir(filepath.Join(root, f), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ending) || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test/") {
				return err
			}
			text, err := os.ReadFile(path)
			out[strings.TrimPrefix(path, root+"/")] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(out) == 0 {
		t.Fatalf("there is nothing that ends in %s", ending)
	}
	return out
}

// dial opens a connection to the pages, as the settings say.
func dial(c *tls.Config) error {
	c.ServerName = "127.0.0.1"
	if c.RootCAs == nil {
		c.RootCAs = trust
	}
	conn, err := tls.Dial("tcp", host, c)
	if err != nil {
		return err
	}
	return conn.Close()
}
