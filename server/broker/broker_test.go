package broker

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func start(t *testing.T, o Options) *Broker {
	t.Helper()
	b, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What was acked is there after a stop and a start on the same directory, over
// a socket and in the process.
func TestKeepsWhatItAcked(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	b := start(t, Options{Dir: dir})
	if !strings.HasPrefix(b.Addr(), "127.0.0.1:") {
		t.Fatalf("listens on %s", b.Addr())
	}
	nc, err := nats.Connect("", nats.InProcessServer(b))
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

	b = start(t, Options{Dir: dir})
	defer b.Close()
	if nc, err = nats.Connect(b.URL()); err != nil {
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
	held := t.TempDir()
	b := start(t, Options{Dir: held})
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
		o    Options
		want string
	}{
		{"no directory", Options{}, "--stream-dir"},
		{"directory in use", Options{Dir: held}, "stop it, or give another --stream-dir"},
		{"directory is a file", Options{Dir: file}, "directory for the streams"},
		{"port in use", Options{Dir: free, Port: l.Addr().(*net.TCPAddr).Port}, "is another program listening on 127.0.0.1:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := Start(c.o)
			if err == nil {
				b.Close()
				t.Fatal("started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%q does not say %q", err, c.want)
			}
		})
	}
	start(t, Options{Dir: free}).Close()
}
