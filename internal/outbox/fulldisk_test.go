package outbox

import (
	"context"
	"database/sql/driver"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"

	"hailong/internal/fact"
	"hailong/internal/sqlite"
)

// smallDisk mounts a disk of 2 MiB for the test.
func smallDisk(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount the small disk that this test fills")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("this machine does not let root mount a disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// The disk is full: nothing is acknowledged that is not stored, and when there is
// space again, the same outbox goes on without a gap.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t)
	path := filepath.Join(dir, "outbox.db")
	o := mustOpen(t, path, Options{})
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 256<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	acknowledged := map[uint64]uint64{} // fact's number → what it says
	fill := func(from uint64) {
		t.Helper()
		var wg sync.WaitGroup
		for g := range uint64(4) {
			wg.Go(func() {
				for i := uint64(0); i < 100_000; i++ {
					n := from + g<<32 + i
					refs, err := o.Append(context.Background(), numbered(n), numbered(n))
					if err != nil {
						if !sqlite.IsFull(err) {
							t.Error(err)
						}
						return
					}
					mu.Lock()
					acknowledged[refs[0].Number] = n
					mu.Unlock()
				}
				t.Error("the disk does not get full")
			})
		}
		wg.Wait()
	}
	verify := func() {
		t.Helper()
		rs := drain(t, o, chainsOf(t, o)[0])
		for number, says := range acknowledged {
			if number > uint64(len(rs)) || numberOf(t, rs[number-1].Fact) != says {
				t.Fatalf("fact %d of %d is not what was acknowledged", number, len(rs))
			}
		}
	}
	fill(0)
	for range 3 { // it stays full
		if _, err := o.Append(t.Context(), numbered(1)); err != nil && !sqlite.IsFull(err) {
			t.Fatal(err)
		}
	}
	if s, err := o.Stats(t.Context()); err != nil || !s.Failing || !sqlite.IsFull(s.LastError) {
		t.Fatal(s, err)
	}
	verify()
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	refs := mustAppend(t, o, numbered(7))
	acknowledged[refs[0].Number] = 7
	if s, err := o.Stats(t.Context()); err != nil || s.Failing {
		t.Fatal(s, err)
	}
	fill(1 << 40)
	verify()
	mustClose(t, o)
	o = mustOpen(t, path, Options{})
	verify()
}

// What servers say may have no room any more where a rating still has: the
// rating is recorded without it.
func TestFullFileTakesFactsWithoutMarks(t *testing.T) {
	o := mustOpen(t, filepath.Join(t.TempDir(), "outbox.db"), Options{})
	pages := func(n string) {
		t.Helper()
		err := o.db.Raw(t.Context(), func(*sqlite3.SQLiteConn) error {
			return o.w.each("PRAGMA max_page_count = "+n, nil, func([]driver.Value) error { return nil })
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	mustAppend(t, o, numbered(1))
	pages("1") // SQLite lowers it to the file's size
	release := holdTurn(t, o)
	server := strings.Repeat("s", 10_000)
	if err := o.Marked(t.Context(), fact.Mark{Server: server, Origin: o.Head().Origin, Number: 1}); err != nil {
		t.Fatal(err)
	}
	release()
	mustAppend(t, o, numbered(2))
	var err error
	for n := uint64(3); err == nil && n < 1000; n++ {
		_, err = o.Append(t.Context(), numbered(n))
	}
	if !sqlite.IsFull(err) {
		t.Fatal(err)
	}
	pages("1000")
	mustAppend(t, o, numbered(1000))
	drain(t, o, chainsOf(t, o)[0])
}
