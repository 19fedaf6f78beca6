package register_test

import (
	"crypto/ed25519"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hailong/internal/fact"
	"hailong/internal/outbox"
	"hailong/internal/survey"
	"hailong/server/organisation"
	"hailong/server/projection"
	"hailong/server/register"
	"hailong/server/register/registertest"
)

// device is a kiosk that rates a dossier's receipt each minute: number 2 is its
// clock fact, 3 the first rating.
type device struct {
	w    *registertest.World
	box  *outbox.Outbox
	key  ed25519.PublicKey
	mono int64
	sent uint64
}

const minute = 60_000

func newDevice(t *testing.T, w *registertest.World) *device {
	t.Helper()
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &device{w: w, key: public}
	d.box, err = outbox.Open(ctx, filepath.Join(t.TempDir(), "outbox.db"), outbox.Options{Key: key, Role: fact.RoleKiosk, Name: "kiosk",
		Stamp: func() fact.Stamp { return fact.Stamp{Boot: [16]byte{1}, Mono: d.mono} }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.box.Close(); err != nil {
			t.Error(err)
		}
	})
	d.add(t, fact.Entry{Kind: fact.KindClock, Body: &fact.Clock{Boot: [16]byte{1}, Server: registertest.Now.UnixMilli()}})
	return d
}

func (d *device) add(t *testing.T, entries ...fact.Entry) {
	t.Helper()
	if _, err := d.box.Append(ctx, entries...); err != nil {
		t.Fatal(err)
	}
	for {
		data, last, err := d.box.Batch(ctx, d.box.Head().Origin, d.sent, fact.MaxBatch, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if data == nil {
			return
		}
		d.w.Take(data)
		d.sent = last
	}
}

func (d *device) rate(t *testing.T, hash [32]byte, session byte) {
	t.Helper()
	d.mono += minute
	d.add(t, fact.Entry{Kind: fact.KindRating, Body: &fact.Rating{Receipt: hash[:], Session: append(make([]byte, 15), session),
		Nonce: make([]byte, 16), Score: 5, Channel: 1}})
}

// counted is how many ballots count, and how many ratings are shown as void.
func counted(t *testing.T, w *registertest.World) (ballots, voided int) {
	t.Helper()
	err := w.Projection.Reader().QueryRow(`SELECT (SELECT count(*) FROM ballot WHERE score > 0), (SELECT coalesce(sum(n), 0) FROM void_day)`).Scan(&ballots, &voided)
	if err != nil {
		t.Fatal(err)
	}
	return ballots, voided
}

func TestVoid(t *testing.T) {
	w := registertest.New(t, nil)
	d := newDevice(t, w)
	if _, err := w.Admit(ctx, "K01", d.key); err != nil {
		t.Fatal(err)
	}
	var rows []register.Row
	for i := range 6 {
		rows = append(rows, row(fmt.Sprintf("000.00.06.H41-261120-%04d", i+1)))
	}
	results, err := w.Register.Register(ctx, rows)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		d.rate(t, r.ID.Hash(), byte(i))
	}
	origin, head := d.box.Head().Origin, d.box.Head().Number
	if ballots, voided := counted(t, w); ballots != 6 || voided != 0 {
		t.Fatalf("%d ballots, %d void before anything", ballots, voided)
	}
	for name, x := range map[string]struct {
		origin      fact.OriginID
		first, last uint64
		reason      string
		lift        bool
		want        survey.Code
	}{
		"an origin that is not there": {fact.OriginID{1}, 1, 2, "thử", false, survey.CodeBadField},
		"from 0":                      {origin, 0, 2, "thử", false, survey.CodeBadField},
		"backwards":                   {origin, 5, 4, "thử", false, survey.CodeBadField},
		"beyond the head":             {origin, 3, head + 1, "thử", false, survey.CodeBadField},
		"without a reason":            {origin, 3, 4, "", false, survey.CodeMissingField},
		"lift what is not void":       {origin, 3, 4, "thử", true, survey.CodeBadField},
	} {
		if _, err := w.Void(ctx, x.origin, x.first, x.last, x.reason, x.lift); survey.CodeOf(err) != x.want {
			t.Errorf("%s: %v, want %s", name, err, x.want)
		}
	}
	for _, step := range []struct {
		name            string
		first, last     uint64
		reason          string
		lift, want      bool
		ballots, voided int
	}{
		{"two", 3, 4, "máy để qua đêm", false, true, 4, 2},
		{"the same two", 3, 4, "máy để qua đêm", false, false, 4, 2},
		{"with another reason", 3, 4, "máy bị phá", false, true, 4, 2},
		{"a run that overlaps", 4, 6, "máy bị phá", false, true, 2, 4},
		{"lift the first: the other still covers its second", 3, 4, "nhầm giờ", true, true, 3, 3},
		{"lift it again", 3, 4, "nhầm giờ", true, false, 3, 3},
		{"lift the other", 4, 6, "nhầm giờ", true, true, 6, 0},
	} {
		isNew, err := w.Void(ctx, origin, step.first, step.last, step.reason, step.lift)
		ballots, voided := counted(t, w)
		if err != nil || isNew != step.want || ballots != step.ballots || voided != step.voided {
			t.Errorf("%s: new %v, %d ballots, %d void, %v", step.name, isNew, ballots, voided, err)
		}
	}
	all, err := w.Voids(ctx)
	if err != nil || len(all) != 2 || !all[0].Lifted || !all[1].Lifted || all[0].Kiosk != "K01" || all[0].Reason != "nhầm giờ" || all[0].At.IsZero() {
		t.Errorf("listed: %+v %v", all, err)
	}
}

