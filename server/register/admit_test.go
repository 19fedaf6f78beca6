package register_test

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/organisation"
	"hailong/server/register"
	"hailong/server/register/registertest"
)

func TestLoadOrganisationRecordsDifferences(t *testing.T) {
	w := registertest.New(t, nil)
	load := func(text string) register.Loaded {
		t.Helper()
		o, err := organisation.Parse("x.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		done, err := w.LoadOrganisation(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	before := w.Facts()
	if done := load(registertest.Organisation); done.Recorded != 0 || done.Unchanged != 14 || w.Facts() != before {
		t.Errorf("the same file again: %+v", done)
	}
	text := strings.Replace(registertest.Organisation, `"Máy 1"`, `"Máy ở sảnh"`, 1)
	text = strings.Replace(text, `  - {code: D2, unit: H41, name: "Trung tâm Phục vụ hành chính công", service: administrative}`+"\n", "", 1)
	done := load(text)
	if done.Recorded != 1 || len(done.LeftOut) != 1 || done.LeftOut[0] != "D2" || w.Facts() != before+1 {
		t.Errorf("one difference, one desk left out: %+v", done)
	}
	if done := load(text); done.Recorded != 0 {
		t.Errorf("the second file again: %+v", done)
	}
}

func TestAdmitAndRevoke(t *testing.T) {
	w := registertest.New(t, nil)
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Admit(ctx, "K99", public); survey.CodeOf(err) != survey.CodeUnknownKiosk {
		t.Errorf("unknown kiosk: %v", err)
	}
	if _, err := w.Admit(ctx, "K01", public[:5]); survey.CodeOf(err) != survey.CodeBadField {
		t.Errorf("short key: %v", err)
	}
	if _, err := w.Revoke(ctx, public, "mất máy"); survey.CodeOf(err) != survey.CodeBadField {
		t.Errorf("revoke a key nobody knows: %v", err)
	}
	steps := []struct {
		name string
		do   func() (bool, error)
		want bool
	}{
		{"admit", func() (bool, error) { return w.Admit(ctx, "K01", public) }, true},
		{"admit again", func() (bool, error) { return w.Admit(ctx, "K01", public) }, false},
		{"revoke", func() (bool, error) { return w.Revoke(ctx, public, "mất máy") }, true},
		{"revoke again", func() (bool, error) { return w.Revoke(ctx, public, "mất máy") }, false},
	}
	for _, s := range steps {
		if isNew, err := s.do(); err != nil || isNew != s.want {
			t.Errorf("%s: %v %v", s.name, isNew, err)
		}
	}
	_, err = w.Admit(ctx, "K01", public)
	if e := survey.ErrorOf(err); survey.CodeOf(err) != survey.CodeKeyRevoked || !strings.Contains(e.Try, "makes a new key") {
		t.Errorf("admit a revoked key: %v", err)
	}
}

func TestDecide(t *testing.T) {
	w := registertest.New(t, nil)
	head := w.Outbox.Head()
	if _, err := w.Decide(ctx, head.Origin, 1, fact.Hash{1}, "x"); survey.CodeOf(err) != survey.CodeBadField {
		t.Errorf("a fact that is not there: %v", err)
	}
	if _, err := w.Decide(ctx, fact.OriginID{}, 1, head.Hash, "x"); survey.CodeOf(err) != survey.CodeBadField {
		t.Errorf("an origin that is not there: %v", err)
	}
	for i, want := range []bool{true, false} {
		isNew, err := w.Decide(ctx, head.Origin, head.Number, head.Hash, "đã đối chiếu")
		if err != nil || isNew != want {
			t.Errorf("decision %d: %v %v", i+1, isNew, err)
		}
	}
}
