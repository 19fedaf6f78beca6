package account

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/broker"
	"hailong/server/keyring"
	"hailong/server/natsauth/natsauthtest"
	"hailong/server/projection"
	"hailong/server/words"
)

// world is some servers that share their keys and a broker. Facts and words go
// straight from each to all: what is tested is what they make of them.
type world struct {
	t     *testing.T
	ring  *keyring.Ring
	realm *natsauthtest.Realm
	dir   string
	port  int
	b     *broker.Broker
	nodes []*node

	mu    sync.Mutex
	clock time.Time // see now
	runs  bool      // it is the real one
}

// node is one server.
type node struct {
	*Gate
	w        *world
	out      *outbox.Outbox
	proj     *projection.Projection
	words    *words.Store
	stop     func()
	ahead    atomic.Int64 // of its clock, ms
	bus      *bus.Bus
	batches  uint64 // that its projection took
	numbers  map[fact.OriginID]uint64
	deaf     bool // takes no facts for now
	wordless bool // and no words of others
}

func newWorld(t *testing.T, servers int) *world {
	t.Helper()
	ring, err := keyring.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ring: ring, realm: natsauthtest.Of(t, ring), dir: filepath.Join(t.TempDir(), "stream"),
		clock: time.Now().Truncate(stepSeconds * time.Second).Add(stepSeconds / 3 * time.Second)} // within a step of second factors
	w.startBroker()
	t.Cleanup(func() { w.b.Close() })
	for range servers {
		w.nodes = append(w.nodes, w.node())
	}
	_, err = w.nodes[0].Append(t.Context(),
		fact.Entry{Kind: fact.KindUnitKind, Body: &fact.UnitKind{Code: "so", Name: "Sở"}},
		fact.Entry{Kind: fact.KindUnit, Body: &fact.Unit{Code: "SXD", Name: "Sở Xây dựng", Kind: "so"}},
		fact.Entry{Kind: fact.KindDesk, Body: &fact.Desk{Code: "D1", Unit: "SXD", Name: "Bộ phận một cửa", Service: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) startBroker() {
	w.t.Helper()
	var err error
	if w.b, err = broker.Start(w.realm.Broker(broker.Options{Dir: w.dir, Port: w.port})); err != nil {
		w.t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(w.b.Addr())
	w.port, _ = strconv.Atoi(port)
}

// now is the clock of all servers. It moves by itself a millisecond each time that
// somebody looks, whatever a busy machine takes meanwhile, and otherwise by pass.
func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.runs {
		return time.Now()
	}
	w.clock = w.clock.Add(time.Millisecond)
	return w.clock
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	w.clock = w.clock.Add(d)
	w.mu.Unlock()
}

// node starts a server whose sessions follow the others'.
func (w *world) node() *node {
	w.t.Helper()
	n := &node{w: w, numbers: map[fact.OriginID]uint64{}}
	dir, ctx := w.t.TempDir(), context.Background()
	key := natsauthtest.Key(w.t)
	var err error
	if n.out, err = outbox.Open(ctx, filepath.Join(dir, "outbox.db"), outbox.Options{
		Key: key, Role: fact.RoleServer, Name: "server", Member: w.ring.Member(key.Public().(ed25519.PublicKey)),
		Stamp: func() fact.Stamp {
			s := outbox.SystemStamp()
			s.Wall = w.now().UnixMilli() + n.ahead.Load()
			return s
		},
	}); err != nil {
		w.t.Fatal(err)
	}
	if n.proj, err = projection.Open(ctx, filepath.Join(dir, "server.db"), projection.Options{
		Server: "s" + strconv.Itoa(len(w.nodes)+1), Keys: w.ring, Log: slog.New(slog.DiscardHandler), CacheKiB: 2048,
	}); err != nil {
		w.t.Fatal(err)
	}
	if n.words, err = words.Open(ctx, filepath.Join(dir, "words.db"), w.ring); err != nil {
		w.t.Fatal(err)
	}
	if n.bus, err = bus.Connect(w.realm.Server(bus.Options{URL: "nats://127.0.0.1:" + strconv.Itoa(w.port), Replicas: 1}, key)); err != nil {
		w.t.Fatal(err)
	}
	n.stop = n.start()
	w.t.Cleanup(func() {
		n.stop()
		n.bus.Close()
		if err := errors.Join(n.proj.Close(), n.out.Close(), n.words.Close()); err != nil {
			w.t.Error(err)
		}
	})
	return n
}

// start makes the gate anew, as a process that starts does.
func (n *node) start() (stop func()) {
	n.w.t.Helper()
	g, err := New(Options{Recorder: n, Projection: n.proj, DB: n.proj.Reader(), Words: n.words, Keys: n.w.ring, Bus: n.bus, Now: n.w.now, Settle: 20 * time.Millisecond})
	if err != nil {
		n.w.t.Fatal(err)
	}
	n.Gate = g
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			n.w.t.Errorf("the gate's Run: %v", err)
		}
	}
}

// Append records, and gives all servers what there is.
func (n *node) Append(ctx context.Context, entries ...fact.Entry) ([]fact.Ref, error) {
	refs, err := n.out.Append(ctx, entries...)
	if err != nil {
		return refs, err
	}
	for _, m := range n.w.nodes {
		for _, e := range entries {
			if len(e.Words) > 0 && m != n && !m.wordless {
				if err := m.words.Put(ctx, e.Words); err != nil {
					return refs, err
				}
			}
		}
	}
	n.w.deliver()
	return refs, nil
}

// deliver gives each server the facts that it lacks.
func (w *world) deliver() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, from := range w.nodes {
		origin := from.out.Head().Origin
		for _, to := range w.nodes {
			for !to.deaf {
				data, last, err := from.out.Batch(context.Background(), origin, to.numbers[origin], 500, 1<<20)
				if err != nil {
					w.t.Error(err)
				}
				if len(data) == 0 {
					break
				}
				to.numbers[origin] = last
				to.batches++
				err = to.proj.Apply(context.Background(), to.proj.Open([][]byte{data}), projection.Position{Stream: 1, Sequence: to.batches}, true)
				if err != nil {
					w.t.Error(err)
				}
			}
		}
	}
}

// eventually waits until something holds.
func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	limit := time.After(time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-limit:
			w.t.Fatal("never: ", what)
		case <-tick.C:
		}
	}
}

const good = "một câu dễ nhớ của riêng tôi"

// person makes an account with the password good.
func (n *node) person(role access.Role, login string) Account {
	n.w.t.Helper()
	p := Particulars{Role: role, Login: login, Name: "Cán bộ " + login}
	if role.OfUnit() {
		p.Unit = "SXD"
	}
	if role.OfDesk() {
		p.Desk = "D1"
	}
	if role == access.Program {
		p.Login = ""
	}
	x, err := n.Create(n.w.t.Context(), p)
	if err == nil && role != access.Program {
		err = n.Accounts.SetPassword(n.w.t.Context(), x.ID, good)
	}
	if err != nil {
		n.w.t.Fatal(err)
	}
	return x
}

// get gives an account that must be there.
func (n *node) get(id [16]byte) Account {
	n.w.t.Helper()
	x, ok, err := n.ByID(n.w.t.Context(), id)
	if err != nil || !ok {
		n.w.t.Fatal(ok, err)
	}
	return x
}

func wants(t *testing.T, err error, code survey.Code) {
	t.Helper()
	if survey.CodeOf(err) != code {
		t.Errorf("%v, want %q", err, code)
	}
}
