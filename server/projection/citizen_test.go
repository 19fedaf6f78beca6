package projection

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// Words in effect are listed a few at a time, told when they come, and are those
// of every text that was not taken out of effect.
func TestTextsAreListedAndTold(t *testing.T) {
	ring := newRing(t)
	var told [][32]byte
	p := openTest(t, t.TempDir(), ring)
	defer p.Close()
	p.o.OnChange = func(c Change) { told = append(told, c.Texts...) }
	server := newMaker(t, fact.RoleServer, ring.Member)
	session := make([]byte, 16)
	var want [][32]byte
	for i := range 7 {
		digest := sha256.Sum256([]byte{byte(i)})
		want = append(want, digest)
		server.add(t, fact.KindText, &fact.Text{Session: session, Purpose: 1, Digest: digest[:], Size: 1}, int64(i))
	}
	server.add(t, fact.KindText, &fact.Text{Session: session, Purpose: 1}, 8) // taken back
	if err := p.Apply(context.Background(), p.Open(server.batches(t, 3)), Position{Stream: 1, Sequence: 1}, true); err != nil {
		t.Fatal(err)
	}
	var got [][32]byte
	for after := int64(0); ; {
		digests, next, err := p.Texts(context.Background(), after, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(digests) == 0 {
			break
		}
		got, after = append(got, digests...), next
	}
	if !slices.Equal(got, want) || !slices.Equal(told, want) {
		t.Errorf("listed %d, told %d, of %d", len(got), len(told), len(want))
	}
}

// A walk-in who took everything back counts nowhere, and is no ballot that
// waits for something.
func TestWalkInTakenBack(t *testing.T) {
	ring := newRing(t)
	p := openTest(t, t.TempDir(), ring)
	defer p.Close()
	server := newMaker(t, fact.RoleServer, ring.Member)
	r := fact.Rating{Session: make([]byte, 16), Nonce: make([]byte, 16), Desk: "Q1", Score: 1, Channel: 1}
	server.add(t, fact.KindRating, &r, 0)
	server.add(t, fact.KindWithdrawal, &fact.Withdrawal{Session: r.Session}, fact.WithdrawTime)
	if err := p.Apply(context.Background(), p.Open(server.batches(t, 9)), Position{Stream: 1, Sequence: 1}, true); err != nil {
		t.Fatal(err)
	}
	var kind, score, shown, waiting int
	for to, query := range map[*int]string{
		&kind: `SELECT kind FROM ballot`, &score: `SELECT score FROM ballot`, &shown: `SELECT count(*) FROM walkin_day`,
		&waiting: `SELECT count(*) FROM ballot WHERE kind = 0 AND ratings > 0`,
	} {
		if err := p.Reader().QueryRow(query).Scan(to); err != nil {
			t.Fatal(err)
		}
	}
	if kind != int(kindWalkIn) || score != 0 || shown != 0 || waiting != 0 {
		t.Errorf("kind %d, score %d, %d days, %d waiting", kind, score, shown, waiting)
	}
}

// The version in force is that which began last; of two that began on one day,
// the greater. What only a newer program understands is passed over.
func TestInForce(t *testing.T) {
	ring := newRing(t)
	p := openTest(t, t.TempDir(), ring)
	defer p.Close()
	ctx := context.Background()
	server := newMaker(t, fact.RoleServer, ring.Member)
	document := func(version uint16) []byte {
		q := survey.Questionnaire{Version: version, Consent: survey.Words{"vi": "x"}, Scale: slices.Repeat([]survey.Words{{"vi": "x"}}, 5),
			Services: []survey.ServiceSheet{{Service: survey.ServicePublic, Overall: survey.Words{"vi": fmt.Sprint(version)}}}}
		d, err := q.Document()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for i, q := range []fact.Questionnaire{
		{Version: 1, Document: document(1)}, {Version: 2, From: 100, Document: document(2)}, {Version: 3, From: 100, Document: document(3)},
		{Version: 4, From: 200, Document: []byte(`{"version":4,"later":true}`)}, {Version: 5, From: 300, Document: document(1)}, {Version: 6, From: 400, Document: document(6)},
	} {
		server.add(t, fact.KindQuestionnaire, &q, int64(i))
	}
	if err := p.Apply(ctx, p.Open(server.batches(t, 9)), Position{Stream: 1, Sequence: 1}, true); err != nil {
		t.Fatal(err)
	}
	for day, want := range map[survey.Day]uint16{0: 1, 99: 1, 100: 3, 350: 3, 400: 6} {
		for range 2 { // the second time from memory
			if v, ok, err := p.InForce(ctx, day); err != nil || !ok || v.Number != want || v.Questionnaire.Version != want {
				t.Errorf("on day %d: version %d, want %d, %v", day, v.Number, want, err)
			}
		}
	}
	for version, want := range map[uint16]bool{1: true, 3: true, 4: false, 5: false, 9: false} {
		if q, err := p.Questionnaire(ctx, version); err != nil || (q != nil) != want {
			t.Errorf("version %d: %+v %v", version, q, err)
		}
	}
}
