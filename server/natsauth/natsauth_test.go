package natsauth_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/server/keyring"
	"hailong/server/natsauth"
	"hailong/server/natsauth/natsauthtest"
)

// Nobody comes in without a credential of this realm and the key that it is for.
func TestWhoIsNotLetIn(t *testing.T) {
	f := newField(t)
	key, other := natsauthtest.Key(t), natsauthtest.Key(t)
	good := f.credential(key)
	elsewhere, err := natsauthtest.New(t).Realm.Kiosk(key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	// The head and the signature of one, the claims of another.
	one, another := strings.Split(good, "."), strings.Split(f.credential(other), ".")
	forged := strings.Join([]string{one[0], another[1], one[2]}, ".")
	for name, options := range map[string][]nats.Option{
		"anonymous":          nil,
		"a password":         {nats.UserInfo("admin", "admin")},
		"a token":            {nats.Token("x")},
		"another's key":      {natsauthtest.As(good, other)},
		"no signature":       {nats.UserJWT(func() (string, error) { return good, nil }, func([]byte) ([]byte, error) { return nil, nil })},
		"another operator's": {natsauthtest.As(elsewhere, key)},
		"changed claims":     {natsauthtest.As(forged, other)},
		"a JWT that is none": {natsauthtest.As("x", key)},
	} {
		nc, err := nats.Connect(f.b.URL(), options...)
		if err == nil {
			nc.Close()
			t.Errorf("%s: let in", name)
		} else if !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: %v", name, err)
		}
	}
	nc, err := nats.Connect(f.b.URL(), natsauthtest.As(good, key))
	if err != nil {
		t.Fatal("who has both is not let in: ", err)
	}
	nc.Close()
}

// The same ring gives the same realm, on every server.
func TestRealmFollowsFromTheRing(t *testing.T) {
	ring, err := keyring.New()
	if err != nil {
		t.Fatal(err)
	}
	one, other, third := natsauthtest.Of(t, ring), natsauthtest.Of(t, ring), natsauthtest.New(t)
	ids := func(r *natsauthtest.Realm) [3]string {
		a, err := r.Accounts(nil)
		if err != nil {
			t.Fatal(err)
		}
		return [3]string{a.System.ID, a.Servers.ID, a.Devices.ID}
	}
	if ids(one) != ids(other) || ids(one) == ids(third) {
		t.Error(ids(one), ids(other), ids(third))
	}
	if _, err := one.Realm.Kiosk(make([]byte, 31)); err == nil {
		t.Error("a credential for a key that is none")
	}
}

// cluster is a NATS server of its own, by the configuration that the realm
// prints, with two servers beside it.
type cluster struct {
	*natsauthtest.Realm
	t       *testing.T
	nats    *server.Server
	dir     string
	mu      sync.Mutex
	revoked [][]byte
	ready   bool
	keepers []*natsauth.Keeper
}

func newCluster(t *testing.T) *cluster {
	c := &cluster{Realm: natsauthtest.New(t), t: t, dir: t.TempDir(), ready: true}
	c.start(server.RANDOM_PORT)
	t.Cleanup(func() { c.nats.Shutdown(); c.nats.WaitForShutdown() })
	return c
}

func (c *cluster) start(port int) {
	c.t.Helper()
	text, err := c.Config()
	if err != nil {
		c.t.Fatal(err)
	}
	for old, new := range map[string]string{
		"0.0.0.0:4222": "127.0.0.1:4222", "./accounts": filepath.Join(c.dir, "accounts"), "./jetstream": filepath.Join(c.dir, "jetstream"),
	} {
		if !strings.Contains(text, old) {
			c.t.Fatalf("no %s in %s", old, text)
		}
		text = strings.ReplaceAll(text, old, new)
	}
	name := filepath.Join(c.dir, "nats.conf")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	o, err := server.ProcessConfigFile(name)
	if err != nil {
		c.t.Fatal(err)
	}
	o.Port, o.NoSigs, o.NoLog = port, true, true
	if c.nats, err = server.NewServer(o); err != nil {
		c.t.Fatal(err)
	}
	go c.nats.Start()
	if !c.nats.ReadyForConnections(time.Minute) {
		c.t.Fatal("not ready")
	}
}

