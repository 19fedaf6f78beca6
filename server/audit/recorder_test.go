package audit_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hailong/internal/fact"
	"hailong/server/audit"
	"hailong/server/register/registertest"
)

// world is a server whose facts are recorded with acts.
type world struct {
	*registertest.World
	*audit.Recorder
	t *testing.T
}

func newWorld(t *testing.T) *world {
	w := &world{World: registertest.New(t, nil), t: t}
	w.Recorder = audit.New(audit.Options{Append: w.Outbox.Append, Reader: w.Projection.Reader(), Seal: w.Keys.SealWords})
	return w
}

// Append is the recorder's, not the outbox's.
func (w *world) Append(ctx context.Context, entries ...fact.Entry) []fact.Ref {
	w.t.Helper()
	refs, err := w.Recorder.Append(ctx, entries...)
	if err != nil || len(refs) != len(entries) {
		w.t.Fatalf("%d references for %d entries: %v", len(refs), len(entries), err)
	}
	if err := w.Projection.WaitApplied(w.t.Context(), refs[0].Origin, w.Outbox.Head().Number); err != nil {
		w.t.Fatal(err)
	}
	return refs
}

type recorded struct {
	fact.Fact
	act    fact.Act
	detail audit.Detail
}

// after gives the facts after a number, acts with their words.
func (w *world) after(number uint64) (all []recorded) {
	w.t.Helper()
	words, err := w.Outbox.UnsentWords(w.t.Context(), 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for head := w.Outbox.Head(); number < head.Number; {
		data, last, err := w.Outbox.Batch(w.t.Context(), head.Origin, number, 500, 1<<20)
		if err != nil {
			w.t.Fatal(err)
		}
		b, err := fact.Open(data)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, r := range b.Records {
			x := recorded{Fact: *r.Fact}
			if r.Fact.Kind == fact.KindAct {
				if err := fact.Unmarshal(r.Fact.Body, &x.act); err != nil {
					w.t.Fatal(err)
				}
				if err := x.act.Validate(); err != nil {
					w.t.Error(err)
				}
				for _, sealed := range words {
					if sum := sha256.Sum256(sealed); string(sum[:]) == string(x.act.Digest) {
						plain, ok := w.Keys.OpenWords(sealed)
						if !ok {
							w.t.Fatal("not sealed to the servers")
						}
						if err := json.Unmarshal(plain, &x.detail); err != nil {
							w.t.Fatal(err)
						}
					}
				}
			}
			all = append(all, x)
		}
		number = last
	}
	return all
}

func target(hundredths int32) fact.Entry {
	return fact.Entry{Kind: fact.KindTarget, Body: &fact.Target{Kind: "so", Service: 1, Operator: 1, Hundredths: hundredths, From: 17532}}
}

// A change carries who made it, from where, and what was there before and after.
func TestChangeHasAnAct(t *testing.T) {
	w := newWorld(t)
	who := audit.Actor{Account: [16]byte{7}, Via: fact.ViaPage, Name: "Cán bộ quản trị", From: "203.0.113.9"}
	head := w.Outbox.Head().Number
	refs := w.Append(audit.With(t.Context(), who), target(9700))
	all := w.after(head)
	if len(all) != 2 || all[0].Kind != fact.KindTarget || all[1].Kind != fact.KindAct || all[0].Number != refs[0].Number {
		t.Fatalf("%+v", all)
	}
	x := all[1]
	if string(x.act.By) != string(who.Account[:]) || x.act.Via != fact.ViaPage || x.act.Action != "target.change" || x.act.Facts != 1 {
		t.Errorf("%+v", x.act)
	}
	if x.detail.Name != who.Name || x.detail.From != who.From || len(x.detail.Changes) != 1 {
		t.Fatalf("%+v", x.detail)
	}
	c := x.detail.Changes[0]
	var before, after struct {
		Hundredths int
		From       string
		Service    string
	}
	for raw, into := range map[string]any{string(c.Before): &before, string(c.After): &after} {
		if err := json.Unmarshal([]byte(raw), into); err != nil {
			t.Fatal(raw, err)
		}
	}
	if before.Hundredths != 9500 || after.Hundredths != 9700 || before.From != "2018-01-01" || after.From != before.From || before.Service != after.Service {
		t.Errorf("%s → %s", c.Before, c.After)
	}
	if bytes, err := fact.Marshal(&x.act); err != nil || strings.Contains(string(bytes), who.From) || strings.Contains(string(bytes), who.Name) {
		t.Error("the chain names a person:", err)
	}
}

// What changes nothing of the organisation is nobody's act; without an actor it is
// the server's own.
func TestWhoseAct(t *testing.T) {
	w := newWorld(t)
	head := w.Outbox.Head().Number
	slip := fact.Entry{Kind: fact.KindSlip, Body: &fact.Slip{Hash: make([]byte, 32), Unit: "BV", Service: 2, Issued: 1_700_000_000_000}}
	w.Append(t.Context(), slip)
	if all := w.after(head); len(all) != 1 {
		t.Fatalf("%d facts for a slip", len(all))
	}
	w.Append(t.Context(), target(9600), slip)
	all := w.after(head + 1)
	if len(all) != 3 || all[1].Kind != fact.KindAct || all[1].act.Via != fact.ViaServer || len(all[1].act.By) != 0 {
		t.Fatalf("%+v", all)
	}
}

// Every kind that changes something is described, whatever stands in it.
func TestEveryKindIsDescribed(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("ă", fact.MaxText/2)
	for _, e := range []fact.Entry{
		{Kind: fact.KindUnitKind, Body: &fact.UnitKind{Code: "so", Name: long}},
		{Kind: fact.KindUnit, Body: &fact.Unit{Code: "SXD", Name: long, Kind: "so", Parent: "H41", Until: 20000}},
		{Kind: fact.KindDesk, Body: &fact.Desk{Code: "D1", Unit: "SXD", Name: "Một cửa", Service: 1}},
		{Kind: fact.KindKiosk, Body: &fact.Kiosk{Code: "K01", Desk: "D2"}},
		{Kind: fact.KindSetting, Body: &fact.Setting{Key: "languages", Value: "vi"}},
		{Kind: fact.KindQuestionnaire, Body: &fact.Questionnaire{Version: 1, Document: []byte("{}")}},
		{Kind: fact.KindAdmission, Body: &fact.Admission{Public: make([]byte, 32), Kiosk: "K01"}},
		{Kind: fact.KindRevocation, Body: &fact.Revocation{Public: make([]byte, 32), Reason: "mất máy", Holds: []fact.Hold{{Number: 3}}}},
		{Kind: fact.KindDecision, Body: &fact.Decision{Number: 1, Reason: "x"}},
		{Kind: fact.KindErasure, Body: &fact.Erasure{Digest: make([]byte, 32), Reason: 1}},
	} {
		head := w.Outbox.Head().Number
		w.Append(t.Context(), e)
		all := w.after(head)
		x := all[len(all)-1]
		if len(all) != 2 || len(x.detail.Changes) != 1 || x.detail.Changes[0].Thing == "" || len(x.detail.Changes[0].After) < 3 || x.act.Subject == "" {
			t.Errorf("kind %d: %+v", e.Kind, x.detail)
		}
		if had := len(x.detail.Changes[0].Before) > 0; had != (e.Kind == fact.KindUnitKind || e.Kind == fact.KindUnit || e.Kind == fact.KindDesk || e.Kind == fact.KindKiosk || e.Kind == fact.KindRevocation) {
			t.Errorf("kind %d: before %s", e.Kind, x.detail.Changes[0].Before)
		}
	}
}

// A whole organisation is several acts, each small enough to be kept, and none of
// its facts is without one.
func TestManyChanges(t *testing.T) {
	w := newWorld(t)
	var entries []fact.Entry
	for i := range 150 {
		entries = append(entries, fact.Entry{Kind: fact.KindUnit, Body: &fact.Unit{Code: fmt.Sprint("U", i), Name: strings.Repeat("Sở ", 130), Kind: "so", Parent: "H41"}})
	}
	head := w.Outbox.Head().Number
	refs := w.Append(t.Context(), entries...)
	spoken, shown, before := 0, 0, uint64(0)
	for _, x := range w.after(head) {
		if x.Kind != fact.KindAct {
			if x.Number != refs[before].Number {
				t.Fatalf("reference %d is of number %d, not %d", before, refs[before].Number, x.Number)
			}
			before++
			continue
		}
		spoken += int(x.act.Facts)
		shown += len(x.detail.Changes) + x.detail.More
		if x.act.Action != "organisation.load" || x.detail.More == 0 || x.act.Size > fact.MaxSealedWords {
			t.Errorf("%+v, %d more", x.act, x.detail.More)
		}
	}
	if spoken != 150 || shown != 150 || before != 150 {
		t.Errorf("acts speak of %d facts and show %d, of %d", spoken, shown, before)
	}
}

// A caller knows better than the facts what an account's change is.
func TestDescribed(t *testing.T) {
	w := newWorld(t)
	head := w.Outbox.Head().Number
	secret := "argon2id-hash-of-somebody"
	sealed, err := w.Keys.SealWords([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(sealed)
	w.Append(audit.Describe(t.Context(), audit.Description{Action: "account.password", Subject: "lan.nt", Note: "đổi mật khẩu", Changes: []audit.Change{}}),
		fact.Entry{Kind: fact.KindAccount, Body: &fact.Account{ID: make([]byte, 16), Role: 2, Digest: sum[:], Size: uint32(len(sealed))}, Words: sealed})
	x := w.after(head)[1]
	if x.act.Action != "account.password" || x.act.Subject != "lan.nt" || x.detail.Note != "đổi mật khẩu" || len(x.detail.Changes) != 0 {
		t.Errorf("%+v %+v", x.act, x.detail)
	}
	if err := w.Note(t.Context(), "texts.export", "SXD", audit.Detail{Note: "12"}); err != nil {
		t.Fatal(err)
	}
	all := w.after(head + 2)
	if len(all) != 1 || all[0].act.Facts != 0 || all[0].act.Subject != "SXD" || all[0].detail.Note != "12" {
		t.Errorf("%+v", all)
	}
	if err := w.Note(t.Context(), "texts.export", "SXD", audit.Detail{Note: strings.Repeat("x", 2*fact.MaxSealedWords)}); err == nil {
		t.Error("a note of 32 KiB was taken")
	}
}
