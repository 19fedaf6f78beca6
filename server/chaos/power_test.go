package chaos

import (
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"hailong/internal/fact"
)

var cutsFlag = flag.Int("cuts", 4, "power cuts of TestPower")

// Whatever was acknowledged is there after the power failed: of the server, of
// the kiosk, or of both at once. What was written and not synced is then gone.
func TestPower(t *testing.T) {
	seed, cuts := seed(), *cutsFlag
	t.Logf("seed %d: go test ./server/chaos -v -run TestPower -cuts=%d -seed=%[1]d", seed, cuts)
	rng := rand.New(rand.NewPCG(seed, 2<<32))
	disks := map[string]*disk{}
	w := newWorld(t, 1, 1, 200+100*cuts, func(t *testing.T, dir string) {
		for _, name := range []string{"a", "K1"} {
			d, err := newDisk(t, filepath.Join(dir, name))
			if err != nil {
				t.Logf("NOT TESTED HERE: power cuts. No disk of its own could be mounted (%v), so processes are killed instead, which loses nothing that was written.", err)
				clear(disks)
				return
			}
			disks[name] = d
		}
	})
	w.whole()
	stop := make(chan struct{})
	citizens, clerk := w.citizens(6, seed, stop), w.clerk(seed, stop)
	over := func() {
		select {
		case <-stop:
		default:
			close(stop)
		}
	}
	t.Cleanup(func() { over(); citizens.Wait(); clerk.Wait() })
	forgotten := 0
	for i := range cuts {
		victims := [][]*device{{w.servers[0], w.kiosks[0]}, {w.kiosks[0]}, {w.servers[0]}}[i%3]
		before := w.pool.thanked()
		if err := await(30*time.Second, func() (bool, string) { return w.pool.thanked() >= before+20, "nobody is thanked" }); err != nil {
			t.Fatal(err)
		}
		// Somewhere in what is being written.
		<-time.After(time.Duration(rng.IntN(700)) * time.Millisecond)
		for _, d := range victims {
			if k := disks[d.name]; k != nil {
				if err := k.scribble(); err != nil {
					t.Fatal(err)
				}
			}
			w.failures = append(w.failures, failure{device: d.name, from: time.Now()})
			if k := disks[d.name]; k != nil {
				if err := k.cutPower(); err != nil {
					t.Fatal(err)
				}
			}
			// It may have ended by itself: it cannot write any more.
			if err := d.end(syscall.SIGKILL); err != nil {
				w.logged("%v", err)
			}
			w.failures[len(w.failures)-1].to = time.Now()
		}
		for _, d := range victims {
			if k := disks[d.name]; k != nil {
				if err := k.restored(); err != nil {
					t.Fatal(err)
				}
				if !k.scribbled() {
					forgotten++
				}
			}
			w.there(d)
		}
		for _, d := range victims {
			w.up(d)
		}
	}
	over()
	citizens.Wait()
	clerk.Wait()
	if len(disks) > 0 && forgotten == 0 {
		t.Error("nothing that was written and not synced was ever lost: these were no power cuts")
	}
	w.report(w.finish(), cuts, seed)
}

// failure is the time from a device's power cut to the end of its process, which
// has power still: the kernel may even tell it that the disk has what the disk
// lost. What it answers then reaches nobody.
type failure struct {
	device   string
	from, to time.Time
}

// stateOf is what became of an attempt, as the person saw it.
func (w *world) stateOf(a attempt) uint8 {
	for _, f := range w.failures {
		if a.state == thanked && a.device == f.device && !a.done.Before(f.from) && !a.done.After(f.to) {
			return perhaps
		}
	}
	return a.state
}

// beside says whether the words that a text fact names are in its outbox.
func beside(tx *sql.Tx, f *fact.Fact) error {
	var b fact.Text
	if err := fact.Unmarshal(f.Body, &b); err != nil || len(b.Digest) == 0 {
		return err
	}
	var n int
	err := tx.QueryRow(`SELECT count(*) FROM words WHERE digest = ?`, b.Digest).Scan(&n)
	if err == nil && n == 0 {
		err = fmt.Errorf("words %x are missing beside fact %d of %s", b.Digest, f.Number, f.Origin)
	}
	return err
}

// there checks, before a device is started, that its outbox has whatever it
// thanked for, with the words.
func (w *world) there(d *device) {
	w.t.Helper()
	// A copy: to open the file would repair it.
	dir := w.keep(d, "outbox.db")
	found := map[string]map[int]bool{}
	err := reading(filepath.Join(dir, "outbox.db"), func(tx *sql.Tx) error {
		return each(tx, func(r *sql.Rows) error {
			var raw []byte
			if err := r.Scan(&raw); err != nil {
				return err
			}
			f, err := fact.Decode(raw)
			if err == nil && f.Kind == fact.KindText {
				return beside(tx, &f)
			}
			if err != nil || f.Kind != fact.KindRating {
				return err
			}
			var b fact.Rating
			if err := fact.Unmarshal(f.Body, &b); err != nil {
				return err
			}
			key, err := w.subject(&b)
			if err != nil {
				return err
			}
			if found[key] == nil {
				found[key] = map[int]bool{}
			}
			found[key][attemptOf(&b)] = true
			return nil
		}, `SELECT bytes FROM fact ORDER BY id`)
	})
	if err != nil {
		w.t.Fatalf("after the power cut the outbox of %s cannot be read: %v", d.name, err)
	}
	missing, checked := 0, 0
	for _, b := range w.pool.all() {
		b.mu.Lock()
		for _, a := range b.attempts {
			if a.device == d.name && !a.back && w.stateOf(a) == thanked {
				checked++
				if !found[b.subject(a)][a.number] {
					missing++
				}
			}
		}
		b.mu.Unlock()
	}
	if missing > 0 {
		w.t.Errorf("after the power cut %s lacks %d of %d ratings that were thanked for", d.name, missing, checked)
	}
	w.logged("after the cut %s has all of %d", d.name, checked)
}
