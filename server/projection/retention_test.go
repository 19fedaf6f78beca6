package projection

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// keeping is a projection with a server and a kiosk, and what it was told.
type keeping struct {
	t      *testing.T
	p      *Projection
	now    time.Time
	server *maker
	seq    uint64
	told   Change // of the last Apply
}

func newKeeping(t *testing.T) *keeping {
	ring := newRing(t)
	k := &keeping{t: t, now: time.UnixMilli(1_790_000_000_000)}
	var err error
	k.p, err = Open(context.Background(), filepath.Join(t.TempDir(), "server.db"), Options{Server: "s1", Keys: ring, Log: quiet,
		OnChange: func(c Change) { k.told = c }, Now: func() time.Time { return k.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.p.Close(); err != nil {
			t.Error(err)
		}
	})
	k.server = newMaker(t, fact.RoleServer, ring.Member)
	return k
}

func (k *keeping) apply(m *maker) {
	k.t.Helper()
	k.seq++
	if err := k.p.Apply(context.Background(), k.p.Open(m.batches(k.t, 100)), Position{Stream: 1, Sequence: k.seq}, true); err != nil {
		k.t.Fatal(err)
	}
}

func words(n byte) [32]byte { return sha256.Sum256([]byte{n}) }

// numbers says which words some digests are of.
func numbers(digests [][32]byte) (all []byte) {
	for _, d := range digests {
		for n := range byte(255) {
			if words(n) == d {
				all = append(all, n)
			}
		}
	}
	slices.Sort(all)
	return all
}

// listed pages through Texts.
func (k *keeping) listed(list func(after int64, limit int) ([][32]byte, int64, error)) []byte {
	k.t.Helper()
	var all [][32]byte
	for after := int64(0); ; {
		some, next, err := list(after, 2)
		if err != nil {
			k.t.Fatal(err)
		}
		if len(some) == 0 {
			return numbers(all)
		}
		all, after = append(all, some...), next
	}
}

func (k *keeping) check(name string, kept, away []byte) {
	k.t.Helper()
	ctx := context.Background()
	got := k.listed(func(after int64, limit int) ([][32]byte, int64, error) { return k.p.Texts(ctx, after, limit) })
	var asked [][32]byte
	for n := range byte(100) {
		asked = append(asked, words(n))
	}
	gone, err := k.p.Gone(ctx, asked)
	if err != nil {
		k.t.Fatal(err)
	}
	if !slices.Equal(got, kept) || !slices.Equal(numbers(gone), away) {
		k.t.Errorf("%s: kept %v, gone %v; want %v and %v", name, got, numbers(gone), kept, away)
	}
}

func text(n byte, purpose survey.Purpose) *fact.Text {
	d := words(n)
	return &fact.Text{Session: append(make([]byte, 15), n), Purpose: uint8(purpose), Digest: d[:], Size: 1}
}

func account(id, n byte) *fact.Account {
	d := words(n)
	return &fact.Account{ID: append(make([]byte, 15), id), Role: 6, Digest: d[:], Size: 1}
}

func act(n byte) *fact.Act {
	d := words(n)
	return &fact.Act{Via: fact.ViaServer, Action: "test", Digest: d[:], Size: 1}
}

func erasure(n byte) *fact.Erasure {
	d := words(n)
	return &fact.Erasure{Digest: d[:], Reason: fact.ErasedOnRequest}
}

// Words of texts, acts and accounts are kept, of an account only those that hold;
// erased ones are not, whichever comes first.
func TestWordsThatAreKept(t *testing.T) {
	k := newKeeping(t)
	s := k.server
	s.add(t, fact.KindText, text(1, survey.PurposeComment), 0)
	s.add(t, fact.KindText, text(2, survey.PurposeContact), 0)
	s.add(t, fact.KindAct, act(3), 0)
	s.add(t, fact.KindAccount, account(1, 4), 1)
	s.add(t, fact.KindAccount, account(2, 5), 1)
	k.apply(s)
	k.check("of each", []byte{1, 2, 3, 4, 5}, nil)
	if !k.told.Accounts || k.told.Org || k.told.Revoked || len(k.told.Erased) > 0 || !slices.Equal(numbers(k.told.Texts), []byte{1, 2, 3, 4, 5}) {
		t.Errorf("told %+v", k.told)
	}

	s.add(t, fact.KindAccount, account(1, 6), 2)
	s.add(t, fact.KindErasure, erasure(1), 2)
	s.add(t, fact.KindErasure, erasure(7), 2) // of words that come later
	k.apply(s)
	k.check("an account changed, a comment erased", []byte{2, 3, 5, 6}, []byte{1, 7})
	if !slices.Equal(numbers(k.told.Erased), []byte{1, 7}) || !slices.Equal(numbers(k.told.Texts), []byte{6}) {
		t.Errorf("told %+v", k.told)
	}

	s.add(t, fact.KindText, text(7, survey.PurposeComment), 3)
	s.add(t, fact.KindAccount, account(1, 4), 3) // as it was
	k.apply(s)
	k.check("what was erased before it came", []byte{2, 3, 4, 5}, []byte{1, 7})
	if !slices.Equal(numbers(k.told.Texts), []byte{4}) {
		t.Errorf("told %+v", k.told)
	}

	s.add(t, fact.KindAdmission, &fact.Admission{Public: make([]byte, 32), Kiosk: "K"}, 4)
	k.apply(s)
	if !k.told.Revoked || k.told.Accounts || k.told.Org {
		t.Errorf("told of an admission: %+v", k.told)
	}
	s.add(t, fact.KindSetting, &fact.Setting{Key: "a", Value: "b"}, 4)
	k.apply(s)
	if k.told.Revoked || k.told.Accounts || !k.told.Org {
		t.Errorf("told of a setting: %+v", k.told)
	}
}

// Texts are kept for the days that a setting says, counted from the day on which
// they were written; acts and accounts without end.
func TestTextsExpire(t *testing.T) {
	const day = 86_400_000
	k := newKeeping(t)
	s := k.server
	s.add(t, fact.KindText, text(1, survey.PurposeComment), 0)
	s.add(t, fact.KindText, text(2, survey.PurposeContact), 0)
	s.add(t, fact.KindText, text(3, survey.PurposeContact), day)
	s.add(t, fact.KindText, text(4, survey.PurposeContact), 0)
	again := *text(4, survey.PurposeContact) // recorded again later, by an outbox that opened anew
	again.Session = append(make([]byte, 15), 99)
	s.add(t, fact.KindText, &again, 5*day)
	s.add(t, fact.KindAct, act(5), 0)
	k.apply(s)
	at := func(days int64) { k.now = time.UnixMilli(1_790_000_000_000 + days*day) }
	for _, x := range []struct {
		days       int64
		kept, away []byte
	}{
		{0, []byte{1, 2, 3, 4, 4, 5}, nil},
		{90, []byte{1, 2, 3, 4, 4, 5}, nil},
		{91, []byte{1, 3, 4, 5}, []byte{2}},
		{95, []byte{1, 4, 5}, []byte{2, 3}},
		{96, []byte{1, 5}, []byte{2, 3, 4}},
		{365, []byte{1, 5}, []byte{2, 3, 4}},
		{366, []byte{5}, []byte{1, 2, 3, 4}},
	} {
		at(x.days)
		k.check(time.Duration(x.days*day*1e6).String(), x.kept, x.away)
	}
	at(100)
	s.add(t, fact.KindSetting, &fact.Setting{Key: survey.KeptComments.Setting, Value: "30"}, 6*day)
	s.add(t, fact.KindSetting, &fact.Setting{Key: survey.KeptContacts.Setting, Value: "3650"}, 6*day)
	s.add(t, fact.KindText, text(6, survey.PurposeComment), 60*day) // comes when it is too old already
	s.add(t, fact.KindText, text(7, survey.PurposeComment), 70*day)
	k.apply(s)
	k.check("with settings", []byte{2, 3, 4, 4, 5, 7}, []byte{1, 6})
	if !slices.Equal(numbers(k.told.Texts), []byte{7}) {
		t.Errorf("told of %v", numbers(k.told.Texts))
	}
}

// A text of a device without a clock is kept until a clock fact dates it, and
// then by that date, whatever its wall clock said.
func TestTextsOfAnUnknownTime(t *testing.T) {
	const day = 86_400_000
	const start = 1_790_000_000_000 // what a maker's wall clock says at 0
	k := newKeeping(t)
	kiosk := newMaker(t, fact.RoleKiosk, func([]byte) []byte { return nil })
	k.server.add(t, fact.KindAdmission, &fact.Admission{Public: kiosk.key.Public().(ed25519.PublicKey), Kiosk: "K"}, 0)
	kiosk.add(t, fact.KindText, text(1, survey.PurposeContact), 10*day)
	k.apply(k.server)
	k.apply(kiosk)
	k.now = time.UnixMilli(start + 1000*day)
	k.check("not dated", []byte{1}, nil)

	// Another boot's clock fact estimates it: no later than then.
	kiosk.boot = [16]byte{2}
	kiosk.add(t, fact.KindClock, &fact.Clock{Boot: kiosk.boot, Server: start + 500*day}, 0)
	k.apply(kiosk)
	k.now = time.UnixMilli(start + 590*day)
	k.check("estimated", []byte{1}, nil)
	k.now = time.UnixMilli(start + 591*day)
	k.check("estimated", nil, []byte{1})

	// Its own boot's says that it was 100 days earlier.
	kiosk.add(t, fact.KindClock, &fact.Clock{Boot: [16]byte{1}, Mono: 10 * day, Server: start + 400*day}, 0)
	k.apply(kiosk)
	k.now = time.UnixMilli(start + 490*day)
	k.check("dated", []byte{1}, nil)
	k.now = time.UnixMilli(start + 491*day)
	k.check("dated", nil, []byte{1})
}
