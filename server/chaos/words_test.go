package chaos

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// comment is what a citizen writes beside an answer, most often nothing. No two
// are the same.
func comment(rng *rand.Rand) string {
	switch n := rng.IntN(40); {
	case n == 0:
		return fmt.Sprintf("%016x ", rng.Uint64()) + strings.Repeat("chờ lâu & <mệt> ", 100)
	case n < 8:
		return fmt.Sprintf("Góp ý %016x", rng.Uint64())
	}
	return ""
}

// noWords deletes what a server keeps of people's words: it gets them anew. As
// with noProjection, once an outbox was put back the other must have all.
func (s *storm) noWords() {
	d := s.servers[s.rng.IntN(len(s.servers))]
	if s.destroyed {
		s.whole()
		s.settled(false, s.devices()...)
	}
	s.halt(d, s.signal())
	s.logged("  words of %s deleted", d.name)
	for _, f := range database(filepath.Join(d.data, "words.db")) {
		if err := os.RemoveAll(f); err != nil {
			s.t.Fatal(err)
		}
	}
	if s.destroyed {
		s.whole()
		s.settled(false, s.devices()...)
		return
	}
	s.away(d)
}

// remark is one comment in a sitting, or that it was taken back.
type remark struct {
	sitting
	there bool
}

// commented notes a comment.
func (w *world) commented(tr *truth, f *fact.Fact) error {
	var b fact.Text
	if err := fact.Unmarshal(f.Body, &b); err != nil || survey.Purpose(b.Purpose) != survey.PurposeComment {
		return err
	}
	key, _, err := w.ballotOf(tr, b.Receipt, b.Sealed, b.Session)
	tr.comments[key] = append(tr.comments[key], remark{sittingOf(f, b.Session), len(b.Digest) > 0})
	return err
}

// comment says whether a comment holds in a sitting: the last one does.
func (tr *truth) comment(key [32]byte, origin fact.OriginID, session string) (there bool) {
	last := uint64(0)
	for _, c := range tr.comments[key] {
		if c.at.Origin == origin && c.session == session && c.at.Number > last {
			last, there = c.at.Number, c.there
		}
	}
	return there
}

// written are the digests of the words in the devices' outboxes, and of those
// that the servers hold.
func (w *world) written(ds []*device) (digests map[[32]byte]string, err error) {
	digests = map[[32]byte]string{}
	look := func(d *device, name string) {
		err = errors.Join(err, reading(filepath.Join(d.data, name), func(tx *sql.Tx) error {
			return each(tx, func(r *sql.Rows) error {
				var digest []byte
				err := r.Scan(&digest)
				digests[[32]byte(digest)] = d.name + "'s " + name
				return err
			}, `SELECT digest FROM words`)
		}))
	}
	for _, d := range ds {
		look(d, "outbox.db")
	}
	for _, s := range w.servers {
		look(s, "words.db")
	}
	return digests, err
}

// lackWords says which of the words one of the servers does not hold; empty:
// none.
func (w *world) lackWords(digests map[[32]byte]string) (why string, err error) {
	for _, s := range w.servers {
		held := map[[32]byte]bool{}
		err := reading(filepath.Join(s.data, "words.db"), func(tx *sql.Tx) error {
			return each(tx, func(r *sql.Rows) error {
				var digest []byte
				err := r.Scan(&digest)
				held[[32]byte(digest)] = true
				return err
			}, `SELECT digest FROM words`)
		})
		if err != nil {
			return "", err
		}
		for d, where := range digests {
			if !held[d] {
				return fmt.Sprintf("server %s lacks words %x, which are in %s", s.name, d, where), nil
			}
		}
	}
	return "", nil
}

// judgeWords asks whether a server that is down holds whatever was written, as
// it was written, and nothing else.
func (w *world) judgeWords(s *device, v *verdict) {
	w.t.Helper()
	named := map[[32]byte]bool{} // by a text; false: by who did what
	err := reading(filepath.Join(s.data, "server.db"), func(tx *sql.Tx) error {
		return each(tx, func(r *sql.Rows) error {
			var digest []byte
			var text bool
			err := r.Scan(&digest, &text)
			named[[32]byte(digest)] = text
			return err
		}, `SELECT digest, 0 FROM act UNION ALL SELECT digest, 0 FROM account UNION ALL SELECT digest, 1 FROM text WHERE digest <> x''`)
	})
	comments := map[string]bool{}
	if err == nil {
		err = reading(filepath.Join(s.data, "words.db"), func(tx *sql.Tx) error {
			return each(tx, func(r *sql.Rows) error {
				var digest, kept []byte
				var key string
				if err := r.Scan(&digest, &kept, &key); err != nil {
					return err
				}
				var plain []byte
				sealed, ok := w.keys.OpenRest(key, digest, kept)
				if ok {
					plain, ok = w.keys.OpenWords(sealed)
				}
				text, known := named[[32]byte(digest)]
				var x survey.Writing
				if !ok || !known || text && json.Unmarshal(plain, &x) != nil {
					v.problem("server %s: words %x: opened %v, named by a fact %v", s.name, digest, ok, known)
				}
				if text {
					comments[x.Comment] = true
				}
				return nil
			}, `SELECT digest, bytes, key FROM words`)
		})
	}
	if err != nil {
		v.problem("server %s: %v", s.name, err)
		return
	}
	for _, b := range w.pool.all() {
		b.mu.Lock()
		for _, a := range b.attempts {
			// What is stored is without space at either end.
			there := comments[strings.TrimSpace(a.comment)]
			delete(comments, strings.TrimSpace(a.comment))
			a.state = a.wrote // as to what was written
			switch state := w.stateOf(a); {
			case a.comment == "":
			case state == thanked:
				v.words++
				if !there {
					v.wordsLost++
					v.problem("server %s: ballot %x: what was written at %s at %s was thanked for and is not there", s.name, b.key, a.device, clock(a.sent))
				}
			case there && state != perhaps:
				v.problem("server %s: ballot %x: words that were not taken are there: state %d %s", s.name, b.key, state, a.said)
			}
		}
		b.mu.Unlock()
	}
	for c := range comments {
		v.problem("server %s: words that nobody wrote: %q", s.name, c)
	}
}
