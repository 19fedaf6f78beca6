package outbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"hailong/internal/fact"
	"hailong/internal/sqlite"
)

// wordsOf are words that can be told from others.
func wordsOf(n uint64) []byte { return binary.BigEndian.AppendUint64([]byte("sealed words "), n) }

// text is a text fact with its words.
func text(words []byte) fact.Entry {
	sum := sha256.Sum256(words)
	return fact.Entry{Kind: fact.KindText, Words: words, Body: &fact.Text{
		Session: bytes.Repeat([]byte{1}, 16), Purpose: 1, Digest: sum[:], Size: uint32(len(words)), Language: "vi",
	}}
}

func digestOf(t testing.TB, f *fact.Fact) []byte {
	t.Helper()
	var b fact.Text
	if err := fact.Unmarshal(f.Body, &b); err != nil {
		t.Fatal(err)
	}
	return b.Digest
}

func mustHaveWords(t testing.TB, o *Outbox, want ...[]byte) {
	t.Helper()
	for _, w := range want {
		got, ok, err := o.Words(t.Context(), sha256.Sum256(w))
		if err != nil || !ok || !bytes.Equal(got, w) {
			t.Fatalf("words %q: got %q %v %v", w, got, ok, err)
		}
	}
}

func unsent(t testing.TB, o *Outbox, want ...[]byte) {
	t.Helper()
	got, err := o.UnsentWords(t.Context(), 1000)
	n, cerr := o.CountUnsentWords(t.Context())
	if err != nil || cerr != nil || int(n) != len(want) || !slices.EqualFunc(got, want, bytes.Equal) {
		t.Fatalf("unsent %q (%d), want %q: %v %v", got, n, want, err, cerr)
	}
}

func TestWordsAreKeptWithTheirFact(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outbox.db")
	o := mustOpen(t, path, Options{})
	unsent(t, o)
	select {
	case <-o.WordsChanged():
		t.Fatal("signalled without words")
	default:
	}
	long := bytes.Repeat([]byte{7}, fact.MaxSealedWords)
	mustAppend(t, o, numbered(2), text(wordsOf(1)))
	mustAppend(t, o, text(long), text(wordsOf(2)))
	taken := fact.Entry{Kind: fact.KindText, Body: &fact.Text{Session: make([]byte, 16), Purpose: 1}}
	if refs := mustAppend(t, o, taken); refs[0].Number != 6 {
		t.Fatal(refs)
	}
	<-o.WordsChanged()
	unsent(t, o, wordsOf(1), long, wordsOf(2))
	if err := o.MarkSent(t.Context(), sha256.Sum256(long), sha256.Sum256([]byte("others"))); err != nil {
		t.Fatal(err)
	}
	for words, want := range map[string]bool{string(long): true, string(wordsOf(1)): false, "never seen": true} {
		if got, err := o.WordsSent(t.Context(), sha256.Sum256([]byte(words))); err != nil || got != want {
			t.Fatalf("%.20q sent: %v %v", words, got, err)
		}
	}
	mustClose(t, o)
	o = mustOpen(t, path, Options{})
	unsent(t, o, wordsOf(1), wordsOf(2))
	mustHaveWords(t, o, wordsOf(1), long, wordsOf(2))
	if _, ok, err := o.Words(t.Context(), sha256.Sum256([]byte("never seen"))); ok || err != nil {
		t.Fatal(ok, err)
	}
	if got, err := o.UnsentWords(t.Context(), 1); err != nil || len(got) != 1 || !bytes.Equal(got[0], wordsOf(1)) {
		t.Fatal(got, err)
	}
}

func TestWordsThatTheFactDoesNotNameAreRefused(t *testing.T) {
	o := mustOpen(t, filepath.Join(t.TempDir(), "outbox.db"), Options{})
	head := o.Head()
	other, short, without, long := text(wordsOf(1)), text(wordsOf(1)), text(wordsOf(1)), text(make([]byte, fact.MaxSealedWords+1))
	other.Words = wordsOf(2)
	short.Body.(*fact.Text).Size--
	without.Words = nil
	beside := numbered(2)
	beside.Words = wordsOf(1)
	more := fact.Entry{Kind: fact.KindText, Body: &fact.Text{Session: make([]byte, 16), Purpose: 1}, Words: wordsOf(1)}
	for name, e := range map[string]fact.Entry{
		"other words": other, "another size": short, "no words": without, "words beside a rating": beside,
		"too long": long, "words of a text taken back": more, "no text": {Kind: fact.KindText, Body: "text"},
	} {
		if _, err := o.Append(t.Context(), numbered(1), e); err == nil {
			t.Errorf("%s: recorded", name)
		}
	}
	if o.Head() != head {
		t.Fatal("something was recorded")
	}
	unsent(t, o)
}

