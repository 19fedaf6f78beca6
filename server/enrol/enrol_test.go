package enrol_test

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hailong/internal/bus"
	"hailong/internal/enrolment"
	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/account"
	"hailong/server/audit"
	"hailong/server/broker"
	"hailong/server/enrol"
	"hailong/server/natsauth/natsauthtest"
	"hailong/server/register"
	"hailong/server/register/registertest"
	"hailong/server/words"
)

// office is a server's use case, on its real register, codes and limits.
type office struct {
	*enrol.Enrol
	t    *testing.T
	w    *registertest.World
	seen *seen

	mu    sync.Mutex
	later time.Duration
}

// seen is a register that notes who admits.
type seen struct {
	*register.Register
	mu     sync.Mutex
	actors []audit.Actor
}

func (s *seen) Admit(ctx context.Context, kiosk string, public ed25519.PublicKey) (bool, error) {
	by, _ := audit.Of(ctx)
	s.mu.Lock()
	s.actors = append(s.actors, by)
	s.mu.Unlock()
	return s.Register.Admit(ctx, kiosk, public)
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Now().Add(o.later)
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.later += d
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, w: registertest.New(t, nil)}
	o.seen = &seen{Register: o.w.Register}
	realm := natsauthtest.Of(t, o.w.Keys)
	b, err := broker.Start(realm.Broker(broker.Options{Dir: filepath.Join(t.TempDir(), "stream")}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	link, err := bus.Connect(realm.Server(bus.Options{URL: b.URL(), Replicas: 1}, natsauthtest.Key(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(link.Close)
	kept, err := words.Open(t.Context(), filepath.Join(t.TempDir(), "words.db"), o.w.Keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	gate, err := account.New(account.Options{
		Recorder: o.w.Outbox, Projection: o.w.Projection, DB: o.w.Projection.Reader(), Words: kept, Keys: o.w.Keys, Bus: link, Now: o.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Enrol = enrol.New(enrol.Options{
		Register: o.seen, Codes: gate.Codes, Limits: gate.Limits, JWT: realm.Realm.Kiosk,
		Place:  func() ([]string, string) { return []string{"tls://10.1.2.3:4222"}, "PEM" },
		Secret: o.w.Keys.Derive("hailong/challenge"), Now: o.now,
	})
	return o
}

// device is a kiosk with a key.
type device struct{ key ed25519.PrivateKey }

func newDevice(t *testing.T) device { return device{natsauthtest.Key(t)} }

func (d device) public() ed25519.PublicKey { return d.key.Public().(ed25519.PublicKey) }

func (d device) present(nonce, code string) enrolment.Presentation {
	return enrolment.Presentation{Code: code, Key: hex.EncodeToString(d.public()), Nonce: nonce, Signature: enrolment.SignCode(d.key, nonce, code)}
}

func (d device) renew(nonce string) enrolment.Renewal {
	return enrolment.Renewal{Key: hex.EncodeToString(d.public()), Nonce: nonce, Signature: enrolment.SignRenewal(d.key, nonce)}
}

// administrator is who asks for codes in these tests.
var administrator = audit.Actor{Account: [16]byte{1, 2, 3}, Via: fact.ViaPage, Name: "Quản trị", From: "10.0.0.7"}

func (o *office) code(kiosk string) string {
	o.t.Helper()
	code, until, err := o.Make(audit.With(o.t.Context(), administrator), kiosk)
	if err != nil {
		o.t.Fatal(err)
	}
	if left := until.Sub(o.now()); left > enrol.CodeTime || left < enrol.CodeTime-time.Minute {
		o.t.Errorf("good for %v", left)
	}
	return code
}

// wants checks which error came.
func wants(t *testing.T, what string, err error, want survey.Code) {
	t.Helper()
	var e *survey.Error
	switch {
	case want == "" && err != nil, want != "" && (!errors.As(err, &e) || e.Code != want):
		t.Errorf("%s: %v, and not %s", what, err, want)
	}
}

func TestEnrol(t *testing.T) {
	o, d := newOffice(t), newDevice(t)
	ctx := t.Context()
	_, err := o.Renew(ctx, d.renew(o.Challenge().Nonce))
	wants(t, "a credential before", err, survey.CodeNotAdmitted)
	code := o.code("K01")
	// As somebody types it.
	c, err := o.Present(ctx, d.present(o.Challenge().Nonce, strings.ToLower(strings.ReplaceAll(code, "-", " "))), "10.0.0.9")
	wants(t, "what is right", err, "")
	if c.Kiosk != "K01" || c.JWT == "" || len(c.NATS) != 1 || c.CA != "PEM" {
		t.Errorf("%+v", c)
	}
	if diff := cmp.Diff([]audit.Actor{administrator}, o.seen.actors); diff != "" {
		t.Error("the admission is not that of who asked for the code:", diff)
	}
	_, err = o.Present(ctx, d.present(o.Challenge().Nonce, code), "10.0.0.9")
	wants(t, "the code again", err, survey.CodeEnrolmentCode)
	_, err = o.Present(ctx, newDevice(t).present(o.Challenge().Nonce, code), "10.0.0.9")
	wants(t, "the code by another device", err, survey.CodeEnrolmentCode)
	again, err := o.Renew(ctx, d.renew(o.Challenge().Nonce))
	wants(t, "a credential after", err, "")
	if again.Kiosk != "K01" || again.JWT == "" {
		t.Errorf("%+v", again)
	}
	if _, err := o.w.Revoke(ctx, d.public(), "stolen"); err != nil {
		t.Fatal(err)
	}
	_, err = o.Renew(ctx, d.renew(o.Challenge().Nonce))
	wants(t, "a credential after it was revoked", err, survey.CodeKeyRevoked)
	_, err = o.Present(ctx, d.present(o.Challenge().Nonce, o.code("K01")), "10.0.0.9")
	wants(t, "a new code after it was revoked", err, survey.CodeKeyRevoked)
	_, err = o.Renew(ctx, d.renew(o.Challenge().Nonce))
	wants(t, "and a credential", err, survey.CodeKeyRevoked)
}

func TestCodesThatLetNobodyIn(t *testing.T) {
	o, d := newOffice(t), newDevice(t)
	ctx := t.Context()
	_, _, err := o.Make(ctx, "K99")
	wants(t, "a kiosk that does not exist", err, survey.CodeUnknownKiosk)
	_, _, err = o.Make(ctx, "")
	wants(t, "no kiosk", err, survey.CodeMissingField)
	for _, code := range []string{"", "0000-0000-0000-0000", "x", strings.Repeat("0", 4000), "../codes", "\x00"} {
		_, err := o.Present(ctx, d.present(o.Challenge().Nonce, code), "10.0.0.9")
		wants(t, "the code "+code, err, survey.CodeEnrolmentCode)
	}
	code := o.code("K01")
	o.pass(enrol.CodeTime + time.Second)
	_, err = o.Present(ctx, d.present(o.Challenge().Nonce, code), "10.0.0.9")
	wants(t, "a code after its time", err, survey.CodeEnrolmentCode)
	if len(o.seen.actors) > 0 {
		t.Error("somebody was admitted")
	}
}

// Who does not hold the key gets nothing, and a code is not spent by it.
func TestProof(t *testing.T) {
	o, d, thief := newOffice(t), newDevice(t), newDevice(t)
	ctx, code := t.Context(), o.code("K01")
	nonce := o.Challenge().Nonce
	right := d.present(nonce, code)
	for name, change := range map[string]func(p *enrolment.Presentation){
		"another's key":        func(p *enrolment.Presentation) { p.Key = hex.EncodeToString(thief.public()) },
		"another code's":       func(p *enrolment.Presentation) { p.Signature = enrolment.SignCode(d.key, nonce, "0000") },
		"another nonce's":      func(p *enrolment.Presentation) { p.Nonce = o.Challenge().Nonce },
		"a renewal's":          func(p *enrolment.Presentation) { p.Signature = enrolment.SignRenewal(d.key, nonce) },
		"none":                 func(p *enrolment.Presentation) { p.Signature = "" },
		"no nonce":             func(p *enrolment.Presentation) { *p = d.present("", code) },
		"a nonce of its own":   func(p *enrolment.Presentation) { *p = d.present(strings.Repeat("0", 64), code) },
		"a nonce that is none": func(p *enrolment.Presentation) { *p = d.present("x", code) },
		"a nonce changed": func(p *enrolment.Presentation) {
			first := "1"
			if nonce[:1] == first {
				first = "0"
			}
			*p = d.present(first+nonce[1:], code)
		},
	} {
		p := right
		change(&p)
		_, err := o.Present(ctx, p, "10.0.0.9")
		wants(t, name, err, survey.CodeUnproven)
	}
	for key, want := range map[string]survey.Code{"": survey.CodeMissingField, "00": survey.CodeBadField, strings.Repeat("g", 64): survey.CodeBadField} {
		p := right
		p.Key = key
		_, err := o.Present(ctx, p, "10.0.0.9")
		wants(t, "key "+key, err, want)
	}
	o.pass(3 * time.Minute)
	_, err := o.Present(ctx, right, "10.0.0.9")
	wants(t, "a challenge of three minutes ago", err, survey.CodeUnproven)
	renewal := d.renew(nonce)
	_, err = o.Renew(ctx, renewal)
	wants(t, "a renewal of three minutes ago", err, survey.CodeUnproven)
	// Another province's servers give other challenges.
	other := newOffice(t)
	_, err = o.Present(ctx, d.present(other.Challenge().Nonce, code), "10.0.0.9")
	wants(t, "another's challenge", err, survey.CodeUnproven)

	p := d.present(o.Challenge().Nonce, code)
	_, err = o.Present(ctx, p, "10.0.0.9")
	wants(t, "what is right, after all", err, "")
	_, err = o.Present(ctx, p, "10.0.0.9")
	wants(t, "the same request again", err, survey.CodeEnrolmentCode)
	r := thief.renew(o.Challenge().Nonce)
	r.Key = hex.EncodeToString(d.public())
	_, err = o.Renew(ctx, r)
	wants(t, "another's credential", err, survey.CodeUnproven)
}

// Of devices that bring one code at the same time, one is let in.
func TestOneCodeLetsOneIn(t *testing.T) {
	o := newOffice(t)
	code := o.code("K01")
	const devices = 8
	var wg sync.WaitGroup
	errs := make([]error, devices)
	for i := range devices {
		d := newDevice(t)
		wg.Go(func() { _, errs[i] = o.Present(t.Context(), d.present(o.Challenge().Nonce, code), "10.0.0.9") })
	}
	wg.Wait()
	in := 0
	for _, err := range errs {
		if err == nil {
			in++
			continue
		}
		wants(t, "who came too late", err, survey.CodeEnrolmentCode)
	}
	if in != 1 || len(o.seen.actors) != 1 {
		t.Errorf("%d were let in, %d admitted", in, len(o.seen.actors))
	}
}

// Whoever guesses has to wait, and nobody else does.
func TestGuessing(t *testing.T) {
	o, d := newOffice(t), newDevice(t)
	ctx := t.Context()
	guess := func(address string) error {
		_, err := o.Present(ctx, d.present(o.Challenge().Nonce, "0000-0000-0000-0000"), address)
		return err
	}
	var e *survey.Error
	for n := 0; ; n++ {
		if err := guess("10.0.0.66"); errors.As(err, &e) && e.Code == survey.CodeTooSoon {
			break
		}
		if n > 1000 {
			t.Fatal("a thousand guesses, and no wait")
		}
	}
	code := o.code("K01")
	_, err := o.Present(ctx, d.present(o.Challenge().Nonce, code), "10.0.0.66")
	wants(t, "the right code from there", err, survey.CodeTooSoon)
	_, err = o.Present(ctx, d.present(o.Challenge().Nonce, code), "10.0.0.9")
	wants(t, "the right code from elsewhere", err, "")
	o.pass(2 * time.Minute)
	wants(t, "after a while", guess("10.0.0.66"), survey.CodeEnrolmentCode)
}
