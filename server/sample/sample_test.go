package sample_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/survey"
	"hailong/server/keyring"
	"hailong/server/organisation"
	"hailong/server/projection"
	"hailong/server/questionnaire"
	"hailong/server/sample"
)

// Three weeks up to the middle of a Monday.
var (
	to   = time.Date(2026, time.November, 23, 10, 17, 0, 0, survey.Zone)
	from = to.AddDate(0, 0, -21)
)

func load(t *testing.T) *organisation.Organisation {
	t.Helper()
	o, err := organisation.Load(filepath.Join("..", "..", "deploy", "example", "nghe-an-2018.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func ballot(code string) [32]byte { return sha256.Sum256([]byte(code)) }

// digest is of a whole history, times included.
func digest(t *testing.T, o *organisation.Organisation, seed uint64) (sum [32]byte, entries int) {
	t.Helper()
	h, all := sample.New(sample.Options{Organisation: o, Ballot: ballot, From: from, To: to, Seed: seed}), sha256.New()
	for {
		at, slot := h.Next()
		if slot == nil {
			return [32]byte(all.Sum(nil)), entries
		}
		for _, e := range slot {
			raw, err := fact.Marshal([]any{at.UnixMilli(), e.Kind, e.Body})
			if err != nil {
				t.Fatal(err)
			}
			all.Write(raw)
			entries++
		}
	}
}

func TestSameSeedSameHistory(t *testing.T) {
	o := load(t)
	first, n := digest(t, o, 1)
	if n < 1000 {
		t.Errorf("%d facts in three weeks", n)
	}
	if again, _ := digest(t, o, 1); again != first {
		t.Error("the same seed gave another history")
	}
	if other, _ := digest(t, o, 2); other == first {
		t.Error("another seed gave the same history")
	}
}

// TestInOrder: slot follows slot, whatever happens lies in its slot, and
// nothing in the future.
func TestInOrder(t *testing.T) {
	h := sample.New(sample.Options{Organisation: load(t), Ballot: ballot, From: from, To: to, Seed: 1})
	var before time.Time
	for {
		at, entries := h.Next()
		if entries == nil {
			break
		}
		if at.Before(before) || at.Before(survey.DayOf(from).Start()) || !at.Before(to) {
			t.Fatalf("slot %v after %v", at, before)
		}
		before = at
		for _, e := range entries {
			ms := at.UnixMilli()
			switch b := e.Body.(type) {
			case *fact.Dossier:
				ms = b.Received
			case *fact.Slip:
				ms = b.Issued
			case *fact.Event:
				ms = b.At
			}
			if when := time.UnixMilli(ms); when.Before(at) || !when.Before(at.Add(sample.Slot)) || !when.Before(to) {
				t.Fatalf("%T of %v in the slot of %v", e.Body, when, at)
			}
		}
	}
	if to.Sub(before) > 24*time.Hour {
		t.Errorf("the history ends at %v", before)
	}
}

// TestProjectionTakesAll: recorded as `hailong-server demo` records it, no fact
// of a history is set aside, and its ballots count.
func TestProjectionTakesAll(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	ring, err := keyring.New()
	if err != nil {
		t.Fatal(err)
	}
	org := load(t)
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	at := from
	out, err := outbox.Open(ctx, filepath.Join(dir, "outbox.db"), outbox.Options{
		Key: key, Role: fact.RoleServer, Name: "sample", Member: ring.Member(key.Public().(ed25519.PublicKey)),
		Stamp: func() fact.Stamp { return fact.Stamp{Wall: at.UnixMilli()} },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	record := func(entries []fact.Entry) {
		t.Helper()
		if _, err := out.Append(ctx, entries...); err != nil {
			t.Fatal(err)
		}
	}
	record(org.Entries())
	dossiers, ratings := 0, 0
	h := sample.New(sample.Options{Organisation: org, Ballot: ring.Ballot, From: to.AddDate(0, 0, -10), To: to, Seed: 3})
	for {
		var entries []fact.Entry
		if at, entries = h.Next(); entries == nil {
			break
		}
		for _, e := range entries {
			switch e.Kind {
			case fact.KindDossier:
				dossiers++
			case fact.KindRating:
				ratings++
			}
		}
		record(entries)
	}
	p, err := projection.Open(ctx, filepath.Join(dir, "server.db"), projection.Options{
		Server: "s1", Keys: ring, Now: func() time.Time { return to }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	head := out.Head()
	for after, seq := uint64(0), uint64(0); after < head.Number; {
		data, last, err := out.Batch(ctx, head.Origin, after, fact.MaxBatch, 1<<20)
		if err != nil || data == nil {
			t.Fatal(err)
		}
		seq++
		if err := p.Apply(ctx, p.Open([][]byte{data}), projection.Position{Stream: 1, Sequence: seq}, true); err != nil {
			t.Fatal(err)
		}
		after = last
	}
	if m := p.Mark(head.Origin); m.Number != head.Number || m.Hash != head.Hash {
		t.Errorf("held up to %d of %d", m.Number, head.Number)
	}
	count := func(query string) (n int) {
		t.Helper()
		if err := p.Reader().QueryRowContext(context.WithoutCancel(ctx), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, query := range []string{"SELECT count(*) FROM quarantine", "SELECT count(*) FROM aside", "SELECT count(*) FROM undated"} {
		if n := count(query); n != 0 {
			t.Errorf("%s: %d", query, n)
		}
	}
	answers := count("SELECT sum(s1 + s2 + s3 + s4 + s5) FROM cell_day")
	if dossiers < 100 || answers < ratings*9/10 || answers > ratings {
		t.Errorf("%d dossiers, %d ratings, %d ballots counted", dossiers, ratings, answers)
	}
}

// Some go on to the questions of the version that was shown, and answer nothing
// else.
func TestAnswers(t *testing.T) {
	v, err := questionnaire.Load(filepath.Join("..", "..", "deploy", "example", "questionnaire.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	h := sample.New(sample.Options{Organisation: load(t), Ballot: ballot, From: from, To: to, Seed: 1, Questionnaire: &v.Questionnaire})
	ratings, answered, ticks := 0, 0, map[byte]int{}
	has := func(fits func(s *survey.ServiceSheet) bool) bool {
		return fits(v.For(survey.ServiceAdministrative)) || fits(v.For(survey.ServicePublic))
	}
	for {
		_, entries := h.Next()
		if entries == nil {
			break
		}
		for _, e := range entries {
			r, ok := e.Body.(*fact.Rating)
			if !ok {
				continue
			}
			if err := r.Validate(); err != nil {
				t.Fatal(err)
			}
			ratings++
			if r.Questionnaire == v.Version {
				answered++
			} else if len(r.Answers)+len(r.Reasons) > 0 || r.Questionnaire != 0 {
				t.Fatalf("%+v", r)
			}
			for _, a := range r.Answers {
				if !has(func(s *survey.ServiceSheet) bool { return s.HasQuestion(a.Question) }) {
					t.Fatalf("no such question: %q", a.Question)
				}
			}
			for _, x := range r.Reasons {
				ticks[x[0]]++
				if !has(func(s *survey.ServiceSheet) bool { return s.HasReason(x) }) {
					t.Fatalf("no such reason: %q", x)
				}
			}
		}
	}
	if answered < ratings/10 || answered > ratings/2 || ticks['+'] == 0 || ticks['-'] == 0 {
		t.Errorf("%d of %d answered, ticks %v", answered, ratings, ticks)
	}
}
