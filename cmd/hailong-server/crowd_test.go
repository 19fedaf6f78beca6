package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hailong/internal/httpx/httpxtest"
	"hailong/internal/survey"
)

// started is a server as a process of its own, whose memory can be told.
type started struct {
	*process
	*station
}

func startProcess(t *testing.T) started {
	t.Helper()
	data := filepath.Join(t.TempDir(), "server")
	// Not this test's own program, to which the race detector adds. With a limit
	// little garbage is left, so that what is measured is in use.
	p := launch(t, []string{"GOMEMLIMIT=200MiB"}, program(t, "hailong-server"), "serve", "--data="+data, "--listen=127.0.0.1:0", "--nats-addr=127.0.0.1:0")
	s := &station{t: t, url: p.says(`msg="hailong-server is ready" pages=(\S+)`)}
	token, err := os.ReadFile(filepath.Join(data, "operator.token"))
	if err != nil {
		t.Fatal(err)
	}
	s.token = strings.TrimSpace(string(token))
	return started{p, s}
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// memory is the most that the process has had resident so far, in MiB.
func (s started) memory() int {
	s.station.t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "status"))
	if err != nil {
		s.station.t.Fatal(err)
	}
	m := highWater.FindSubmatch(text)
	if m == nil {
		s.station.t.Fatalf("no VmHWM in %s", text)
	}
	kib, err := strconv.Atoi(string(m[1]))
	if err != nil {
		s.station.t.Fatal(err)
	}
	return kib >> 10
}

// TestCrowd: ten thousand connections, of which half have begun a request that
// does not go on, keep nobody else from being served, and take bounded memory.
func TestCrowd(t *testing.T) {
	const mostEach = 64 << 10 // bytes
	many := 10_000
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	// Root may raise what others are given.
	if enough := (unix.Rlimit{Cur: uint64(many) + 1000, Max: uint64(many) + 1000}); limit.Max < enough.Max && unix.Setrlimit(unix.RLIMIT_NOFILE, &enough) != nil {
		many = int(limit.Max) - 1000
		t.Logf("NOT TESTED HERE with 10,000 connections, but with %d: no more files may be open (ulimit -n)", many)
		if many < 100 {
			t.Fatalf("only %d files may be open; try: ulimit -n 11000", limit.Max)
		}
	}
	s := startProcess(t)
	address := strings.TrimPrefix(s.url, "http://")
	before := s.memory()
	served := func(when string) {
		t.Helper()
		for _, path := range []string{"/healthz", "/signin", "/openapi.json"} {
			if a := look(t, s.url+path); a.status != http.StatusOK {
				t.Errorf("%s: %s: %d", when, path, a.status)
			}
		}
	}
	open := make([]net.Conn, 0, many)
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	for i := range many {
		// From many addresses, as the ports of one could be too few.
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i%200))}}
		c, err := dialer.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		open = append(open, c)
		if i%2 == 1 {
			if _, err := io.WriteString(c, "GET /signin HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
				t.Fatalf("connection %d: %v", i, err)
			}
		}
		if i%1000 == 999 {
			served("with " + strconv.Itoa(i+1) + " connections")
		}
	}
	more := s.memory() - before
	t.Logf("%d connections: %d MiB more than the %d MiB before", many, more, before)
	if more<<20 > many*mostEach {
		t.Errorf("%d connections take %d MiB", many, more)
	}
	for _, c := range open {
		c.Close()
	}
	served("after the crowd")
	if code, _ := s.process.stop(); code != 0 {
		t.Errorf("the server ended with %d", code)
	}
}

