package main

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/minio/highwayhash"

	"hailong/internal/bus"
	"hailong/internal/fact"
)

// kept is the data folder of a server that has stopped, to be tampered with.
type kept struct {
	t    *testing.T
	data string
}

// copied gives a copy to tamper with; the keys come along.
func (k kept) copied() kept {
	k.t.Helper()
	to := filepath.Join(k.t.TempDir(), "server")
	for _, part := range []string{"", ".keys"} {
		if part == "" {
			if err := os.CopyFS(to, os.DirFS(k.data)); err != nil {
				k.t.Fatal(err)
			}
			continue
		}
		data, err := os.ReadFile(k.data + part)
		if err == nil {
			err = os.WriteFile(to+part, data, 0o600)
		}
		if err != nil {
			k.t.Fatal(err)
		}
	}
	return kept{k.t, to}
}

// verify runs the command in this process.
func (k kept) verify(more ...func(*verifyCmd)) (out string, err error) {
	k.t.Helper()
	c := &verifyCmd{Data: k.data}
	for _, change := range more {
		change(c)
	}
	var to strings.Builder
	err = c.Run(k.t.Context(), &kong.Kong{Stdout: &to})
	return to.String(), err
}

// judged runs the command as operators do, in a process of its own, without the
// race detector: so many runs would take minutes with it. code is how it ended,
// said what it complained of.
func (k kept) judged() (code int, said string) {
	k.t.Helper()
	cmd := exec.CommandContext(k.t.Context(), program(k.t, "hailong-server"), "verify", "--data="+k.data)
	var to strings.Builder
	cmd.Stdout, cmd.Stderr = io.Discard, &to
	_ = cmd.Run() // how it ended is told
	if cmd.ProcessState == nil {
		k.t.Fatal("the program did not start")
	}
	return cmd.ProcessState.ExitCode(), to.String()
}

// exec runs SQL on one of the folder's databases, which must change one row or
// more.
func (k kept) exec(file, query string, args ...any) {
	k.t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(k.data, file))
	if err != nil {
		k.t.Fatal(err)
	}
	defer db.Close()
	r, err := db.Exec(query, args...)
	if err != nil {
		k.t.Fatal(err)
	}
	if n, err := r.RowsAffected(); n == 0 || err != nil {
		k.t.Fatalf("%s changed %d rows, %v", query, n, err)
	}
}

func (k kept) blob(file, query string, args ...any) (b []byte) {
	k.t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(k.data, file))
	if err != nil {
		k.t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query, args...).Scan(&b); err != nil {
		k.t.Fatal(err)
	}
	return b
}

// flipped is the blob with one bit turned over.
func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// storedMsg is one message in a block of the broker's file store.
type storedMsg struct{ from, to int }

// records finds the messages of a block: length, sequence, time and length of
// the subject come first, a checksum last.
func records(block []byte) (all []storedMsg) {
	for at := 0; at+22 <= len(block); {
		n := int(binary.LittleEndian.Uint32(block[at:]) &^ (1 << 31))
		if n < 30 || at+n > len(block) {
			return all
		}
		all = append(all, storedMsg{at, at + n})
		at += n
	}
	return all
}

// block gives the file of the stream's first messages.
func (k kept) block() string {
	k.t.Helper()
	found := ""
	err := filepath.WalkDir(filepath.Join(k.data, "stream"), func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(path, bus.StreamName) && strings.HasSuffix(path, "1.blk") && (found == "" || len(path) < len(found)) {
			found = path
		}
		return err
	})
	if err != nil || found == "" {
		k.t.Fatal("no block of the stream", err)
	}
	return found
}

// rewrite changes the stream's first block.
func (k kept) rewrite(change func(block []byte, all []storedMsg) []byte) {
	k.t.Helper()
	path := k.block()
	block, err := os.ReadFile(path)
	if err != nil {
		k.t.Fatal(err)
	}
	all := records(block)
	if len(all) < 8 {
		k.t.Fatalf("%d messages in %s", len(all), path)
	}
	if err := os.WriteFile(path, change(block, all), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

// resum makes a record's checksum right again, as whoever may write there can.
func resum(t *testing.T, r []byte) {
	t.Helper()
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", bus.StreamName, 1))
	h, err := highwayhash.New64(key[:])
	if err != nil {
		t.Fatal(err)
	}
	subject := int(binary.LittleEndian.Uint16(r[20:]))
	h.Write(r[4:20])
	if binary.LittleEndian.Uint32(r)&(1<<31) != 0 { // the headers' length is not summed
		h.Write(r[22 : 22+subject])
		h.Write(r[26+subject : len(r)-8])
	} else {
		h.Write(r[22 : len(r)-8])
	}
	copy(r[len(r)-8:], h.Sum(nil))
}

// swapped gives the block with two messages in each other's place, with right
// checksums.
func swapped(t *testing.T, block []byte, a, b storedMsg) []byte {
	// as puts one message's content under another's sequence and time.
	as := func(place, content storedMsg) []byte {
		r := bytes.Clone(block[content.from:content.to])
		copy(r[4:20], block[place.from+4:place.from+20])
		resum(t, r)
		return r
	}
	out := append(bytes.Clone(block[:a.from]), as(a, b)...)
	out = append(append(out, block[a.to:b.from]...), as(b, a)...)
	return append(out, block[b.to:]...)
}

// of finds the messages of one origin's subject.
func of(block []byte, all []storedMsg, origin fact.OriginID) (own []storedMsg) {
	for _, r := range all {
		n := int(binary.LittleEndian.Uint16(block[r.from+20:]))
		if strings.HasSuffix(string(block[r.from+22:r.from+22+n]), origin.String()) {
			own = append(own, r)
		}
	}
	return own
}
