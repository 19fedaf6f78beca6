package main

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/survey"
	"hailong/server/closing"
	"hailong/server/prooflog"
)

// TestVerify: all that a server keeps holds, while it runs and after; and
// whatever is changed in its files is found and named.
func TestVerify(t *testing.T) {
	data := filepath.Join(t.TempDir(), "server")
	s := start(t, data, "--checkpoint=10ms", "--quiet=1s")
	s.organise(nil)
	example := filepath.Join("..", "..", "deploy", "example")
	if code, _, said := command(t, "demo", "--data="+data+".sample", "--keys="+data+".keys", "--nats="+s.NATS(), "--days=40",
		"--questionnaire="+filepath.Join(example, "questionnaire.yaml"), filepath.Join(example, "nghe-an-2018.yaml")); code != 0 {
		t.Fatal(said)
	}
	s.closings()
	// Some that come one by one.
	for i, r := range s.register("MC-VPUB", anHourAgo(), code(1), code(2), code(3), code(4), code(5), code(6)) {
		s.byPhone(r.ID, fmt.Sprint(1+i%5))
		s.settled()
	}
	own := s.outbox.Head().Origin
	eventually(t, "checkpoints", func() bool {
		var n int
		if err := s.proj.Reader().QueryRow(`SELECT count(*) FROM checkpoint`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n > 1
	})
	s.reportsKeep()
	whole := kept{t, data}
	out, err := whole.verify()
	if err != nil {
		t.Fatalf("while it runs: %v\n%s", err, out)
	}
	for _, says := range []string{"server s1 (", "server sample (", "signatures, in effect up to", "log ", "results: ", "closed months: ", "stream: messages 1 to "} {
		if !strings.Contains(out, says) {
			t.Errorf("says nothing of %q:\n%s", says, out)
		}
	}
	s.stop()
	if out, err := whole.verify(); err != nil {
		t.Fatalf("after it stopped: %v\n%s", err, out)
	}
	if out, err := whole.verify(func(c *verifyCmd) { c.Since = "2099-01-01" }); err != nil || !strings.Contains(out, "on from a checkpoint") || !strings.Contains(out, "closed months: 0") {
		t.Errorf("since: %v\n%s", err, out)
	}
	if code, out, said := command(t, "verify", "--data="+data, "--since=yesterday"); code != 1 || !strings.Contains(said, "Try: --since=2026-11-01") {
		t.Error(code, out, said)
	}

	num := `(SELECT oid FROM origin WHERE name = 'sample') << 40 | `
	for _, test := range []struct {
		name, says string
		tamper     func(k kept)
	}{
		{"a flipped bit in a fact", `number 700 of server sample \(\w{8}\) is not the fact that its device signed`, func(k kept) {
			raw := k.blob("server.db", `SELECT bytes FROM fact WHERE id = `+num+`700`)
			k.exec("server.db", `UPDATE fact SET bytes = ? WHERE id = `+num+`700`, flipped(raw, len(raw)-3))
		}},
		{"a fact that was removed", `number 701 of server sample \(\w{8}\) is missing`, func(k kept) { k.exec("server.db", `DELETE FROM fact WHERE id = `+num+`701`) }},
		{"two facts that changed places", `number 703 of server sample \(\w{8}\) is not the fact`, func(k kept) {
			a, b := k.blob("server.db", `SELECT bytes FROM fact WHERE id = `+num+`702`), k.blob("server.db", `SELECT bytes FROM fact WHERE id = `+num+`703`)
			k.exec("server.db", `UPDATE fact SET bytes = ? WHERE id = `+num+`702`, b)
			k.exec("server.db", `UPDATE fact SET bytes = ? WHERE id = `+num+`703`, a)
		}},
		{"a chain that was cut off at its end", `which its device signed, is missing|in the log, and missing from the database|there is no signature`, func(k kept) {
			k.exec("server.db", `DELETE FROM fact WHERE id = (SELECT oid << 40 | head FROM origin WHERE name = 'sample')`)
			k.exec("server.db", `UPDATE origin SET head = head - 1 WHERE name = 'sample'`)
		}},
		{"a cut that was covered up", `is in the log, and missing from the database|no signature over the last fact`, func(k kept) {
			k.exec("server.db", `DELETE FROM seal WHERE oid = (SELECT oid FROM origin WHERE name = 'sample') AND number > (SELECT max(number) FROM seal WHERE oid = (SELECT oid FROM origin WHERE name = 'sample') AND number < (SELECT head FROM origin WHERE name = 'sample'))`)
			k.exec("server.db", `UPDATE origin SET head = (SELECT max(number) FROM seal s WHERE s.oid = origin.oid), applied = (SELECT max(number) FROM seal s WHERE s.oid = origin.oid) WHERE name = 'sample'`)
			k.exec("server.db", `UPDATE origin SET head_hash = (SELECT hash FROM seal s WHERE s.oid = origin.oid AND s.number = origin.head) WHERE name = 'sample'`)
			k.exec("server.db", `DELETE FROM fact WHERE id > (SELECT oid << 40 | head FROM origin WHERE name = 'sample') AND id <= (SELECT oid << 40 | 1099511627775 FROM origin WHERE name = 'sample')`)
		}},
		{"a signature", `the signature over number \d+ of server s1`, func(k kept) {
			raw := k.blob("server.db", `SELECT signature FROM seal WHERE oid = (SELECT oid FROM origin WHERE name = 's1') ORDER BY number LIMIT 1`)
			k.exec("server.db", `UPDATE seal SET signature = ? WHERE signature = ?`, flipped(raw, 5), raw)
		}},
		{"a count of a day", `table cell_day is not what the facts give`, func(k kept) {
			k.exec("server.db", `UPDATE cell_day SET s5 = s5 + 1 WHERE (cell, day) = (SELECT cell, day FROM cell_day ORDER BY day DESC LIMIT 1)`)
		}},
		{"a count that is shown", `table block is not the sum`, func(k kept) {
			k.exec("server.db", `UPDATE block SET s1 = s1 - 1, s5 = s5 + 1 WHERE (cell, last) = (SELECT cell, last FROM block WHERE s1 > 0 LIMIT 1)`)
			k.exec("server.db", `DELETE FROM block_month`)
			k.exec("server.db", `INSERT INTO block_month SELECT cell, CAST(julianday(last * 86400, 'unixepoch', 'start of month') - 2440587.5 AS INTEGER) AS month,
				sum(s1), sum(s2), sum(s3), sum(s4), sum(s5), sum(kiosk), sum(receipt), sum(changed) FROM block GROUP BY cell, month`)
		}},
		{"a count of a month", `table cell_month is not the sum`, func(k kept) {
			k.exec("server.db", `UPDATE cell_month SET s5 = s5 + 1 WHERE (cell, month) = (SELECT cell, month FROM cell_month LIMIT 1)`)
		}},
		{"a ballot", `table ballot is not what the facts give`, func(k kept) {
			k.exec("server.db", `UPDATE ballot SET score = 5 WHERE id = (SELECT id FROM ballot WHERE score = 1 LIMIT 1)`)
		}},
		{"a ballot that was removed", `ballot`, func(k kept) {
			k.exec("server.db", `DELETE FROM ballot WHERE id = (SELECT id FROM ballot WHERE score = 1 LIMIT 1)`)
		}},
		{"a leaf of the log", `leaf 517 of the log is not number \d+ of server`, func(k kept) {
			raw := k.blob("log.db", `SELECT hashes FROM tile WHERE id = 2`)
			k.exec("log.db", `UPDATE tile SET hashes = ? WHERE id = 2`, flipped(raw, 5*32))
		}},
		{"a node of the log", `the log's tree was changed above the leaves 256 to 511`, func(k kept) {
			raw := k.blob("log.db", `SELECT hashes FROM tile WHERE id = 1 << 48`)
			k.exec("log.db", `UPDATE tile SET hashes = ? WHERE id = 1 << 48`, flipped(raw, 32))
		}},
		{"leaves that were left out", `is in the database, and not in the log|and names the facts of`, func(k kept) {
			k.exec("log.db", `DELETE FROM run WHERE start = (SELECT max(start) FROM run)`)
		}},
		{"a checkpoint's row", `the checkpoint that is number \d+ of server s1 \(\w{8}\) is not what the fact says`, func(k kept) {
			k.exec("server.db", `UPDATE checkpoint SET size = size + 1 WHERE fact = (SELECT min(fact) FROM checkpoint)`)
		}},
		{"what was published", `what was published of \d{4}-\d{2} is not what the facts give`, func(k kept) {
			k.exec("closed.db", `UPDATE figure SET n5 = n5 + 1 WHERE unit = 'SGTVT' AND dim = 'total'`)
		}},
		{"a flipped bit in the stream's files", `message 4 is missing from the stream, or can't be read`, func(k kept) {
			k.rewrite(func(block []byte, all []storedMsg) []byte { return flipped(block, all[3].to-40) })
		}},
		{"a message that was removed", `message 5 is missing from the stream`, func(k kept) {
			k.rewrite(func(block []byte, all []storedMsg) []byte {
				return append(bytes.Clone(block[:all[4].from]), block[all[4].to:]...)
			})
		}},
		{"two messages of one device that changed places", `messages \d+ and \d+ of the stream changed places`, func(k kept) {
			k.rewrite(func(block []byte, all []storedMsg) []byte {
				own := of(block, all, own)
				return swapped(t, block, own[2], own[3])
			})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := whole.copied()
			k.t = t
			test.tamper(k)
			if code, said := k.judged(); code != 1 || !regexp.MustCompile(test.says).MatchString(said) {
				t.Errorf("%d: %s", code, said)
			}
		})
	}

	// Whoever has the server's key signs another history of an older size, and
	// records it as a checkpoint like any other.
	t.Run("an older checkpoint signed anew", func(t *testing.T) {
		k := whole.copied()
		s := start(t, k.data)
		key, err := outbox.LoadKey(filepath.Join(k.data, "server.key"))
		if err != nil {
			t.Fatal(err)
		}
		log := s.proofs.ID()
		forged := fact.Checkpoint{Log: log[:], Size: 100, Root: bytes.Repeat([]byte{7}, 32)}
		name := prooflog.Name("s1", log[:])
		text := fmt.Sprintf("%s\n%d\n%s\n", name, forged.Size, base64.StdEncoding.EncodeToString(forged.Root))
		signer, err := note.NewSigner("PRIVATE+KEY+" + name + "+" + keyHash(name, key.Public()) + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, key.Seed()...)))
		if err != nil {
			t.Fatal(err)
		}
		if forged.Note, err = note.Sign(&note.Note{Text: text}, signer); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Append(t.Context(), fact.Entry{Kind: fact.KindCheckpoint, Body: &forged}); err != nil {
			t.Fatal(err)
		}
		s.settled()
		s.stop()
		if out, err := k.verify(); err == nil || !strings.Contains(err.Error(), "does not lead to its checkpoint over 100 leaves") {
			t.Errorf("%v\n%s", err, out)
		}
	})

	// The command's exit code, and what to do.
	k := whole.copied()
	k.exec("server.db", `DELETE FROM fact WHERE id = `+num+`9`)
	if code, out, said := command(t, "verify", "--data="+k.data); code != 1 || !strings.Contains(said, "number 9 of server sample") || !strings.Contains(said, "Try: ") || !strings.Contains(out, "BROKEN") {
		t.Error(code, out, said)
	}
	if code, out, said := command(t, "verify", "--data="+data, "--no-stream"); code != 0 || !strings.Contains(out, "stream: left out") {
		t.Error(code, out, said)
	}
}

