package chaos

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A server whose stream is on another disk loses its own with all that it holds,
// its key too. What it answered to phones and clerks comes back from the stream;
// what the kiosk thanked for, from there or from the kiosk.
func TestServersDiskLost(t *testing.T) {
	seed := seed()
	t.Logf("seed %d: go test ./server/chaos -v -run TestServersDiskLost -seed=%[1]d", seed)
	rng := rand.New(rand.NewPCG(seed, 4<<32))
	w := newWorld(t, 1, 1, 90)
	a := w.servers[0]
	w.streamApart()
	w.whole()
	const losses = 3
	for i := range losses {
		stop := make(chan struct{})
		citizens, clerk := w.citizens(4, seed+uint64(i), stop), w.clerk(seed+uint64(i), stop)
		before := w.pool.thanked()
		err := await(30*time.Second, func() (bool, string) { return w.pool.thanked() >= before+40, "nobody is thanked" })
		<-time.After(time.Duration(rng.IntN(300)) * time.Millisecond)
		w.halt(a, syscall.SIGKILL)
		close(stop)
		citizens.Wait()
		clerk.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(a.data); err != nil {
			t.Fatal(err)
		}
		w.up(a)
	}
	w.report(w.finish(), losses, seed)
}

// streamApart gives server a's stream a folder of its own, as if on another
// disk: what server a answers is then in both.
func (w *world) streamApart() {
	w.t.Helper()
	a := w.servers[0]
	w.halt(a, syscall.SIGTERM)
	apart := filepath.Join(w.dir, "stream")
	if err := os.Rename(w.stream, apart); err != nil {
		w.t.Fatal(err)
	}
	w.stream = apart
	a.args = append(a.args, "--stream-dir="+apart)
}
