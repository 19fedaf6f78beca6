package outbox

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"hailong/internal/fact"
)

// filesWith names the files of a folder in which a text stands.
func filesWith(t testing.TB, dir string, text []byte) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, text) {
			found = append(found, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Erased words are in no file any more, though the outbox stays open and others
// were written before and after; their facts and all other words stay.
func TestErasedWordsAreInNoFile(t *testing.T) {
	dir := t.TempDir()
	o := mustOpen(t, filepath.Join(dir, "outbox.db"), Options{})
	secret := func(n int) []byte {
		return bytes.Repeat(append([]byte("nobody is to read this "), byte('a'+n)), 200) // over several pages
	}
	for n := range 12 {
		mustAppend(t, o, text(secret(n)))
		// As when the stream has taken them: the row is written again.
		if err := o.MarkSent(t.Context(), sha256.Sum256(secret(n))); err != nil {
			t.Fatal(err)
		}
	}
	gone, stays := secret(3), secret(4)
	if found := filesWith(t, dir, gone[:48]); len(found) == 0 {
		t.Fatal("the test finds nothing where there is something")
	}
	n, err := o.EraseWords(t.Context(), sha256.Sum256(gone), sha256.Sum256([]byte("never here")))
	if n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if found := filesWith(t, dir, gone[:48]); len(found) > 0 {
		t.Errorf("left in %v", found)
	}
	if found := filesWith(t, dir, gone[len(gone)-48:]); len(found) > 0 {
		t.Errorf("the end is left in %v", found)
	}
	mustHaveWords(t, o, stays)
	if n, err := o.EraseWords(t.Context(), sha256.Sum256(gone)); n != 0 || err != nil {
		t.Error("erased twice", n, err)
	}
	for _, c := range chainsOf(t, o) {
		if got := len(drain(t, o, c)); got != 13 {
			t.Errorf("%d facts are left", got)
		}
	}
	var digests [][32]byte
	for after := int64(0); ; {
		some, next, err := o.WordsDigests(t.Context(), after, 5)
		if err != nil {
			t.Fatal(err)
		}
		if digests = append(digests, some...); len(some) == 0 {
			break
		}
		after = next
	}
	if len(digests) != 11 || digests[3] != sha256.Sum256(stays) {
		t.Errorf("%d digests are left", len(digests))
	}
}

// Accounts and acts have their words beside them like texts.
func TestWordsOfAccountsAndActs(t *testing.T) {
	o := mustOpen(t, filepath.Join(t.TempDir(), "outbox.db"), Options{})
	words := [][]byte{wordsOf(1), wordsOf(2)}
	sums := [][32]byte{sha256.Sum256(words[0]), sha256.Sum256(words[1])}
	account := fact.Account{ID: make([]byte, 16), Role: 1, Digest: sums[0][:], Size: uint32(len(words[0]))}
	act := fact.Act{Via: fact.ViaServer, Action: "account.make", Facts: 1, Digest: sums[1][:], Size: uint32(len(words[1]))}
	mustAppend(t, o, fact.Entry{Kind: fact.KindAccount, Words: words[0], Body: &account}, fact.Entry{Kind: fact.KindAct, Words: words[1], Body: &act})
	mustHaveWords(t, o, words...)
	for name, e := range map[string]fact.Entry{
		"no words":    {Kind: fact.KindAccount, Body: &account},
		"other words": {Kind: fact.KindAct, Words: words[0], Body: &act},
		"names none":  {Kind: fact.KindErasure, Words: words[0], Body: &fact.Erasure{Digest: sums[0][:], Reason: 1}},
	} {
		if _, err := o.Append(t.Context(), e); err == nil {
			t.Error("recorded:", name)
		}
	}
}
