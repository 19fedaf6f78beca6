package openid

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

func TestReach(t *testing.T) {
	for address, want := range map[string]reach{
		"8.8.8.8": public, "203.113.131.1": public, "2405:4800::1": public,
		"10.1.2.3": private, "172.16.0.1": private, "172.31.255.255": private, "192.168.1.1": private, "100.64.0.1": private, "fd12:3456::1": private,
		"::ffff:10.1.2.3": private,
		"127.0.0.1":       loopback, "127.9.9.9": loopback, "::1": loopback, "::ffff:127.0.0.1": loopback,
		"169.254.169.254": never, "169.254.170.2": never, "::ffff:169.254.169.254": never, "fe80::1": never, "fe80::1%eth0": never,
		"fd00:ec2::254": never, "100.100.100.200": never, "168.63.129.16": never, "192.0.0.192": never,
		"0.0.0.0": never, "0.1.2.3": never, "::": never, "224.0.0.1": never, "ff02::1": never, "255.255.255.255": never,
		"64:ff9b::a9fe:a9fe": never, "2002:a9fe:a9fe::": never,
	} {
		if got := reachOf(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s lies at %d, want %d", address, got, want)
		}
	}
	if reachOf(netip.Addr{}) != never {
		t.Error("no address may be asked")
	}
}

// A server that counts who connects.
func counting(t *testing.T, h http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var connections atomic.Int64
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s, &connections
}

func (g *guard) get(t *testing.T, address string) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := g.client().Do(r)
	if err == nil {
		_, err = res.Body.Read(make([]byte, 1))
		res.Body.Close()
	}
	return err
}

// The client of a public issuer does not even connect to this machine or the
// network inside, that of a private one not to this machine.
func TestGuard(t *testing.T) {
	s, connections := counting(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("inside")) })
	for _, depth := range []reach{public, private} {
		g := &guard{host: "example.vn", known: true, depth: depth}
		if err := g.get(t, s.URL); !errors.Is(err, errAddress) {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	own := &guard{host: "127.0.0.1"}
	if err := own.get(t, s.URL); err != nil {
		t.Errorf("an issuer of this machine: %v", err)
	}
	for _, address := range []string{"http://169.254.169.254/", "http://[fe80::1]/", "http://100.100.100.200/", "http://0.0.0.0:1/"} {
		if err := own.get(t, address); !errors.Is(err, errAddress) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if ok, err := own.allows(context.Background(), netip.MustParseAddr("10.0.0.1")); !ok || err != nil {
		t.Errorf("beside it, what is private: %v %v", ok, err)
	}
}

// It follows nobody, and reads only so much.
func TestClient(t *testing.T) {
	var elsewhere atomic.Bool
	other, _ := counting(t, func(w http.ResponseWriter, _ *http.Request) { elsewhere.Store(true) })
	s, _ := counting(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, other.URL, http.StatusFound)
			return
		}
		_, _ = w.Write([]byte(strings.Repeat("x", maxAnswer+1)))
	})
	g := &guard{host: "127.0.0.1"}
	if err := g.get(t, s.URL+"/away"); err == nil || elsewhere.Load() {
		t.Errorf("a redirect is followed: %v", err)
	}
	res, err := g.client().Get(s.URL + "/much")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	read, b := 0, make([]byte, 64<<10)
	for err == nil {
		var n int
		n, err = res.Body.Read(b)
		read += n
	}
	if read > maxAnswer || err.Error() == "EOF" {
		t.Errorf("%d bytes read: %v", read, err)
	}
	if g.client().Timeout != patience {
		t.Error("it waits for ever")
	}
}
