package chaos

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hailong/internal/sqlite"
	"hailong/internal/survey"
	"hailong/server/keyring"
	"hailong/server/natsauth/natsauthtest"
)

// device is a server or kiosk: its process, its files and its link.
type device struct {
	process
	data   string
	server bool
	link   *proxy // of a kiosk

	gate sync.RWMutex // held for reading while somebody speaks to the device

	down  int    // rounds until it is started again, while it is down
	wall  string // CHAOS_WALL and CHAOS_BOOT of a kiosk's next start
	boot  string
	boots int

	outboxes    []string // folders with older copies
	projections []string
	filler      string // file that fills the disk; "" while there is none
}

// world is two servers and two kiosks, or fewer.
type world struct {
	t        *testing.T
	dir      string
	keys     *keyring.Ring
	realm    *natsauthtest.Realm
	nats     string // address of server a's NATS
	stream   string // folder of its stream
	servers  []*device
	kiosks   []*device
	pool     *pool
	asked    *survey.ServiceSheet // what the servers' questionnaire asks
	late     []*ballot            // not registered yet
	failures []failure            // of power
	copies   int
}

// mount puts a disk under a folder of a new world.
type mount func(t *testing.T, dir string)

// newWorld makes the devices and registers dossiers and slips; server a runs.
// The folder with all data and logs stays where the test failed. mounts are data
// folders that are disks of their own.
func newWorld(t *testing.T, servers, kiosks, ballots int, mounts ...mount) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "hailong-chaos")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() || *keepFlag {
			t.Logf("data and logs are kept in %s", dir)
		} else if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, dir: dir, nats: "127.0.0.1:" + strconv.Itoa(freePort(t))}
	w.stream = filepath.Join(dir, "a", "stream")
	for _, m := range mounts {
		m(t, dir)
	}
	keyFile := filepath.Join(dir, "servers.keys")
	if w.keys, err = keyring.Open(keyFile, true); err != nil {
		t.Fatal(err)
	}
	w.realm = natsauthtest.Of(t, w.keys)
	names := []string{"a", "b"}[:servers]
	for _, name := range names {
		d := w.device("hailong-server", name)
		d.server = true
		d.args = append(d.args, "--keys="+keyFile, "--servers="+strings.Join(names, ","), "--refill=2s", "--listen=127.0.0.1:0")
		if name == "a" {
			d.args = append(d.args, "--nats-addr="+w.nats)
		} else {
			d.args = append(d.args, "--nats=nats://"+w.nats)
		}
		w.servers = append(w.servers, d)
	}
	for _, name := range []string{"K1", "K2"}[:kiosks] {
		d := w.device("hailong-kiosk", name)
		d.link = newProxy(t, w.nats)
		d.args = append(d.args, "--listen=127.0.0.1:0", "--nats="+d.link.address())
		w.enrol(d)
		w.kiosks = append(w.kiosks, d)
	}
	t.Cleanup(func() {
		for _, d := range w.devices() {
			if err := d.end(syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
	})
	w.register(ballots)
	return w
}

func (w *world) device(command, name string) *device {
	data := filepath.Join(w.dir, name)
	if err := os.MkdirAll(data, 0o700); err != nil {
		w.t.Fatal(err)
	}
	d := &device{data: data}
	d.process = process{name: name, path: binary(w.t, command), log: filepath.Join(w.dir, name+".log"),
		args: []string{"serve", "--data=" + data, "--name=" + name}}
	return d
}

func (w *world) devices() []*device {
	return append(append([]*device{}, w.servers...), w.kiosks...)
}

// up starts a device.
func (w *world) up(d *device) {
	w.t.Helper()
	w.empty(d)
	var env []string
	if d.boot != "" {
		// Each start with a boot id of its own: the time since boot starts at 0.
		d.boots++
		env = []string{"CHAOS_WALL=" + d.wall, fmt.Sprintf("CHAOS_BOOT=%s-%s-%d", d.boot, d.name, d.boots)}
	}
	if err := d.start(env...); err != nil {
		w.t.Fatal(err)
	}
	d.down = 0
}

// halt ends a device, at once or in order.
func (w *world) halt(d *device, sig syscall.Signal) {
	w.t.Helper()
	if err := d.end(sig); err != nil {
		w.t.Fatal(err)
	}
}

// whole starts whatever is down, and mends all links.
func (w *world) whole() {
	w.t.Helper()
	for _, d := range w.devices() {
		if d.link != nil {
			d.link.set(linkWhole)
		}
		w.up(d)
	}
}

// settled waits until the servers hold all that the devices have recorded and
// all that any of them holds, with the words, and can date it. quiet says that
// nobody speaks to the devices: then it is all that they have now, and the
// kiosks too say that nothing is left to send. Else it is what they had a moment
// ago.
func (w *world) settled(quiet bool, ds ...*device) {
	w.t.Helper()
	began, last := time.Now(), ""
	var heads []head
	var digests map[[32]byte]string
	var looked time.Time
	err := await(w.patience(), func() (bool, string) {
		var err error
		// Not for ever: a chain may be given up, and never be held to that head.
		if quiet || time.Since(looked) > 2*time.Second {
			heads, err = w.heads(ds)
			if err == nil {
				digests, err = w.written(ds)
			}
			looked = time.Now()
		}
		why := w.lack(heads, err)
		if why == "" {
			if why, err = w.lackWords(digests); err != nil {
				why = err.Error()
			}
		}
		for _, d := range ds {
			if quiet && why == "" {
				why = backlog(d)
			}
		}
		if why != "" {
			last = why
		}
		return why == "", why
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.logged("  settled after %v; last: %s", time.Since(began).Round(time.Millisecond), last)
}

// heads are those of the devices' outboxes and of what the servers hold.
func (w *world) heads(ds []*device) (heads []head, err error) {
	for _, d := range ds {
		hs, herr := headsOf(d, "outbox.db", outboxHeads)
		heads, err = append(heads, hs...), errors.Join(err, herr)
	}
	for _, s := range w.servers {
		hs, herr := headsOf(s, "server.db", serverHeads)
		heads, err = append(heads, hs...), errors.Join(err, herr)
	}
	return heads, err
}

// patience is how long to wait for what must come in the end: less than is left
// to the test, so that it can still clean up.
func (w *world) patience() time.Duration {
	most := 6 * time.Minute
	if end, ok := w.t.Deadline(); ok {
		most = min(most, time.Until(end)-20*time.Second)
	}
	return most
}

// backlog is what a kiosk says of facts that not all servers hold; empty: none.
func backlog(d *device) string {
	if d.server {
		return ""
	}
	var s struct{ Backlog int64 }
	if err := d.status(&s); err != nil {
		return err.Error()
	}
	if s.Backlog != 0 {
		return fmt.Sprintf("%s has a backlog of %d", d.name, s.Backlog)
	}
	return ""
}

// lack says what one of the servers does not hold of some chains.
func (w *world) lack(heads []head, err error) string {
	for _, s := range w.servers {
		var why string
		if err == nil {
			why, err = lacks(s, heads)
		}
		if err != nil {
			return err.Error()
		}
		if why != "" {
			return "server " + s.name + " " + why
		}
	}
	return ""
}

// head is the last fact of a chain, of an outbox the last that may leave.
type head struct {
	of     string
	origin []byte
	number int64
	bytes  []byte
}

const (
	outboxHeads = `SELECT c.origin, f.id & 1099511627775, f.bytes FROM chain c JOIN fact f ON f.id =
		(SELECT max(id) FROM fact WHERE id BETWEEN (c.id << 40) AND (c.id << 40) + coalesce(c.agreed, 1099511627775))`
	serverHeads = `SELECT o.id, o.head, f.bytes FROM origin o JOIN fact f ON f.id = (o.oid << 40) + o.head`
)

func headsOf(d *device, name, query string) (heads []head, err error) {
	err = reading(filepath.Join(d.data, name), func(tx *sql.Tx) error {
		return each(tx, func(r *sql.Rows) error {
			h := head{of: d.name + "'s " + name}
			err := r.Scan(&h.origin, &h.number, &h.bytes)
			heads = append(heads, h)
			return err
		}, query)
	})
	return heads, err
}

// lacks says what a server does not hold of some chains, or cannot date.
func lacks(s *device, heads []head) (why string, err error) {
	err = reading(filepath.Join(s.data, "server.db"), func(tx *sql.Tx) error {
		var undated int
		if err := tx.QueryRow(`SELECT count(*) FROM undated`).Scan(&undated); err != nil {
			return err
		}
		if undated > 0 {
			why = fmt.Sprintf("cannot date %d ratings", undated)
		}
		for _, h := range heads {
			var n int
			err := tx.QueryRow(`SELECT count(*) FROM origin o JOIN fact f ON f.id = (o.oid << 40) + ? WHERE o.id = ? AND f.bytes = ?`,
				h.number, h.origin, h.bytes).Scan(&n)
			if err != nil {
				return err
			}
			if n == 0 {
				why = fmt.Sprintf("lacks number %d of %x, which is in %s", h.number, h.origin, h.of)
			}
		}
		return nil
	})
	return why, err
}

// reading looks at a database in one read transaction, also while its owner
// runs.
func reading(path string, fn func(tx *sql.Tx) error) error {
	ctx := context.Background()
	db, err := sqlite.OpenReader(ctx, path, 1, 4096)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err == nil {
		err = fn(tx)
		err = errors.Join(err, tx.Rollback())
	}
	return errors.Join(err, db.Close())
}

func each(tx *sql.Tx, scan func(*sql.Rows) error, query string, args ...any) error {
	r, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		if err := scan(r); err != nil {
			return err
		}
	}
	return r.Err()
}

// status is what a kiosk says of itself to who has the PIN of its staff.
func (d *device) status(into any) error {
	pin, err := os.ReadFile(filepath.Join(d.data, "staff.pin"))
	if err != nil {
		return err
	}
	q, err := http.NewRequest(http.MethodGet, d.address()+"/status", nil)
	if err != nil {
		return err
	}
	q.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(pin)))
	r, err := client.Do(q)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", q.URL, r.Status)
	}
	return json.NewDecoder(r.Body).Decode(into)
}
