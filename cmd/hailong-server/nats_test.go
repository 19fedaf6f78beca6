package main

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"hailong/internal/bus"
	"hailong/internal/outbox"
	"hailong/server/api"
	"hailong/server/certify"
	"hailong/server/keyring"
	"hailong/server/natsauth/natsauthtest"
)

// outside is a NATS server by what `hailong-server nats-config` prints, over TLS.
// It gives the flags of a server beside it.
func outside(t *testing.T, dir string) (flags []string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(dir, "servers.keys")
	print := exec.Command(self, "nats-config", "--data="+filepath.Join(dir, "a"), "--keys="+keys)
	print.Env = append(os.Environ(), asMain+"=1")
	text, err := print.Output()
	if err != nil {
		t.Fatal(err)
	}
	here := strings.NewReplacer("./accounts", filepath.Join(dir, "accounts"), "./jetstream", filepath.Join(dir, "jetstream"))
	config := filepath.Join(dir, "nats.conf")
	if err := os.WriteFile(config, []byte(here.Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Open(keys, false)
	if err != nil {
		t.Fatal("the first command makes the keys: ", err)
	}
	cert, err := certify.Local(filepath.Join(dir, "tls"), ring, []string{"127.0.0.1"}, certify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(dir, "nats-ca.pem")
	if err := os.WriteFile(ca, []byte(cert.CA()), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := natsserver.ProcessConfigFile(config)
	if err != nil {
		t.Fatal(err)
	}
	o.Host, o.Port, o.NoSigs, o.NoLog = "127.0.0.1", natsserver.RANDOM_PORT, true, true
	o.TLS, o.TLSConfig = true, cert.Config()
	s, err := natsserver.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("not ready")
	}
	return []string{"--keys=" + keys, "--servers=a,b", "--nats=" + s.ClientURL(), "--nats-ca=" + ca}
}

// Two servers and a kiosk over NATS outside, by the printed configuration; a key
// that is revoked at one server is cut off by NATS at once.
func TestNATSOutside(t *testing.T) {
	dir := t.TempDir()
	flags := outside(t, dir)
	a := start(t, filepath.Join(dir, "a"), append(flags, "--name=a")...)
	a.organise(nil)
	b := start(t, filepath.Join(dir, "b"), append(flags, "--name=b")...)
	data := filepath.Join(dir, "kiosk")
	c := a.codeFor("K01")
	if said, code := bring(t, data, "--server="+c.Server, "--code="+c.Code); code != 0 {
		t.Fatal(said)
	}
	k := startEnrolled(t, data)
	k.placed()
	receipts := b.register("MC-VPUB", anHourAgo(), code(1), code(2), code(3), code(4), code(5))
	for _, r := range receipts {
		k.rate(r.URL, 5, "")
	}
	agree(t, []*counter{k}, a, b)
	if n := b.index("VPUB", "administrative").Answers; n != 5 {
		t.Errorf("%d answers count", n)
	}
	cutOff(t, a, b, data)
}

// With the NATS server inside it is the same.
func TestRevokedIsCutOff(t *testing.T) {
	s := organised(t)
	data := t.TempDir()
	c := s.codeFor("K01")
	if said, code := bring(t, data, "--server="+c.Server, "--code="+c.Code); code != 0 {
		t.Fatal(said)
	}
	cutOff(t, s, s, data)
}

// cutOff connects by a device's key beside it, revokes the key at one server, and
// waits until NATS, as another server knows it, lets it in no more.
func cutOff(t *testing.T, by, at *station, data string) {
	t.Helper()
	urls, ca := at.natsURLs()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(ca))
	var over []nats.Option
	if ca != "" {
		over = append(over, nats.Secure(&tls.Config{RootCAs: roots}))
	}
	if nc, err := nats.Connect(urls[0], over...); !errors.Is(err, nats.ErrAuthorization) {
		nc.Close()
		t.Errorf("anonymous: %v", err)
	}
	key, err := outbox.LoadKey(filepath.Join(data, "kiosk.key"))
	if err != nil {
		t.Fatal(err)
	}
	o := natsauthtest.Of(t, at.keys).Kiosk(bus.Options{URL: strings.Join(urls, ","), CA: []byte(ca)}, key)
	beside, err := bus.Connect(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(beside.Close)
	link, done, err := beside.Connected(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	by.postJSON("/api/v1/kiosks/revoke", api.RevokeRequest{Key: hexOf(key.Public().(ed25519.PublicKey)), Reason: "mất máy"}, 200, nil)
	begin := time.Now()
	<-link.Done()
	t.Logf("cut off after %s", time.Since(begin))
	eventually(t, "it is told why", func() bool { up, err := beside.State(); return !up && bus.Refused(err) })
}
