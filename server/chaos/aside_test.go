package chaos

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/server/natsauth/natsauthtest"
)

// forger is an outbox without an uplink: it sends what a test wants.
type forger struct {
	w   *world
	box *outbox.Outbox
	js  jetstream.JetStream
	key string // its public one
}

// forger opens an outbox in a folder; a nil key: a new one.
func (w *world) forger(dir string, key ed25519.PrivateKey) *forger {
	w.t.Helper()
	if key == nil {
		var err error
		if _, key, err = ed25519.GenerateKey(rand.Reader); err != nil {
			w.t.Fatal(err)
		}
	}
	box, err := outbox.Open(w.t.Context(), filepath.Join(dir, "outbox.db"), outbox.Options{Key: key, Role: fact.RoleKiosk, Name: "forger"})
	if err != nil {
		w.t.Fatal(err)
	}
	nc, err := nats.Connect("nats://"+w.nats, natsauthtest.As(w.credential(key), key), nats.CustomInboxPrefix("_I."+keyOf(key)))
	if err != nil {
		w.t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		nc.Close()
		if err := box.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return &forger{w, box, js, keyOf(key)}
}

func (f *forger) add(kind fact.Kind, body any) {
	f.w.t.Helper()
	if _, err := f.box.Append(context.Background(), fact.Entry{Kind: kind, Body: body}); err != nil {
		f.w.t.Fatal(err)
	}
}

// rate records a rating of a ballot, of which the test knows that it may count.
func (f *forger) rate(b *ballot, score uint8) {
	f.w.t.Helper()
	a := attempt{number: len(b.attempts) + 1, score: score, device: "forger", sent: time.Now(), state: perhaps}
	hash, nonce := b.id.Hash(), make([]byte, 16)
	rand.Read(nonce)
	f.add(fact.KindRating, &fact.Rating{Receipt: hash[:], Session: nonce, Nonce: nonce, Score: score, Channel: 1, Language: "vi",
		Took: uint32(time.Duration(a.number) * tookStep / time.Millisecond)})
	a.done = time.Now()
	b.attempts = append(b.attempts, a)
}

// clock records what time it is, so that ratings are dated.
func (f *forger) clock() {
	f.w.t.Helper()
	s := outbox.SystemStamp()
	f.add(fact.KindClock, &fact.Clock{Boot: s.Boot, Mono: s.Mono, Server: time.Now().UnixMilli()})
}

func (f *forger) batch(after uint64, most int) []byte {
	f.w.t.Helper()
	data, _, err := f.box.Batch(context.Background(), f.box.Head().Origin, after, most, 1<<20)
	if err != nil || len(data) == 0 {
		f.w.t.Fatal("no batch", err)
	}
	return data
}

func (f *forger) send(data []byte) {
	f.w.t.Helper()
	if _, err := f.js.Publish(context.Background(), "hl.fact."+f.key+"."+f.box.Head().Origin.String(), data); err != nil {
		f.w.t.Fatal(err)
	}
}

// metric reads a figure that operators watch.
func metric(d *device, name string) (float64, error) {
	text, err := get(d, "/metrics")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("no metric %s", name)
}

// get reads a server's page as its operator does.
func get(s *device, path string) (string, error) {
	token, err := os.ReadFile(filepath.Join(s.data, "operator.token"))
	if err != nil {
		return "", err
	}
	q, err := http.NewRequest(http.MethodGet, s.address()+path, nil)
	if err != nil {
		return "", err
	}
	q.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	r, err := client.Do(q)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return string(b), err
}

// shows waits until a metric has a value and the operators' page has a text.
func (w *world) shows(name string, value float64, text string) {
	w.t.Helper()
	err := await(30*time.Second, func() (bool, string) {
		got, err := metric(w.servers[0], name)
		if err != nil || got != value {
			return false, fmt.Sprintf("%s is %v, not %v (%v)", name, got, value, err)
		}
		page, err := get(w.servers[0], "/status")
		return err == nil && strings.Contains(page, text), fmt.Sprintf("the status page lacks %q (%v)", text, err)
	})
	if err != nil {
		w.t.Error(err)
	}
}

// score gives what counts of a ballot at the server; 0: nothing.
func (w *world) score(b *ballot) (score int) {
	w.t.Helper()
	err := reading(filepath.Join(w.servers[0].data, "server.db"), func(tx *sql.Tx) error {
		err := tx.QueryRow(`SELECT score FROM ballot WHERE key = ?`, b.key[:]).Scan(&score)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return score
}

// flows taps a ballot at a kiosk, and waits until it counts.
func (w *world) flows(k *device, b *ballot, score uint8) {
	w.t.Helper()
	w.tap(k, b, score)
	w.counts(b, score)
}

func (w *world) tap(k *device, b *ballot, score uint8) {
	w.t.Helper()
	a := attempt{number: len(b.attempts) + 1, score: score, device: k.name, sent: time.Now()}
	a.state, a.said, _ = tapKiosk(k.address(), b.id.String(), "", a)
	a.done = time.Now()
	b.attempts = append(b.attempts, a)
	if a.state != thanked {
		w.t.Errorf("%s did not thank: %s", k.name, a.said)
	}
}

func (w *world) counts(b *ballot, score uint8) {
	w.t.Helper()
	if err := await(30*time.Second, func() (bool, string) { n := w.score(b); return n == int(score), fmt.Sprintf("score %d", n) }); err != nil {
		w.t.Errorf("ballot %x does not count %d: %v", b.key, score, err)
	}
}

func aside(kind string) string { return `hailong_set_aside{kind="` + kind + `"}` }

// What is not as it should be stands aside, is shown, and holds up nothing else.
func TestSetAside(t *testing.T) {
	w := newWorld(t, 1, 1, 40)
	server, kiosk := w.servers[0], w.kiosks[0]
	w.whole()
	next := 0
	ballot := func() *ballot { next++; return w.pool.issued[next-1] }
	w.flows(kiosk, ballot(), 4)
	const dropped = "hailong_batches_dropped_total"

	stranger := w.forger(t.TempDir(), nil)
	public := strangersKey(t, stranger)
	his := ballot()
	stranger.clock()
	stranger.rate(his, 1)
	t.Run("an origin that is not admitted", func(t *testing.T) {
		stranger.send(stranger.batch(0, 10))
		w.shows(aside("origin_waiting"), 1, stranger.box.Head().Origin.String())
		w.flows(kiosk, ballot(), 5)
		if n := w.score(his); n != 0 {
			t.Errorf("it counts: %d", n)
		}
	})
	t.Run("a message that cannot be decoded", func(t *testing.T) {
		stranger.send([]byte("this is no batch"))
		w.shows(dropped, 1, "")
		w.flows(kiosk, ballot(), 3)
	})
	t.Run("a wrong signature", func(t *testing.T) {
		stranger.clock()
		data := stranger.batch(3, 10)
		data[len(data)-1] ^= 1
		stranger.send(data)
		w.shows(dropped, 2, "")
		w.flows(kiosk, ballot(), 2)
		if _, number := w.headOf(stranger); number != 3 {
			t.Errorf("the server holds %d facts of 3", number)
		}
	})
	t.Run("then admitted", func(t *testing.T) {
		run(t, "hailong-server", "admit", "--url="+server.address(), "--data="+server.data, "--kiosk=K01", "--key="+public)
		w.shows(aside("origin_waiting"), 0, "")
		w.counts(his, 1)
	})
	t.Run("a gap", func(t *testing.T) {
		first, second := ballot(), ballot()
		stranger.rate(first, 4) // 5
		stranger.rate(second, 5)
		stranger.send(stranger.batch(5, 1))
		w.shows(aside("gap"), 1, stranger.box.Head().Origin.String())
		w.flows(kiosk, ballot(), 1)
		if n := w.score(second); n != 0 {
			t.Errorf("what lies beyond the gap counts: %d", n)
		}
		stranger.send(stranger.batch(3, 2)) // 4 and 5 were missing
		w.shows(aside("gap"), 0, "")
		w.counts(first, 4)
		w.counts(second, 5)
	})
	t.Run("a fact of a kind that is not known", func(t *testing.T) {
		stranger.add(99, []byte("from the future"))
		last := ballot()
		stranger.rate(last, 3)
		stranger.send(stranger.batch(6, 10))
		w.shows(aside("quarantine"), 1, stranger.box.Head().Origin.String())
		w.counts(last, 3)
		w.flows(kiosk, ballot(), 4)
	})
}

func strangersKey(t *testing.T, f *forger) string {
	t.Helper()
	b, err := fact.Open(f.batch(0, 1))
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b.Public)
}

// headOf is what the server holds of a forger's chain.
func (w *world) headOf(f *forger) (hash []byte, number int) {
	w.t.Helper()
	id := f.box.Head().Origin
	err := reading(filepath.Join(w.servers[0].data, "server.db"), func(tx *sql.Tx) error {
		return tx.QueryRow(`SELECT head_hash, head FROM origin WHERE id = ?`, id[:]).Scan(&hash, &number)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return hash, number
}

// private lets nobody else read the files of a folder, as they were before they
// were copied.
func private(dir string) error {
	files, err := os.ReadDir(dir)
	for _, f := range files {
		if f.Type().IsRegular() {
			err = errors.Join(err, os.Chmod(filepath.Join(dir, f.Name()), 0o600))
		}
	}
	return err
}

// A kiosk's data folder is copied, and both run: what either thanked for counts
// once. Then the copy, run by a program that does not look first, uses a number
// of the kiosk's: both facts are kept, and it is shown.
func TestFork(t *testing.T) {
	w := newWorld(t, 1, 1, 30)
	kiosk := w.kiosks[0]
	w.whole()
	ballots := w.pool.issued
	w.flows(kiosk, ballots[0], 4)
	w.settled(true, kiosk)
	w.halt(kiosk, syscall.SIGTERM)
	twin := w.device("hailong-kiosk", "twin")
	twin.link = newProxy(t, w.nats)
	twin.args = append(twin.args, "--listen=127.0.0.1:0", "--nats="+twin.link.address())
	third := t.TempDir()
	for _, to := range []string{twin.data, third} {
		if err := errors.Join(os.CopyFS(to, os.DirFS(kiosk.data)), private(to)); err != nil {
			t.Fatal(err)
		}
	}
	w.kiosks = append(w.kiosks, twin)
	w.whole()
	for i := range 9 { // whoever is heard first, both go on
		w.tap(kiosk, ballots[1+2*i], 5)
		w.tap(twin, ballots[2+2*i], 3)
	}
	for i := range 9 {
		w.counts(ballots[1+2*i], 5)
		w.counts(ballots[2+2*i], 3)
	}
	w.settled(true, w.devices()...)
	key, err := outbox.LoadKey(filepath.Join(third, "kiosk.key"))
	if err != nil {
		t.Fatal(err)
	}
	f := w.forger(third, key)
	head := f.box.Head()
	f.rate(ballots[21], 2)
	f.send(f.batch(head.Number, 10))
	w.shows(aside("fork"), 1, head.Origin.String())
	w.flows(kiosk, ballots[22], 1)
	w.flows(twin, ballots[23], 1)
	v := w.finish()
	if v.lost+v.twice+v.wrong+v.misdated+len(v.problems) > 0 || v.ballots < 21 {
		t.Errorf("%+v", *v)
	}
	if v.aside == 0 {
		t.Error("the losing branch was not kept")
	}
}