// TestBombs: what is small and would grow when it is read is refused at once,
// and the server's memory stays bounded.
func TestBombs(t *testing.T) {
	const most = 300 // MiB more than before
	s := startProcess(t)
	before := s.memory()
	var keys strings.Builder
	for i := range 60_000 {
		keys.WriteString(`,"k` + strconv.Itoa(i) + `":0`)
	}
	many := "{" + keys.String()[1:] + "}"
	digits := strings.Repeat("9", 1<<20)
	var bad []httpxtest.Bad
	for _, path := range []string{"/api/v1/receipts", "/api/v1/receipts/reprint", "/api/v1/receipts/page", "/api/v1/slips", "/api/v1/dossiers/events",
		"/api/v1/kiosks/admit", "/api/v1/kiosks/revoke", "/api/v1/forks/decide", "/api/v1/kiosks/codes", "/api/v1/kiosks/enrol", "/api/v1/kiosks/credential", "/api/v1/accounts", "/api/v1/tokens"} {
		for _, body := range []string{
			strings.Repeat("[", 1<<20), strings.Repeat(`{"a":`, 200_000), many, digits, "1e999999999", `{"count":` + digits + `}`, `{"count":1e999999999}`, `{"code":` + strings.Repeat("[", 1<<20) + `}`,
			`{"dossiers":[` + strings.Repeat("{},", 1<<20) + `{}]}`, `{"events":[` + strings.Repeat("{},", 1<<20) + `{}]}`,
			`{"code":"` + strings.Repeat(`\u0000`, 100_000) + `"}`, `"` + strings.Repeat(`\ud800`, 100_000) + `"`, strings.Repeat(" ", 1<<20),
		} {
			bad = append(bad, httpxtest.Post(path, kindJSON, body, ""))
		}
	}
	laughs := "a0: &a0 [ha]\n"
	for i := 1; i < 30; i++ {
		n, m := strconv.Itoa(i), strconv.Itoa(i-1)
		laughs += "a" + n + ": &a" + n + " [" + strings.Repeat("*a"+m+",", 9) + "*a" + m + "]\n"
	}
	merged := "a0: &a0 {x: y}\n"
	for i := 1; i < 30; i++ {
		n, m := strconv.Itoa(i), strconv.Itoa(i-1)
		merged += "a" + n + ": &a" + n + "\n  <<: [" + strings.Repeat("*a"+m+",", 9) + "*a" + m + "]\n  b: {<<: *a" + m + "}\n"
	}
	for _, path := range []string{"/api/v1/organisation", "/api/v1/questionnaires"} {
		for _, body := range []string{
			laughs, merged, "units: &u [*u]\n", "a: &a {b: *a}\n", strings.ReplaceAll(laughs, "a29:", "units:"), strings.ReplaceAll(laughs, "a29:", "questions:"),
			strings.Repeat("[", 100_000), strings.Repeat("{a: ", 100_000), strings.Repeat("- ", 100_000), strings.Repeat("? ", 50_000), strings.Repeat("!!x ", 50_000), strings.Repeat("&a ", 50_000),
			"units: " + digits, "units: 1e999999999", "units: 0x" + digits, "a: |\n" + strings.Repeat(" ", 1<<19), strings.Repeat("---\n", 100_000), many, "%TAG ! " + strings.Repeat("!", 50_000) + "\n",
		} {
			bad = append(bad, httpxtest.Post(path, "application/yaml", body, ""))
		}
	}
	for _, body := range []string{strings.Repeat(",", 1<<20), `"` + strings.Repeat(`""`, 1<<19), strings.Repeat("\n", 1<<20), strings.Repeat("a;b\n", 1<<18)} {
		bad = append(bad, httpxtest.Post("/api/v1/receipts/import", "text/csv", body, ""))
	}
	for _, b := range bad {
		a := ask(t, "POST", s.url+b.Path, b.Body, "Authorization", "Bearer "+s.token, "Content-Type", b.Type)
		if a.status < 400 || a.status > 499 || len(a.body) > 1<<20 {
			t.Errorf("%s %.60q: %d, an answer of %d bytes: %.300s", b.Path, b.Body, a.status, len(a.body), a.body)
		}
	}
	more := s.memory() - before
	t.Logf("%d bombs: %d MiB more than the %d MiB before", len(bad), more, before)
	if more > most {
		t.Errorf("the bombs took %d MiB", more)
	}
	// Unpacked it would be a thousand times as large.
	for _, encoding := range []string{"gzip", "br", "deflate", "zstd", "gzip, gzip"} {
		if a := ask(t, "POST", s.url+"/api/v1/slips", "\x1f\x8b\x08", "Authorization", "Bearer "+s.token, "Content-Type", kindJSON, "Content-Encoding", encoding); a.status != survey.CodeCompressed.Status() {
			t.Errorf("%s: %d %s", encoding, a.status, a.body)
		}
	}
	if a := look(t, s.url+"/healthz"); a.status != http.StatusOK {
		t.Errorf("after all that: %d", a.status)
	}
}
