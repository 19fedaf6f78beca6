package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"hailong/internal/fact"
	"hailong/internal/receipt"
)

// asMain makes this test program run as hailong-kiosk itself, for what only a
// process has: exit codes.
const asMain = "HAILONG_TEST_MAIN"

var built struct {
	once sync.Once
	dir  string
	err  error
	out  []byte
}

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// serverProgram builds hailong-server, which is a program of its own: a main
// package can't be imported.
func serverProgram(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "hailong-server"); built.err == nil {
			built.out, built.err = exec.Command("go", "build", "-o", built.dir, "hailong/cmd/hailong-server").CombinedOutput()
		}
	})
	if built.err != nil {
		t.Fatalf("build the server: %v\n%s", built.err, built.out)
	}
	return filepath.Join(built.dir, "hailong-server")
}

// book is a log that is read while it grows.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// centre is a server as a process, with the example organisation.
type centre struct {
	t               testing.TB
	url, nats, data string
}

func startCentre(t testing.TB, more ...string) *centre {
	t.Helper()
	c := &centre{t: t, data: filepath.Join(t.TempDir(), "server")}
	log := &book{}
	cmd := exec.Command(serverProgram(t), append([]string{"serve", "--data=" + c.data, "--listen=127.0.0.1:0", "--nats-addr=127.0.0.1:0"}, more...)...)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended already
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	ready := regexp.MustCompile(`server is ready" pages=(\S+) nats=(\S+)`)
	eventually(t, "the server is ready", func() bool {
		m := ready.FindStringSubmatch(log.String())
		if m != nil {
			c.url, c.nats = m[1], m[2]
		}
		return m != nil
	})
	c.operator("organisation", "load", "../../deploy/example/nghe-an-2018.yaml")
	return c
}

// operator runs one of the operator's commands, and gives what it prints.
func (c *centre) operator(words ...string) string {
	c.t.Helper()
	out, err := exec.Command(serverProgram(c.t), append(words, "--url="+c.url, "--data="+c.data)...).Output()
	if err != nil {
		c.t.Fatal(words, err)
	}
	return string(out)
}

// stand is a real kiosk of this process, on a port of its own.
type stand struct {
	*device
	t    testing.TB
	url  string
	book *book
	stop func()
}

// start starts a kiosk on a data folder; more flags say where its servers are.
func start(t testing.TB, data string, more ...string) *stand {
	t.Helper()
	var c cli
	parser, err := kong.New(&c)
	if err == nil {
		_, err = parser.Parse(append([]string{"serve", "--data=" + data, "--listen=127.0.0.1:0"}, more...))
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{t: t, book: &book{}}
	ctx, cancel := context.WithCancel(context.Background())
	log := slog.New(slog.NewTextHandler(s.book, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if s.device, err = c.Serve.open(ctx, log); err != nil {
		cancel()
		t.Fatal(err)
	}
	s.url = "http://" + s.listener.Addr().String()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the kiosk ended: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close the kiosk: %v", err)
		}
	})
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Log(s.book.String())
		}
	})
	return s
}

func (s *stand) key() string { return hex.EncodeToString(s.public) }

func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("in vain: %s", what)
		}
	}
}

// ask sends a request; a content type makes it a POST.
func ask(t testing.TB, address, contentType, body string, headers ...string) (int, string) {
	t.Helper()
	method := http.MethodGet
	if contentType != "" {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// rate taps a face, and says whether it was recorded.
func (s *stand) rate(scan string, score int) bool {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"scan": scan, "score": score})
	if err != nil {
		s.t.Fatal(err)
	}
	status, _ := ask(s.t, s.url+"/api/v1/ratings", "application/json", string(body))
	return status == http.StatusCreated
}

// at lets the device's clock say something else until the test ends.
func at(t testing.TB, clock func(fact.Stamp) fact.Stamp) {
	t.Helper()
	was := stamp
	stamp = func() fact.Stamp { return clock(was()) }
	t.Cleanup(func() { stamp = was })
}

// validID is a receipt id that no server knows.
func validID(t testing.TB) string {
	t.Helper()
	id, err := receipt.NewID(nil)
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}
