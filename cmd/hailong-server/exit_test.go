package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience is what Ctrl-C may take at the very most; by design it is three
// seconds, and machines that run tests are busy.
const patience = 8 * time.Second

// Ctrl-C ends server and kiosk soon and without fault, also with live pages open
// and connections kept.
func TestCtrlC(t *testing.T) {
	data := filepath.Join(t.TempDir(), "server")
	p := startMain(t, "serve", "--data="+data, "--listen=127.0.0.1:0", "--nats-addr=127.0.0.1:0")
	s := &station{t: t, url: p.says(`msg="hailong-server is ready" pages=(\S+)`)}
	token, err := os.ReadFile(filepath.Join(data, "operator.token"))
	if err != nil {
		t.Fatal(err)
	}
	s.token = strings.TrimSpace(string(token))
	s.organise(nil)
	k := startKiosk(t, p.says(`ready.* pages=(\S+)`), t.TempDir())
	s.admit("K01", k.key())
	k.placed()
	for range 3 {
		until(t, s.live("MC-VPUB"), 0)
	}
	k.rate("", 5, "")
	for _, one := range []*process{k.process, p} {
		address := strings.TrimPrefix(s.url, "http://")
		if one == k.process {
			address = strings.TrimPrefix(k.url, "http://")
		}
		idle, err := net.Dial("tcp", address) // says nothing, and half a request
		if err != nil {
			t.Fatal(err)
		}
		defer idle.Close()
		half, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer half.Close()
		if _, err := half.Write([]byte("GET / HTTP/1.1\r\nHos")); err != nil {
			t.Fatal(err)
		}
		code, took := one.stop()
		if code != 0 || took > patience {
			t.Errorf("%v ended with %d after %v:\n%s", one.cmd.Args, code, took, tail(one.text(), 2000))
		}
		t.Logf("%s ended after %v", filepath.Base(one.cmd.Path), took)
		if strings.Contains(one.text(), "panic") || strings.Contains(one.text(), "level=ERROR") {
			t.Errorf("%v: %s", one.cmd.Args, tail(one.text(), 2000))
		}
	}
}

// What keeps a program from starting is one sentence that ends with what to try.
func TestWhatToTryWhenItDoesNotStart(t *testing.T) {
	s := organised(t)
	taken, natsTaken := s.Addr(), strings.TrimPrefix(s.NATS(), "nats://")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	lost := filepath.Join(t.TempDir(), "lost")
	first := start(t, lost)
	first.stop()
	if err := os.Remove(lost + ".keys"); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(t.TempDir(), "open")
	start(t, open).stop()
	if err := os.Chmod(open+".keys", 0o644); err != nil {
		t.Fatal(err)
	}
	fresh := func() string { return "--data=" + filepath.Join(t.TempDir(), "server") }
	const any, anyNATS = "--listen=127.0.0.1:0", "--nats-addr=127.0.0.1:0"
	for name, c := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"port in use":          {[]string{"serve", fresh(), "--listen=" + taken, anyNATS}, 1, []string{taken, "try another --listen"}},
		"NATS port in use":     {[]string{"serve", fresh(), any, "--nats-addr=" + natsTaken}, 1, []string{natsTaken, "is another program listening on"}},
		"no NATS address":      {[]string{"serve", fresh(), any, "--nats-addr=nowhere"}, 1, []string{"try: --nats-addr=127.0.0.1:4222"}},
		"data is a file":       {[]string{"serve", "--data=" + file, any, anyNATS}, 1, []string{"try another --data"}},
		"data can't be made":   {[]string{"serve", "--data=" + filepath.Join(file, "x"), any, anyNATS}, 1, []string{"try another --data"}},
		"key file missing":     {[]string{"serve", "--data=" + lost, any, anyNATS}, 1, []string{lost + ".keys is missing", "put the file back"}},
		"key file open to all": {[]string{"serve", "--data=" + open, any, anyNATS}, 1, []string{"try: chmod 600 " + open + ".keys"}},
		"map is none":          {[]string{"serve", fresh(), any, anyNATS, "--map=" + file}, 1, []string{"--map=" + file, "not JSON", "try a GeoJSON file"}},
		"map is missing":       {[]string{"serve", fresh(), any, anyNATS, "--map=" + file + "x"}, 1, []string{file + "x", "try a GeoJSON file"}},
		"servers without this": {[]string{"serve", fresh(), any, anyNATS, "--servers=s2,s3"}, 1, []string{"does not name this server", "try: --servers=s1,"}},
		"folder in use":        {[]string{"serve", "--data=" + s.c.Data, any, anyNATS}, 1, []string{"another process has this outbox open", "stop it"}},
		"outbox in use":        {[]string{"serve", "--data=" + s.c.Data, any, "--nats=" + s.NATS()}, 1, []string{"stop it"}},
		"wrong word":           {[]string{"serve", "--nonsense"}, 2, []string{"--nonsense"}},
		"wrong command":        {[]string{"nonsense"}, 2, []string{"nonsense"}},
		"wrong time":           {[]string{"serve", "--retention=soon"}, 2, []string{"--retention"}},
	} {
		p := startMain(t, c.args...)
		code := p.code()
		if code != c.code {
			t.Errorf("%s: ended with %d", name, code)
		}
		for _, want := range c.want {
			if !strings.Contains(p.text(), want) {
				t.Errorf("%s: %q does not say %q", name, p.text(), want)
			}
		}
		if text := p.text(); strings.Contains(text, "goroutine ") || code == 1 && strings.Count("\n"+text, "\nhailong-server: ") != 1 {
			t.Errorf("%s: not one sentence: %s", name, text)
		}
	}
	// Whoever was there first goes on.
	if a := ask(t, "GET", s.url+"/readyz", ""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