// reportsKeep: a report of a closed month names the last checkpoint that the
// closing had seen, if there was one, and is the same to the byte after others;
// one of an open month names the last.
func (s *station) reportsKeep() {
	s.t.Helper()
	month := ((survey.DayOf(time.Now()) - closing.Grace).Month().From - 1).Month()
	closed := "/api/v1/reports?format=csv&from=" + month.From.String() + "&until=" + month.Last().String()
	first := s.get(closed)
	last, ok, err := s.proofs.Latest(s.t.Context())
	if err != nil || !ok {
		s.t.Fatal(ok, err)
	}
	s.register("MC-VPUB", anHourAgo(), code(77))
	eventually(s.t, "another checkpoint", func() bool {
		now, _, err := s.proofs.Latest(s.t.Context())
		return err == nil && now.Size > last.Size+1
	})
	if again := s.get(closed); again != first {
		s.t.Errorf("the report of a closed month was another before:\n%.300s\n%.300s", first, again)
	}
	now, _, err := s.proofs.Latest(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	if open := s.get("/api/v1/reports?format=csv&from=" + survey.DayOf(time.Now()).Month().From.String() + "&until=" + survey.DayOf(time.Now()).String()); !strings.Contains(open, "Điểm kiểm chứng "+now.Short()) {
		s.t.Errorf("%.600s", open)
	}
	if board := look(s.t, s.url+"/board/VINH").body; !strings.Contains(board, "Điểm kiểm chứng "+now.Short()) {
		s.t.Error(board)
	}
}

// keyHash is the hash in the name of a note's key.
func keyHash(name string, public crypto.PublicKey) string {
	h := sha256.Sum256(append([]byte(name+"\n\x01"), public.(ed25519.PublicKey)...))
	return fmt.Sprintf("%08x", binary.BigEndian.Uint32(h[:]))
}
