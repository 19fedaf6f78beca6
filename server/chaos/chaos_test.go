package chaos

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

var (
	roundsFlag = flag.Int("rounds", 22, "rounds of TestChaos")
	keepFlag   = flag.Bool("keep", false, "keep the data and logs of tests that passed too")
	seedFlag   = flag.Uint64("seed", 0, "seed of TestChaos and TestPower; 0: by the clock")
)

func seed() uint64 {
	if *seedFlag != 0 {
		return *seedFlag
	}
	return uint64(time.Now().UnixNano()) % 1_000_000_000
}

// Whatever is killed, cut, lost or put back: every ballot that was acknowledged
// to a person counts once, with the answer that the order rule gives, both
// servers hold whatever was written beside, and they agree to the bit.
func TestChaos(t *testing.T) {
	seed, rounds := seed(), *roundsFlag
	t.Logf("seed %d: go test ./server/chaos -v -run TestChaos -rounds=%d -seed=%[1]d", seed, rounds)
	small := false
	w := newWorld(t, 2, 2, 150+25*rounds, func(t *testing.T, dir string) { small = smallDisk(t, filepath.Join(dir, "K2"), 192) })
	if seed%2 == 1 {
		w.streamApart()
	}
	w.drawLate(20 + 2*rounds)
	rand.Shuffle(len(w.pool.issued), func(i, j int) { w.pool.issued[i], w.pool.issued[j] = w.pool.issued[j], w.pool.issued[i] })
	w.whole()
	s := newStorm(w, seed, small)
	stop := make(chan struct{})
	citizens, clerk := w.citizens(5, seed, stop), w.clerk(seed, stop)
	over := func() {
		select {
		case <-stop:
		default:
			close(stop)
		}
	}
	t.Cleanup(func() { over(); citizens.Wait(); clerk.Wait() })
	for range rounds {
		s.round()
	}
	over()
	citizens.Wait()
	clerk.Wait()
	v := w.finish()
	t.Logf("what happened: %v", s.counts)
	w.report(v, rounds, seed)
	if v.words == 0 || v.sheets == 0 || v.back == 0 {
		t.Error("nobody wrote anything, or went on to the questions, or took a tap back")
	}
}

// smallDisk mounts a disk of so many MiB in memory, for root. Where the test
// fails, what is on it is kept.
func smallDisk(t *testing.T, dir string, size int) bool {
	t.Helper()
	if os.Getuid() != 0 {
		t.Log("not root: no disk is filled up in this run")
		return false
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("hailong-chaos", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=700", size)); err != nil {
		t.Logf("no disk is filled up in this run: mount: %v", err)
		return false
	}
	mounts.Store(dir, true)
	t.Cleanup(func() {
		defer mounts.Delete(dir)
		if t.Failed() {
			if err := os.CopyFS(dir+".kept", os.DirFS(dir)); err != nil {
				t.Error(err)
			}
		}
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return true
}