// connect gives the bus of somebody, who is let in.
func (c *cluster) connect(o bus.Options) *bus.Bus {
	c.t.Helper()
	o.URL = c.nats.ClientURL()
	b, err := bus.Connect(o)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(b.Close)
	_, done, err := b.Connected(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	done()
	return b
}

// keeper runs as a server has it.
func (c *cluster) keeper() {
	c.t.Helper()
	user, err := c.Admin()
	if err != nil {
		c.t.Fatal(err)
	}
	admin := c.connect(bus.Options{JWT: func() (string, error) { return user.JWT, nil }, Key: user.Key})
	k := natsauth.NewKeeper(natsauth.KeeperOptions{
		Realm: c.Realm.Realm, Broker: admin, Log: slog.New(slog.NewTextHandler(c.t.Output(), nil)),
		Revoked: func(context.Context) ([][]byte, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.revoked, nil
		},
		Ready: func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.ready },
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = k.Run(ctx) }()
	c.t.Cleanup(func() { cancel(); <-ended })
	c.keepers = append(c.keepers, k)
}

func (c *cluster) revoke(keys ...ed25519.PrivateKey) {
	c.mu.Lock()
	for _, key := range keys {
		c.revoked = append(c.revoked, key.Public().(ed25519.PublicKey))
	}
	c.mu.Unlock()
	for _, k := range c.keepers {
		k.Changed()
	}
}

// A cluster outside serves servers and devices by the printed configuration;
// whose key is revoked is cut off, and stays out over restarts of NATS.
func TestClusterOutside(t *testing.T) {
	c := newCluster(t)
	if nc, err := nats.Connect(c.nats.ClientURL()); !errors.Is(err, nats.ErrAuthorization) {
		nc.Close()
		t.Fatal(err)
	}
	first, second := c.connect(c.Server(bus.Options{}, natsauthtest.Key(t))), c.connect(c.Server(bus.Options{}, natsauthtest.Key(t)))
	for _, b := range []*bus.Bus{first, second} {
		if _, err := b.EnsureStream(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.keeper()
	c.keeper()
	keys := []ed25519.PrivateKey{natsauthtest.Key(t), natsauthtest.Key(t), natsauthtest.Key(t)}
	var kiosks []*bus.Bus
	for _, key := range keys {
		kiosks = append(kiosks, c.connect(c.Kiosk(bus.Options{}, key)))
	}
	sends := func(b *bus.Bus) error {
		a, err := b.Publish(fact.OriginID{1}, []byte("x"), fact.Mark{})
		if err == nil {
			_, err = a.Wait(t.Context())
		}
		return err
	}
	for _, b := range kiosks {
		if err := sends(b); err != nil {
			t.Fatal(err)
		}
	}
	out := func(i int) {
		t.Helper()
		until(t, "cut off", func() bool { up, err := kiosks[i].State(); return !up && bus.Refused(err) })
	}
	// Two at once, then one more: what was revoked before stays so.
	c.revoke(keys[0], keys[1])
	out(0)
	out(1)
	if err := sends(kiosks[2]); err != nil {
		t.Fatal("another's revocation: ", err)
	}
	port := c.nats.Addr().(*net.TCPAddr).Port
	c.nats.Shutdown()
	c.nats.WaitForShutdown()
	c.start(port)
	until(t, "the third is back", func() bool { return sends(kiosks[2]) == nil })
	c.revoke(keys[2])
	out(2)
	for i := range kiosks {
		if up, err := kiosks[i].State(); up || !bus.Refused(err) {
			t.Errorf("kiosk %d: %v %v", i, up, err)
		}
	}
}

// A server that has not read everything yet, as one put back from a backup, does
// not let in again whom others have shut out.
func TestKeeperWaitsUntilItHasReadAll(t *testing.T) {
	c := newCluster(t)
	c.keeper()
	key := natsauthtest.Key(t)
	kiosk := c.connect(c.Kiosk(bus.Options{}, key))
	c.revoke(key)
	until(t, "cut off", func() bool { up, err := kiosk.State(); return !up && bus.Refused(err) })
	c.mu.Lock()
	c.revoked, c.ready = nil, false // of the next keeper
	c.mu.Unlock()
	c.keeper()
	nc, err := nats.Connect(c.nats.ClientURL(), natsauthtest.As(c.credential(key), key))
	if !errors.Is(err, nats.ErrAuthorization) && !errors.Is(err, nats.ErrAuthRevoked) {
		nc.Close()
		t.Fatal(err)
	}
	// Once it has, it tells what holds.
	c.mu.Lock()
	c.ready = true
	c.mu.Unlock()
	until(t, "let in", func() bool { up, _ := kiosk.State(); return up })
}

func (c *cluster) credential(key ed25519.PrivateKey) string {
	c.t.Helper()
	token, err := c.Realm.Realm.Kiosk(key.Public().(ed25519.PublicKey))
	if err != nil {
		c.t.Fatal(err)
	}
	return token
}