func TestWordsGoAlongToANewOrigin(t *testing.T) {
	now := fact.Stamp{Wall: 20_000 * day}
	o := mustOpen(t, filepath.Join(t.TempDir(), "outbox.db"), Options{Role: fact.RoleServer, Stamp: func() fact.Stamp { return now }})
	first := o.Head().Origin
	mustAppend(t, o, text(wordsOf(1)), text(wordsOf(2)), text(wordsOf(3))) // 2, 3, 4
	if err := o.MarkSent(t.Context(), sha256.Sum256(wordsOf(3))); err != nil {
		t.Fatal(err)
	}
	if err := o.Reopen(t.Context(), "copied", 2); err != nil {
		t.Fatal(err)
	}
	mustHaveWords(t, o, wordsOf(1), wordsOf(2), wordsOf(3))
	unsent(t, o, wordsOf(1), wordsOf(2))
	now.Wall += 91 * day
	holds(t, o, "a", first, 2)
	prune(t, o, 2, "a")
	// What was recorded again is still needed.
	if n, err := o.PruneWords(t.Context(), all); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	mustHaveWords(t, o, wordsOf(2), wordsOf(3))
	unsent(t, o, wordsOf(2))
	holds(t, o, "a", o.Head().Origin, o.Head().Number)
	prune(t, o, 3, "a")
	if n, err := o.PruneWords(t.Context(), all); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	unsent(t, o)
}

// all says that every server holds whatever it is asked for.
func all(_ context.Context, digests [][32]byte) ([][32]byte, error) { return digests, nil }

func TestWordsLeaveOnlyWhereAllServersHoldThem(t *testing.T) {
	now := fact.Stamp{Wall: 20_000 * day}
	o := mustOpen(t, filepath.Join(t.TempDir(), "outbox.db"), Options{Role: fact.RoleServer, Stamp: func() fact.Stamp { return now }})
	entries := make([]fact.Entry, 2*step+5)
	for i := range entries {
		entries[i] = text(wordsOf(uint64(i)))
	}
	mustAppend(t, o, entries...)
	young := wordsOf(1 << 40)
	if n, err := o.PruneWords(t.Context(), all); n != 0 || err != nil {
		t.Fatal("facts are here still", n, err)
	}
	now.Wall += 91 * day
	holds(t, o, "a", o.Head().Origin, o.Head().Number)
	mustAppend(t, o, text(young))
	prune(t, o, int64(len(entries)+1), "a")
	trouble := errors.New("a server does not answer")
	if n, err := o.PruneWords(t.Context(), func(context.Context, [][32]byte) ([][32]byte, error) { return nil, trouble }); n != 0 || !errors.Is(err, trouble) {
		t.Fatal(n, err)
	}
	// The servers lack the first ones: the others leave all the same.
	lacked := [][32]byte{sha256.Sum256(wordsOf(0)), sha256.Sum256(wordsOf(step))}
	most := func(_ context.Context, digests [][32]byte) ([][32]byte, error) {
		return slices.DeleteFunc(slices.Clone(digests), func(d [32]byte) bool { return slices.Contains(lacked, d) }), nil
	}
	if n, err := o.PruneWords(t.Context(), most); int(n) != len(entries)-2 || err != nil {
		t.Fatal(n, err)
	}
	unsent(t, o, wordsOf(0), wordsOf(step), young)
	if n, err := o.PruneWords(t.Context(), all); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	unsent(t, o, young)
}

// An outbox of before there were words opens with its facts.
func TestYesterdaysSchemaOpens(t *testing.T) {
	dir := t.TempDir()
	today := mustOpen(t, filepath.Join(dir, "today.db"), Options{})
	mustAppend(t, today, numbered(2), numbered(3))
	head := today.Head()
	mustClose(t, today)
	first, err := fs.ReadFile(schema, "schema/00001_outbox.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "outbox.db")
	old, err := sqlite.Open(t.Context(), path, fstest.MapFS{"00001_outbox.sql": {Data: first}}, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		fmt.Sprintf("ATTACH '%s' AS today", filepath.Join(dir, "today.db")),
		"INSERT INTO chain SELECT * FROM today.chain", "INSERT INTO fact SELECT * FROM today.fact", "DETACH today",
	} {
		if _, err := old.Conn().ExecContext(t.Context(), query); err != nil {
			t.Fatal(query, err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	o := mustOpen(t, path, Options{})
	if o.Head() != head {
		t.Fatalf("head %v, want %v", o.Head(), head)
	}
	mustAppend(t, o, text(wordsOf(1)))
	unsent(t, o, wordsOf(1))
	drain(t, o, chainsOf(t, o)[0])
}
