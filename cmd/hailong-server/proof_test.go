package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"hailong/internal/receipt"
	"hailong/internal/survey"
)

// A citizen rates by phone, keeps the code, changes the answer at home, and sees
// that the ballot is counted; anybody checks the proof with programs of others.
func TestProofOfABallot(t *testing.T) {
	s := organised(t, "--checkpoint=10ms")
	id := s.register("MC-VPUB", anHourAgo(), code(1))[0].ID
	tapped := s.byPhone(id, "1")
	thanks := s.says(tapped.header.Get("Location"), url.Values{})
	kept := regexp.MustCompile(`<p class="code">([^<]*)</p>`).FindStringSubmatch(look(t, s.url+thanks.header.Get("Location")).body)
	if kept == nil {
		t.Fatal("the thanks offer no code")
	}
	given, err := receipt.ParseProof(html.UnescapeString(kept[1]))
	if err != nil {
		t.Fatal(err)
	}
	at := s.url + "/proof/" + url.PathEscape(given.String())
	s.settled()
	var first answer
	eventually(t, "the ballot is in a checkpoint", func() bool {
		first = look(t, at)
		if first.status != 200 || !strings.Contains(first.body, "Phiếu của bạn đã được tính") {
			t.Fatalf("%d %s", first.status, first.body)
		}
		return strings.Contains(first.body, "/file")
	})

	// The answer is changed; the page stays what it was, to the byte.
	s.byPhone(id, "5")
	s.settled()
	if again := look(t, at); again.body != first.body {
		t.Errorf("who looks learns that the answer was changed:\n%s\n%s", first.body, again.body)
	}
	if a := look(t, strings.ToUpper(s.url)+"/PROOF/"+url.PathEscape(given.String())); !strings.Contains(a.body, "Phiếu của bạn đã được tính") {
		t.Error("the address of the QR shows something else")
	}
	if a := ask(t, "POST", s.url+"/proof", "code="+url.QueryEscape(given.Grouped()), "Content-Type", kindForm, "Accept", "text/html"); a.status != 303 || !strings.HasPrefix(a.header.Get("Location"), "/proof/") {
		t.Errorf("typed: %d %s", a.status, a.header.Get("Location"))
	}

	// The file convinces whoever trusts RFC 6962 and the key.
	a := look(t, at+"/file")
	var file struct {
		Fact       string   `json:"fact_sha256"`
		Index      uint64   `json:"leaf_index"`
		Size       uint64   `json:"tree_size"`
		Path       [][]byte `json:"inclusion_path"`
		Checkpoint string   `json:"checkpoint"`
		Key        string   `json:"verifier_key"`
	}
	if err := json.Unmarshal([]byte(a.body), &file); err != nil || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%v %s", err, a.body)
	}
	verifier, err := note.NewVerifier(file.Key)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open([]byte(file.Checkpoint), note.VerifierList(verifier))
	if err != nil {
		t.Fatal(err)
	}
	root, err := base64.StdEncoding.DecodeString(strings.Split(n.Text, "\n")[2])
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := hex.DecodeString(file.Fact)
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, file.Index, file.Size, rfc6962.DefaultHasher.HashLeaf(leaf), file.Path, root); err != nil {
		t.Error(err)
	}

	// The log's pages, in both languages, and its growth.
	eventually(t, "a newer checkpoint", func() bool {
		last, ok, err := s.proofs.Latest(t.Context())
		return err == nil && ok && last.Size > file.Size
	})
	for lang, title := range map[string]string{"vi": "Sổ kiểm chứng", "en": "Log of the records"} {
		if a := look(t, s.url+"/log?lang="+lang); a.status != 200 || !strings.Contains(a.body, title) || !strings.Contains(html.UnescapeString(a.body), file.Key) {
			t.Errorf("%s: %d %s", lang, a.status, a.body)
		}
	}
	if a := look(t, s.url+"/log/checkpoint?size="+strings.Split(n.Text, "\n")[1]); a.body != file.Checkpoint {
		t.Errorf("%d %s", a.status, a.body)
	}
	last := look(t, s.url+"/log/checkpoint").body
	var between struct {
		From, To uint64
		Path     [][]byte `json:"consistency_path"`
	}
	if err := json.Unmarshal([]byte(look(t, s.url+"/log/consistency?from="+strings.Split(n.Text, "\n")[1]).body), &between); err != nil {
		t.Fatal(err)
	}
	newer, err := base64.StdEncoding.DecodeString(strings.Split(last, "\n")[2])
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.VerifyConsistency(rfc6962.DefaultHasher, between.From, between.To, between.Path, root, newer); err != nil || between.To <= between.From {
		t.Errorf("%v %+v", err, between)
	}

	// What is no code, or no size.
	for _, bad := range []string{"/proof/x", "/proof/" + id, "/proof/%ff", "/proof/%3Cscript%3E", "/log/consistency", "/log/consistency?from=0", "/log/consistency?from=2&to=1",
		"/log/consistency?from=1&to=99999999", "/log/checkpoint?size=-1", "/log/checkpoint?size=9999999", "/proof/x/file", "/proof/00000000000000000000/file", "/log/x"} {
		if a := look(t, s.url+bad); a.status < 400 || a.status > 499 || strings.Contains(a.body, "<script>") {
			t.Errorf("%s: %d %.300s", bad, a.status, a.body)
		}
	}
	unseen := receipt.NewProof([16]byte{1, 2, 3}, 7, []byte("x"))
	if a := look(t, s.url+"/proof/"+url.PathEscape(unseen.String())); a.status != 200 || !strings.Contains(a.body, "Chưa thấy phiếu này") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := look(t, s.url+"/proof/"+url.PathEscape(unseen.String())+"/file", "Accept", "application/json"); a.status != 404 || !strings.Contains(a.body, string(survey.CodeNotFound)) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if log := s.book.String(); strings.Contains(log, given.String()) {
		t.Error("the log of the program holds a proof code")
	}
}
