package uplink_test

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"hailong/internal/bus"
	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/uplink"
	"hailong/server/broker"
)

// world is a broker, a cuttable way to it, servers and one kiosk.
type world struct {
	t     testing.TB
	dir   string
	port  int
	b     *broker.Broker
	proxy *proxy
	log   *slog.Logger // shown where a test fails
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, dir: t.TempDir() + "/stream", log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	w.startBroker()
	w.proxy = newProxy(t, "127.0.0.1:"+strconv.Itoa(w.port))
	t.Cleanup(func() { w.b.Close() })
	return w
}

func (w *world) startBroker() {
	w.t.Helper()
	b, err := broker.Start(broker.Options{Dir: w.dir, Port: w.port, Log: w.log})
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

func (w *world) connect(addr string) *bus.Bus {
	w.t.Helper()
	b, err := bus.Connect(bus.Options{URL: "nats://" + addr, Log: w.log})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(b.Close)
	return b
}

func (w *world) direct() *bus.Bus { return w.connect("127.0.0.1:" + strconv.Itoa(w.port)) }

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
	k.bus = k.w.connect(k.w.proxy.addr)
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

// holder stands for a server: it holds chains, as the stream gives them, and
// tells its marks.
type holder struct {
	t    testing.TB
	id   string
	bus  *bus.Bus
	stop func()

	mu       sync.Mutex
	silent   bool
	refuses  uint64 // holds nothing of this number or above; 0: all
	asked    int
	inc      byte
	pos      bus.Position
	caughtUp bool
	chains   map[fact.OriginID]*held
	forks    int // another fact under a number that is held
}

type held struct {
	facts   []fact.Record // 1, 2, 3 …
	waiting map[uint64]fact.Record
}

func (c *held) clone() *held {
	d := &held{facts: slices.Clone(c.facts), waiting: map[uint64]fact.Record{}}
	for n, r := range c.waiting {
		d.waiting[n] = r
	}
	return d
}

func (w *world) holder(id string) *holder {
	h := &holder{t: w.t, id: id, chains: map[fact.OriginID]*held{}}
	h.start(w)
	return h
}

func (h *holder) start(w *world) {
	h.bus = w.direct()
	h.mu.Lock()
	h.inc++
	h.caughtUp = false
	reader := h.bus.Reader(h.pos, bus.ReaderOptions{Check: 50 * time.Millisecond})
	h.mu.Unlock()
	stopAsk, err := h.bus.OnAsk(func(o fact.OriginID) {
		h.mu.Lock()
		h.asked++
		h.mu.Unlock()
		h.tell(o)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			g, err := reader.Next(ctx)
			if err != nil {
				return
			}
			for _, o := range h.take(g) {
				h.tell(o)
			}
		}
	}()
	var once sync.Once
	h.stop = func() { once.Do(func() { cancel(); <-done; stopAsk(); h.bus.Close() }) }
	w.t.Cleanup(func() { h.stop() })
}

// take applies a group, and gives the origins to tell.
func (h *holder) take(g bus.Group) (tell []fact.OriginID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	touched := map[fact.OriginID]bool{}
	for _, m := range g.Messages {
		b, err := fact.Open(m.Data)
		if err != nil {
			continue
		}
		c := h.chains[b.Origin]
		if c == nil {
			c = &held{waiting: map[uint64]fact.Record{}}
			h.chains[b.Origin] = c
		}
		touched[b.Origin] = true
		for _, r := range b.Records {
			r.Bytes = slices.Clone(r.Bytes)
			h.put(c, r)
		}
	}
	if h.pos, h.caughtUp = g.Position, g.CaughtUp; g.CaughtUp && len(g.Messages) == 0 {
		for o := range h.chains {
			touched[o] = true
		}
	}
	for o := range touched {
		tell = append(tell, o)
	}
	return tell
}

func (h *holder) put(c *held, r fact.Record) {
	if r.Number <= uint64(len(c.facts)) {
		if c.facts[r.Number-1].Hash != r.Hash {
			h.forks++
		}
		return
	}
	if w, ok := c.waiting[r.Number]; ok && w.Hash != r.Hash {
		h.forks++
	}
	if h.refuses > 0 && r.Number >= h.refuses {
		return
	}
	c.waiting[r.Number] = r
	for {
		next, ok := c.waiting[uint64(len(c.facts))+1]
		if !ok {
			return
		}
		delete(c.waiting, next.Number)
		c.facts = append(c.facts, next)
	}
}

func (h *holder) tell(o fact.OriginID) {
	h.mu.Lock()
	m := fact.Mark{Server: h.id, Incarnation: [16]byte{h.inc}, Origin: o, Stream: h.pos.Stream, Sequence: h.pos.Sequence, CaughtUp: h.caughtUp}
	if c := h.chains[o]; c != nil && len(c.facts) > 0 {
		last := c.facts[len(c.facts)-1]
		m.Number, m.Hash = last.Number, last.Hash
	}
	silent := h.silent
	h.mu.Unlock()
	if !silent {
		_ = h.bus.PublishMark(m) // told again at the next connection
	}
}

// copy keeps what it holds; restore puts it back under a new incarnation, while
// the holder is stopped. With keepPosition the cursor stays at the stream's end.
func (h *holder) copy() (map[fact.OriginID]*held, bus.Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	chains := map[fact.OriginID]*held{}
	for o, c := range h.chains {
		chains[o] = c.clone()
	}
	return chains, h.pos
}

func (h *holder) restore(chains map[fact.OriginID]*held, pos bus.Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.chains, h.pos = map[fact.OriginID]*held{}, pos
	for o, c := range chains {
		h.chains[o] = c.clone()
	}
}

func (h *holder) number(o fact.OriginID) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.chains[o]; c != nil {
		return uint64(len(c.facts))
	}
	return 0
}

