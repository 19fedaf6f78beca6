package outbox

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"hailong/internal/fact"
)

const childEnv = "HAILONG_TEST_OUTBOX_CHILD" // path and round: TestMain is then the child

func TestMain(m *testing.M) {
	if args := os.Getenv(childEnv); args != "" {
		if err := child(args); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child records facts from several goroutines, says each on standard output
// after it was acknowledged, and now and then opens a new origin, until killed.
func child(args string) error {
	var path string
	var round uint64
	if _, err := fmt.Sscan(args, &round, &path); err != nil {
		return err
	}
	ctx := context.Background()
	o, err := Open(ctx, path, Options{Key: testKey, Role: fact.RoleKiosk})
	if err != nil {
		return err
	}
	errs := make(chan error)
	for g := range uint64(8) {
		go func() {
			for i := uint64(0); ; i++ {
				n := round<<48 | g<<40 | i<<1
				entries := []fact.Entry{numbered(n), numbered(n + 1)}[:1+i%2]
				if _, err := o.Append(ctx, entries...); err != nil {
					errs <- err
					return
				}
				var said [16]byte // one write: lines of several goroutines do not mix
				binary.BigEndian.PutUint64(said[:], n)
				binary.BigEndian.PutUint64(said[8:], uint64(len(entries)))
				if _, err := os.Stdout.Write(said[:]); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	go func() {
		for range o.Changed() {
			head := o.Head()
			if err := o.Marked(ctx, fact.Mark{Server: "a", Origin: head.Origin, Number: head.Number, Hash: head.Hash}); err != nil {
				errs <- err
				return
			}
			if head.Number%100 < 8 {
				if err := o.Reopen(ctx, "copied", head.Number-min(head.Number, 5)); err != nil {
					errs <- err
					return
				}
			}
		}
	}()
	return <-errs
}

// A process is killed in the middle of concurrent appends, again and again on
// one file: what it acknowledged is there once, and the chains hold.
func TestKilledWhileAppending(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	acknowledged := map[uint64]bool{}
	for round := range 6 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", childEnv, round, path))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		in, said, before := bufio.NewReader(out), [16]byte{}, len(acknowledged)
		for {
			if _, err := io.ReadFull(in, said[:]); err != nil {
				break // killed, and all it said was read
			}
			n, count := binary.BigEndian.Uint64(said[:8]), binary.BigEndian.Uint64(said[8:])
			for i := range count {
				acknowledged[n+i] = true
			}
			if len(acknowledged) > before+150*(round+1) {
				_ = cmd.Process.Kill()
			}
		}
		_ = cmd.Wait()
		if len(acknowledged) <= before+150*(round+1) {
			t.Fatal("the child ended by itself")
		}
		stored := map[uint64]int{}
		o := mustOpen(t, path, Options{})
		cs := chainsOf(t, o)
		for _, c := range cs {
			for _, r := range drain(t, o, c) {
				if r.Fact.Kind == fact.KindRating {
					stored[numberOf(t, r.Fact)]++
				}
			}
		}
		for n, times := range stored {
			if times != 1 {
				t.Fatalf("round %d: fact %x is there %d times", round, n, times)
			}
		}
		for n := range acknowledged {
			if stored[n] != 1 {
				t.Fatalf("round %d: fact %x was acknowledged and is lost", round, n)
			}
		}
		t.Logf("round %d: acknowledged %d, stored %d, in %d origins", round, len(acknowledged), len(stored), len(cs))
		mustClose(t, o)
	}
}
