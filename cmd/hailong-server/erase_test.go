package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"hailong/internal/survey"
	"hailong/server/access"
)

// filesWith names the files below some folders in which any of some pieces stands.
func filesWith(t testing.TB, pieces [][]byte, dirs ...string) (found []string) {
	t.Helper()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil // files come and go while the programs run
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return nil
			}
			for _, p := range pieces {
				if bytes.Contains(data, p) {
					found = append(found, path)
					break
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// sealed gives the sealed words of all texts, once the server has them.
func (s *station) sealed(n int) (all map[[32]byte][]byte) {
	s.t.Helper()
	eventually(s.t, "the server has the words", func() bool {
		all = map[[32]byte][]byte{}
		digests, _, err := s.proj.Texts(s.t.Context(), 0, 1000)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, d := range digests {
			words, ok, err := s.keeper.Words(s.t.Context(), d)
			if err != nil {
				s.t.Fatal(err)
			}
			if w, of, err := s.writing(s.t.Context(), d); err == nil && ok && of && w.Comment+w.Contact != "" {
				all[d] = words
			}
		}
		return len(all) == n
	})
	return all
}

// What the contact officer erases leaves every file of server and kiosk: database,
// log beside it, outboxes and stream; the other words stay, and so do all figures.
// It stays erased through a restart.
func TestErasedWordsAreInNoFile(t *testing.T) {
	data, kioskData := t.TempDir(), t.TempDir()
	s := start(t, data)
	s.organise(nil)
	s.asks(nil)
	k := startKiosk(t, s.url, kioskData)
	s.admit("K01", k.key())
	k.placed()
	receipts := s.register("MC-VPUB", anHourAgo(), code(1), code(2))
	s.settled()
	tapped := ask(t, "POST", s.url+"/r/"+receipts[0].ID, "score=2&version=1", "Content-Type", kindForm, "Accept", "text/html")
	const stays = "Góp ý này ở lại."
	if a := s.says(tapped.header.Get("Location"), url.Values{"comment": {stays}, "consent": {"1"}, "contact": {"0900 000 001"}}); a.status != 303 {
		t.Fatal(a.status, a.body)
	}
	body, err := json.Marshal(map[string]any{"scan": receipts[1].ID, "score": 1, "language": "vi", "comment": "Tại quầy viết rằng.",
		"contact": map[string]string{"name": "Người Mẫu", "contact": "0900 000 002", "consent": "Tôi đồng ý."}})
	if err != nil {
		t.Fatal(err)
	}
	if a := ask(t, "POST", k.url+"/api/v1/ratings", string(body), "Content-Type", "application/json"); a.status >= 300 {
		t.Fatal(a.status, a.body)
	}
	s.has(k)
	words := s.sealed(4)
	// All four are to be found now, where they lie without the key for the disk.
	for _, w := range words {
		if len(filesWith(t, [][]byte{w[:48]}, data, kioskData)) < 2 {
			t.Fatal("the test finds nothing where there is something")
		}
	}
	officer := s.guest(access.Contact, "VPUB")
	var pieces [][]byte
	for _, comments := range []bool{true, false} { // a comment stands beside its wish
		for d, w := range words {
			said, _, err := s.writing(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			if said.Comment == stays || (said.Comment != "") != comments || said == (survey.Writing{}) {
				continue
			}
			pieces = append(pieces, w[:48], w[len(w)-48:])
			form := url.Values{"digest": {hex.EncodeToString(d[:])}, "reason": {"request"}, "sure": {"1"}}
			a := ask(t, "POST", s.url+"/texts/erase", form.Encode(), append([]string{"Content-Type", kindForm, "Accept", "text/html"}, officer.headers...)...)
			if a.status != 303 {
				t.Fatal(a.status, a.body)
			}
		}
	}
	if len(pieces) != 6 {
		t.Fatalf("%d pieces of three texts", len(pieces))
	}
	eventually(t, "nothing is left of them in any file", func() bool { return len(filesWith(t, pieces, data, kioskData)) == 0 })
	left := s.sealed(1)
	for _, w := range left {
		if len(filesWith(t, [][]byte{w[:48]}, data)) == 0 {
			t.Error("what was not erased is not there either")
		}
	}
	scores := func(s *station) (n int) {
		t.Helper()
		if err := s.proj.Reader().QueryRow(`SELECT sum(score * (id + 1)) FROM ballot`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := scores(s)
	s.stop()
	again := start(t, data)
	again.sealed(1)
	if found := filesWith(t, pieces, data, kioskData); len(found) > 0 {
		t.Error("after a restart they are in", found)
	}
	if now := scores(again); now != before || now == 0 {
		t.Error("the figures changed", before, now)
	}
}

// The operator rotates the keys: the server seals its words anew at its next
// start, then the old key can be removed, and nothing is lost.
func TestKeysAreRotated(t *testing.T) {
	data := t.TempDir()
	s := start(t, data)
	s.organise(nil)
	s.asks(nil)
	receipts := s.register("MC-VPUB", anHourAgo(), code(1))
	s.settled()
	tapped := ask(t, "POST", s.url+"/r/"+receipts[0].ID, "score=2&version=1", "Content-Type", kindForm, "Accept", "text/html")
	if a := s.says(tapped.header.Get("Location"), url.Values{"comment": {"Trước khi đổi khóa."}}); a.status != 303 {
		t.Fatal(a.status, a.body)
	}
	s.sealed(1)
	public := s.keys.Public()
	s.stop()
	keys := func(args ...string) error {
		t.Helper()
		var out bytes.Buffer
		var c cli
		parser, err := kong.New(&c, kong.Writers(&out, &out), kong.BindTo(context.Background(), (*context.Context)(nil)))
		if err != nil {
			t.Fatal(err)
		}
		k, err := parser.Parse(append([]string{"keys", args[0], "--data=" + data}, args[1:]...))
		if err != nil {
			t.Fatal(err)
		}
		return k.Run()
	}
	if err := keys("prune"); err == nil || !strings.Contains(err.Error(), "there is no older key") {
		t.Error("before any rotation:", err)
	}
	if err := keys("rotate", "--in=-1h"); err == nil {
		t.Error("rotated in the past")
	}
	if err := keys("rotate", "--in=0s"); err != nil {
		t.Fatal(err)
	}
	if err := keys("prune"); err == nil || !strings.Contains(err.Error(), "restart the server") {
		t.Error("with words under the old key:", err)
	}
	again := start(t, data)
	eventually(t, "the words are sealed with the new key", func() bool {
		all, err := again.words.Keys(t.Context())
		return err == nil && len(all) == 1 && all[0].Key == again.keys.RestKeys()[0]
	})
	if again.keys.Public() == public || len(again.keys.RestKeys()) != 2 {
		t.Error("no new keys")
	}
	again.stop()
	if err := keys("prune"); err != nil {
		t.Fatal(err)
	}
	last := start(t, data)
	last.sealed(1)
	if len(last.keys.RestKeys()) != 1 {
		t.Error("the old key is still there")
	}
}
