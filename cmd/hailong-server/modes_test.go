package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// A server does not start on files that others may read or change, or that are
// links, and says what mends it.
func TestFilesThatOthersMayUse(t *testing.T) {
	data := filepath.Join(t.TempDir(), "server")
	startMainOnce(t, data)
	chmod := func(name string, mode os.FileMode) func() error {
		return func() error { return os.Chmod(filepath.Join(data, name), mode) }
	}
	link := func(name string) func() error {
		path := filepath.Join(data, name)
		return func() error { return errors.Join(os.Rename(path, path+".away"), os.Symlink(path+".away", path)) }
	}
	unlink := func(name string) func() error {
		path := filepath.Join(data, name)
		return func() error { return errors.Join(os.Remove(path), os.Rename(path+".away", path)) }
	}
	for _, c := range []struct {
		name      string
		harm, fix func() error
		want      string
	}{
		{"data folder", chmod(".", 0o777), chmod(".", 0o700), "chmod go-w"},
		{"database", chmod("server.db", 0o666), chmod("server.db", 0o600), "chmod go-w"},
		{"own key", chmod("server.key", 0o640), chmod("server.key", 0o600), "chmod 600"},
		{"operator's token", chmod("operator.token", 0o644), chmod("operator.token", 0o600), "chmod 600"},
		{"certificate's key", chmod("tls/server.key", 0o644), chmod("tls/server.key", 0o600), "chmod 600"},
		{"shared key", chmod("../server.keys", 0o644), chmod("../server.keys", 0o600), "chmod 600"},
		{"database elsewhere", link("server.db"), unlink("server.db"), "is a symbolic link"},
		{"outbox elsewhere", link("outbox.db"), unlink("outbox.db"), "is a symbolic link"},
		{"key elsewhere", link("server.key"), unlink("server.key"), "is a symbolic link"},
		{"stream elsewhere", link("stream"), unlink("stream"), "is a symbolic link"},
	} {
		if err := c.harm(); err != nil {
			t.Fatal(c.name, err)
		}
		p := startMain(t, "serve", "--data="+data, "--listen=127.0.0.1:0", "--nats-addr=127.0.0.1:0")
		if code := p.code(); code != 1 || !strings.Contains(p.text(), c.want) || !strings.Contains(strings.ToLower(p.text()), "try: ") {
			t.Errorf("%s: exit %d: %s", c.name, code, p.text())
		}
		if err := c.fix(); err != nil {
			t.Fatal(c.name, err)
		}
	}
	startMainOnce(t, data)
}

// startMainOnce starts a server and stops it again.
func startMainOnce(t *testing.T, data string) {
	t.Helper()
	p := startMain(t, "serve", "--data="+data, "--listen=127.0.0.1:0", "--nats-addr=127.0.0.1:0", "--tls=local")
	p.says("hailong-server is ready")
	if code, _ := p.stop(); code != 0 {
		t.Fatal(p.text())
	}
}

// What others may reach speaks TLS, unless it is said otherwise.
func TestWhatSpeaksTLS(t *testing.T) {
	for _, c := range []struct {
		tls, host string
		want      bool
	}{
		{"", "127.0.0.1", false}, {"", "localhost", false}, {"", "::1", false}, {"", "127.8.0.1", false},
		{"", "", true}, {"", "0.0.0.0", true}, {"", "::", true}, {"", "10.1.2.3", true}, {"", "hailong.example.vn", true},
		{"off", "0.0.0.0", false}, {"local", "127.0.0.1", true}, {"files", "127.0.0.1", true},
	} {
		if got := (&tlsFlags{TLS: c.tls}).covers(c.host); got != c.want {
			t.Errorf("--tls=%s on %q: %v", c.tls, c.host, got)
		}
	}
	for _, args := range [][]string{{"--tls=files"}, {"--tls=files", "--tls-cert=a.pem"}, {"--tls-cert=a.pem", "--tls-key=b.pem"}, {"--tls=local", "--tls-key=b.pem"}, {"--tls=maybe"}} {
		var c cli
		parser, err := kong.New(&c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(append([]string{"serve"}, args...)); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
	if c := flags(t); c.TLS != "" {
		t.Error(c.TLS)
	}
}

// Where NATS listens for others, devices are told a name by which they reach it,
// and whose certificate it has.
func TestWhereDevicesFindNATS(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string // the address but for its port
		ca   bool
	}{
		"this machine alone":  {nil, "nats://127.0.0.1:", false},
		"all addresses":       {[]string{"--nats-addr=0.0.0.0:0", "--public-url=https://hailong.example.vn"}, "tls://hailong.example.vn:", true},
		"all, without TLS":    {[]string{"--nats-addr=0.0.0.0:0", "--public-url=https://hailong.example.vn", "--tls=off"}, "nats://hailong.example.vn:", false},
		"as it is said":       {[]string{"--nats-url=tls://nats.example.vn:4222"}, "tls://nats.example.vn:", false},
		"said, and a network": {[]string{"--nats-addr=0.0.0.0:0", "--nats-url=tls://nats.example.vn:4222"}, "tls://nats.example.vn:", true},
	} {
		s := start(t, filepath.Join(t.TempDir(), "server"), c.args...)
		urls, ca := s.natsURLs()
		if len(urls) != 1 || !strings.HasPrefix(urls[0], c.want) || (ca != "") != c.ca {
			t.Errorf("%s: %v, %q", name, urls, ca)
		}
		s.stop()
	}
}