// TestVoidTime: what a kiosk's devices gave between two moments, and nothing of
// another kiosk's, whatever lies in between.
func TestVoidTime(t *testing.T) {
	w := registertest.New(t, nil)
	one, two, moved := newDevice(t, w), newDevice(t, w), newDevice(t, w)
	text := strings.Replace(registertest.Organisation, "kiosks:\n", "kiosks:\n  - {code: K02, desk: D2, name: \"Máy 2\"}\n", 1)
	o, err := organisation.Parse("x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.LoadOrganisation(ctx, o); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		kiosk string
		key   ed25519.PublicKey
	}{{"K01", one.key}, {"K02", two.key}, {"K01", moved.key}, {"K02", moved.key}} {
		if _, err := w.Admit(ctx, x.kiosk, x.key); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 6 { // minutes 1 to 6
		for _, d := range []*device{one, two, moved} {
			d.rate(t, [32]byte{byte(i), 1}, byte(i))
		}
		one.add(t, fact.Entry{Kind: fact.KindClock, Body: &fact.Clock{Boot: [16]byte{1}, Mono: one.mono, Server: registertest.Now.UnixMilli()}})
	}
	at := func(n int) time.Time { return registertest.Now.Add(time.Duration(n) * time.Minute) }
	for name, x := range map[string]struct {
		kiosk    string
		from, to time.Time
		want     survey.Code
	}{
		"a kiosk that is not there": {"K09", at(0), at(9), survey.CodeUnknownKiosk},
		"no kiosk":                  {"", at(0), at(9), survey.CodeMissingField},
		"backwards":                 {"K01", at(5), at(5), survey.CodeFromAfterTo},
	} {
		if _, err := w.VoidTime(ctx, x.kiosk, x.from, x.to, "thử"); survey.CodeOf(err) != x.want {
			t.Errorf("%s: %v, want %s", name, err, x.want)
		}
	}
	if _, err := w.VoidTime(ctx, "K01", at(1), at(2), ""); survey.CodeOf(err) != survey.CodeMissingField {
		t.Errorf("without a reason: %v", err)
	}
	want := []projection.Run{{Origin: one.box.Head().Origin, First: 5, Last: 9, Ratings: 3}}
	for _, facts := range []uint64{1, 0} { // again: the same runs, and nothing new
		before := w.Facts()
		runs, err := w.VoidTime(ctx, "K01", at(2), at(5), "máy để qua đêm")
		if err != nil || len(runs) != 1 || runs[0] != want[0] {
			t.Fatalf("%+v %v, want %+v", runs, err, want)
		}
		all, err := w.Voids(ctx)
		if err != nil || len(all) != 1 || all[0].First != 5 || all[0].Last != 9 || all[0].Kiosk != "K01" {
			t.Errorf("listed: %+v %v", all, err)
		}
		if made := w.Facts() - before; made != facts {
			t.Errorf("%d facts, want %d", made, facts)
		}
	}
	if runs, err := w.Given(ctx, "K02", at(0), at(100)); err != nil || len(runs) != 2 || runs[0].Ratings+runs[1].Ratings != 12 {
		t.Errorf("the other kiosk's: %+v %v", runs, err)
	}
	if runs, err := w.VoidTime(ctx, "K01", at(50), at(60), "không có gì"); err != nil || len(runs) != 0 {
		t.Errorf("no ratings: %+v %v", runs, err)
	}
}
