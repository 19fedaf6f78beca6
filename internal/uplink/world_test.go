package uplink_test

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/uplink"
	"hailong/server/broker"
	"hailong/server/natsauth/natsauthtest"
)

// world is a broker, a cuttable way to it, servers and one kiosk.
type world struct {
	t     testing.TB
	dir   string
	port  int
	b     *broker.Broker
	proxy *proxy
	nats  *natsauthtest.Realm
	log   *slog.Logger // shown where a test fails
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, dir: t.TempDir() + "/stream", nats: natsauthtest.New(t), log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	w.startBroker()
	w.proxy = newProxy(t, "127.0.0.1:"+strconv.Itoa(w.port))
	t.Cleanup(func() { w.b.Close() })
	return w
}

func (w *world) startBroker() {
	w.t.Helper()
	b, err := broker.Start(w.nats.Broker(broker.Options{Dir: w.dir, Port: w.port, Log: w.log}))
	if err != nil {
		w.t.Fatal(err)
	}
	w.b = b
	_, port, _ := net.SplitHostPort(b.Addr())
	w.port, _ = strconv.Atoi(port)
}

// restartBroker stops it, does something to its store, and starts it.
func (w *world) restartBroker(meanwhile func(dir string)) {
	w.t.Helper()
	w.b.Close()
	if meanwhile != nil {
		meanwhile(w.dir)
	}
	w.startBroker()
}

func (w *world) loseStore(dir string) {
	if err := os.RemoveAll(dir); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) connect(o bus.Options) *bus.Bus {
	w.t.Helper()
	o.Log = w.log
	b, err := bus.Connect(o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(b.Close)
	return b
}

// direct is a server's bus.
func (w *world) direct() *bus.Bus {
	w.t.Helper()
	return w.connect(w.nats.Server(bus.Options{URL: "nats://127.0.0.1:" + strconv.Itoa(w.port)}, natsauthtest.Key(w.t)))
}

// tells is a server that makes the stream and tells devices of it, and nothing
// else.
func (w *world) tells() (stop func()) {
	w.t.Helper()
	b := w.direct()
	ctx, done := context.WithTimeout(context.Background(), time.Minute)
	defer done()
	link, release, err := b.Connected(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	defer release()
	if _, err := b.EnsureStream(link); err != nil {
		w.t.Fatal(err)
	}
	if stop, err = b.ServeDevices(); err != nil {
		w.t.Fatal(err)
	}
	return stop
}

// through is a device's bus, by the way that can be cut.
func (w *world) through(key ed25519.PrivateKey) *bus.Bus {
	w.t.Helper()
	return w.connect(w.nats.Kiosk(bus.Options{URL: "nats://" + w.proxy.addr}, key))
}

// eventually waits until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("never: %s", what)
		}
	}
}

// kiosk is an outbox with its uplink.
type kiosk struct {
	w       *world
	path    string
	key     ed25519.PrivateKey
	servers []string
	clock   func(fact.Clock)
	boot    [16]byte
	stall   time.Duration

	box  *outbox.Outbox
	bus  *bus.Bus
	up   *uplink.Uplink
	stop func()
}

func (w *world) kiosk(servers ...string) *kiosk {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	k := &kiosk{w: w, path: filepath.Join(w.t.TempDir(), "outbox.db"), key: key, servers: servers, stall: 200 * time.Millisecond}
	w.t.Cleanup(func() { k.shut() })
	return k
}

func (k *kiosk) stamp() fact.Stamp {
	s := outbox.SystemStamp()
	s.Boot = k.boot
	return s
}

func (k *kiosk) public() ed25519.PublicKey { return k.key.Public().(ed25519.PublicKey) }

// open opens the outbox alone.
func (k *kiosk) open() {
	k.w.t.Helper()
	box, err := outbox.Open(context.Background(), k.path, outbox.Options{Key: k.key, Role: fact.RoleKiosk, Stamp: k.stamp})
	if err != nil {
		k.w.t.Fatal(err)
	}
	k.box = box
}

// start opens the outbox, where it is not open, and runs the uplink.
func (k *kiosk) start() {
	k.w.t.Helper()
	if k.box == nil {
		k.open()
	}
	k.bus = k.w.through(k.key)
	o := uplink.Options{
		Outbox: k.box, Bus: k.bus, Servers: func() []string { return k.servers },
		Stamp: k.stamp, Answer: 300 * time.Millisecond, Stall: k.stall, Log: k.w.log,
	}
	if k.clock != nil {
		box := k.box
		o.Clock = func(ctx context.Context, c fact.Clock) error {
			_, err := box.Append(ctx, fact.Entry{Kind: fact.KindClock, Body: &c})
			k.clock(c)
			return err
		}
	}
	k.up = uplink.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	up := k.up
	go func() { defer close(done); _ = up.Run(ctx) }()
	k.stop = func() { cancel(); <-done; k.bus.Close() }
}

// shut ends uplink and outbox.
func (k *kiosk) shut() {
	if k.stop != nil {
		k.stop()
		k.stop = nil
	}
	if k.box != nil {
		if err := k.box.Close(); err != nil {
			k.w.t.Error(err)
		}
		k.box = nil
	}
}

// copyTo keeps a copy of the closed outbox; restore puts one back.
func (k *kiosk) copyTo(dir string)  { copyFiles(k.w.t, filepath.Dir(k.path), dir) }
func (k *kiosk) restore(dir string) { copyFiles(k.w.t, dir, filepath.Dir(k.path)) }

func copyFiles(t testing.TB, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// rating is one that can be told from others.
func rating(n uint64) fact.Entry {
	r := &fact.Rating{Session: make([]byte, 16), Nonce: make([]byte, 16), Desk: "D1", Score: 5, Channel: 1, Language: "vi"}
	binary.BigEndian.PutUint64(r.Nonce, n)
	return fact.Entry{Kind: fact.KindRating, Body: r}
}

// add records ratings from..to-1, each by itself or as many at once.
func (k *kiosk) add(from, to uint64, atOnce uint64) (last fact.Ref) {
	k.w.t.Helper()
	for n := from; n < to; {
		var es []fact.Entry
		for ; n < to && uint64(len(es)) < atOnce; n++ {
			es = append(es, rating(n))
		}
		refs, err := k.box.Append(context.Background(), es...)
		if err != nil {
			k.w.t.Fatal(err)
		}
		last = refs[len(refs)-1]
	}
	return last
}