func (h *holder) hashAt(o fact.OriginID, number uint64) (fact.Hash, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.chains[o]
	if c == nil || number == 0 || number > uint64(len(c.facts)) {
		return fact.Hash{}, false
	}
	return c.facts[number-1].Hash, true
}

func (h *holder) forked() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.forks
}

// ratings counts each rating that it holds, by its number, over all origins.
func (h *holder) ratings() map[uint64]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := map[uint64]int{}
	for _, c := range h.chains {
		for _, r := range c.facts {
			var body fact.Rating
			if r.Fact.Kind == fact.KindRating && fact.Unmarshal(r.Fact.Body, &body) == nil {
				seen[binary.BigEndian.Uint64(body.Nonce)]++
			}
		}
	}
	return seen
}

// holdsAll waits until the holder has all that may leave the outbox.
func (h *holder) holdsAll(k *kiosk) {
	h.t.Helper()
	eventually(h.t, h.id+" holds all", func() bool { return h.has(k) })
}

func (h *holder) has(k *kiosk) bool {
	chains, err := k.box.Chains(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range chains {
		if c.Last < c.First {
			continue
		}
		// Equal at the end, hence at all before; more is not the same.
		want, _, err := k.box.HashAt(context.Background(), c.Origin, c.Last)
		if err != nil {
			h.t.Fatal(err)
		}
		if got, ok := h.hashAt(c.Origin, c.Last); !ok || got != want {
			return false
		}
	}
	return true
}

// proxy passes TCP on, until it is cut.
type proxy struct {
	t    testing.TB
	addr string
	to   string
	l    net.Listener
	mu   sync.Mutex
	down bool
	open map[net.Conn]bool
}

func newProxy(t testing.TB, to string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, addr: l.Addr().String(), to: to, l: l, open: map[net.Conn]bool{}}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { p.pass(c) })
		}
	})
	t.Cleanup(func() { l.Close(); p.cut(true); wg.Wait() })
	return p
}

func (p *proxy) pass(a net.Conn) {
	defer a.Close()
	b, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer b.Close()
	p.mu.Lock()
	if p.down {
		p.mu.Unlock()
		return
	}
	p.open[a], p.open[b] = true, true
	p.mu.Unlock()
	done := make(chan struct{})
	go func() { defer close(done); _, _ = io.Copy(a, b); a.Close() }()
	_, _ = io.Copy(b, a)
	b.Close()
	<-done
	p.mu.Lock()
	delete(p.open, a)
	delete(p.open, b)
	p.mu.Unlock()
}

// cut ends all connections, and with down lets none through until up.
func (p *proxy) cut(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
	for c := range p.open {
		c.Close()
	}
}

func (p *proxy) up() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
}
