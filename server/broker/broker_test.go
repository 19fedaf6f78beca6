package broker_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/server/broker"
	"hailong/server/natsauth/natsauthtest"
)

func start(t *testing.T, o broker.Options) *broker.Broker {
	t.Helper()
	b, err := broker.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What was acked is there after a stop and a start on the same directory, over
// a socket and in the process.
func TestKeepsWhatItAcked(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	realm := natsauthtest.New(t)
	b := start(t, realm.Broker(broker.Options{Dir: dir}))
	if !strings.HasPrefix(b.Addr(), "127.0.0.1:") {
		t.Fatalf("listens on %s", b.Addr())
	}
	nc, err := nats.Connect("", nats.InProcessServer(b), realm.Option())
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: "T", Subjects: []string{"t.>"}}); err != nil {
		t.Fatal(err)
	}
	if _, err = js.Publish(ctx, "t.a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	b.Close()

	b = start(t, realm.Broker(broker.Options{Dir: dir}))
	defer b.Close()
	if nc, err = nats.Connect(b.URL(), realm.Option()); err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(ctx, "T")
	if err != nil {
		t.Fatal(err)
	}
	if n := s.CachedInfo().State.Msgs; n != 1 {
		t.Fatalf("%d messages after the restart", n)
	}
}

// Every refusal to start says what to try, and leaves nothing locked.
func TestRefusals(t *testing.T) {
	held, realm := t.TempDir(), natsauthtest.New(t)
	b := start(t, realm.Broker(broker.Options{Dir: held}))
	defer b.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	free := t.TempDir()
	for _, c := range []struct {
		name string
		o    broker.Options
		want string
	}{
		{"no directory", realm.Broker(broker.Options{}), "--stream-dir"},
		{"directory in use", realm.Broker(broker.Options{Dir: held}), "stop it, or give another --stream-dir"},
		{"directory is a file", realm.Broker(broker.Options{Dir: file}), "directory for the streams"},
		{"nobody to trust", broker.Options{Dir: free}, "operator"},
		{"port in use", realm.Broker(broker.Options{Dir: free, Port: l.Addr().(*net.TCPAddr).Port}), "is another program listening on 127.0.0.1:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := broker.Start(c.o)
			if err == nil {
				b.Close()
				t.Fatal("started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%q does not say %q", err, c.want)
			}
		})
	}
	start(t, realm.Broker(broker.Options{Dir: free})).Close()
}

// The streams of a version before accounts are those of the servers' account.
func TestAdoptsStreams(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	before, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, JetStream: true, StoreDir: dir, SyncAlways: true})
	if err != nil {
		t.Fatal(err)
	}
	go before.Start()
	if !before.ReadyForConnections(time.Minute) {
		t.Fatal("not ready")
	}
	nc, err := nats.Connect(before.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "T", Subjects: []string{"t.>"}})
	if err != nil {
		t.Fatal(err)
	}
	created := s.CachedInfo().Created
	if _, err = js.Publish(ctx, "t.a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	before.Shutdown()
	before.WaitForShutdown()

	realm := natsauthtest.New(t)
	for range 2 {
		b := start(t, realm.Broker(broker.Options{Dir: dir}))
		if nc, err = nats.Connect(b.URL(), realm.Option()); err != nil {
			t.Fatal(err)
		}
		if js, err = jetstream.New(nc); err != nil {
			t.Fatal(err)
		}
		if s, err = js.Stream(ctx, "T"); err != nil {
			t.Fatal(err)
		}
		m, err := s.GetMsg(ctx, 1)
		if err != nil || string(m.Data) != "x" || !s.CachedInfo().Created.Equal(created) {
			t.Fatal(m, err, s.CachedInfo().Created, created)
		}
		nc.Close()
		b.Close()
	}
}
