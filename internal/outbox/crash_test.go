package outbox

import (
	"bufio"
	"context"
	"crypto/sha256"
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
				count := uint64(len(entries))
				if hasWords(n) {
					entries = append(entries, text(wordsOf(n)))
				}
				if _, err := o.Append(ctx, entries...); err != nil {
					errs <- err
					return
				}
				var said [16]byte // one write: lines of several goroutines do not mix
				binary.BigEndian.PutUint64(said[:], n)
				binary.BigEndian.PutUint64(said[8:], count)
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

// hasWords says whether the child writes words beside fact n.
func hasWords(n uint64) bool { return n%2 == 0 && n>>1%4 == 0 }

// A process is killed in the middle of concurrent appends, again and again on
// one file: what it acknowledged is there once, with its words, and the chains hold.
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
		stored, texts := map[uint64]int{}, map[string]bool{}
		o := mustOpen(t, path, Options{})
		cs := chainsOf(t, o)
		for _, c := range cs {
			for _, r := range drain(t, o, c) {
				if r.Fact.Kind == fact.KindRating {
					stored[numberOf(t, r.Fact)]++
				}
				if r.Fact.Kind == fact.KindText {
					texts[string(digestOf(t, r.Fact))] = true
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
			if hasWords(n) {
				mustHaveWords(t, o, wordsOf(n))
			}
		}
		unsent, err := o.UnsentWords(t.Context(), 1<<20)
		if err != nil || len(unsent) != len(texts) {
			t.Fatalf("round %d: %d words beside %d text facts: %v", round, len(unsent), len(texts), err)
		}
		for _, words := range unsent {
			if sum := sha256.Sum256(words); !texts[string(sum[:])] {
				t.Fatalf("round %d: words without a fact", round)
			}
		}
		t.Logf("round %d: acknowledged %d, stored %d with %d words, in %d origins", round, len(acknowledged), len(stored), len(unsent), len(cs))
		mustClose(t, o)
	}
}
