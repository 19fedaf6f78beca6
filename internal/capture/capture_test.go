package capture_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/nacl/box"

	"hailong/internal/capture"
	"hailong/internal/fact"
	"hailong/internal/receipt"
	"hailong/internal/survey"
)

// shelf is a Recorder in memory.
type shelf struct {
	mu      sync.Mutex
	ratings []*fact.Rating
	err     error
}

func (s *shelf) Append(_ context.Context, entries ...fact.Entry) ([]fact.Ref, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	var refs []fact.Ref
	for _, e := range entries {
		if e.Kind != fact.KindRating {
			return nil, fmt.Errorf("kind %d", e.Kind)
		}
		s.ratings = append(s.ratings, e.Body.(*fact.Rating))
		refs = append(refs, fact.Ref{Number: uint64(len(s.ratings))})
	}
	return refs, nil
}

var errFull = errors.New("no space")

func newCapture(t *testing.T) (*capture.Capture, *shelf, func(sealed []byte) string) {
	t.Helper()
	public, private, err := box.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{}
	c := capture.New(capture.Options{
		Recorder: s, Channel: survey.ChannelKiosk, Desk: func() string { return "Q1" },
		SealKey: func() *[32]byte { return public },
		IsFull:  func(err error) bool { return errors.Is(err, errFull) },
	})
	return c, s, func(sealed []byte) string {
		code, err := receipt.OpenCode(public, private, sealed)
		if err != nil {
			t.Error(err)
		}
		return code
	}
}

func newID(t *testing.T) receipt.ID {
	t.Helper()
	id, err := receipt.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestEachWayToScanGivesItsBinding(t *testing.T) {
	c, s, open := newCapture(t)
	id := newID(t)
	hash := id.Hash()
	const code = "000.17.22.H41-261123-0001"
	for _, text := range []string{id.String(), "HTTPS://DANHGIA.EXAMPLE.VN/R/" + id.String(), "http://x/r/" + strings.ToLower(id.String()), code} {
		subject, err := c.Scan(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if _, err := c.Rate(t.Context(), capture.Input{Subject: subject, Score: 4, Language: "vi", Took: 1500 * time.Millisecond}); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		r := s.ratings[len(s.ratings)-1]
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
		if text == code {
			if len(r.Receipt) > 0 || open(r.Sealed) != code || bytes.Contains(r.Sealed, []byte("0001")) {
				t.Errorf("%s: %+v", text, r)
			}
		} else if !bytes.Equal(r.Receipt, hash[:]) || len(r.Sealed) > 0 || r.Desk != "" {
			t.Errorf("%s: %+v", text, r)
		}
		if r.Took != 1500 || r.Channel != uint8(survey.ChannelKiosk) || r.Language != "vi" || r.Score != 4 {
			t.Errorf("%s: %+v", text, r)
		}
	}
	if _, err := c.Rate(t.Context(), capture.Input{Subject: capture.WalkIn(), Score: 1}); err != nil {
		t.Fatal(err)
	}
	if r := s.ratings[len(s.ratings)-1]; r.Desk != "Q1" || len(r.Receipt)+len(r.Sealed) > 0 {
		t.Errorf("walk-in: %+v", r)
	}
}

func TestASecondTapIsAnotherRatingOfTheSameBallot(t *testing.T) {
	c, s, _ := newCapture(t)
	subject := capture.Receipt(newID(t).Hash())
	first, err := c.Rate(t.Context(), capture.Input{Subject: subject, Score: 5})
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Rate(t.Context(), capture.Input{Subject: subject, Session: first.Session, Score: 2})
	if err != nil {
		t.Fatal(err)
	}
	a, b := s.ratings[0], s.ratings[1]
	if first.Session != second.Session || !bytes.Equal(a.Session, b.Session) || !bytes.Equal(a.Receipt, b.Receipt) || b.Score != 2 {
		t.Errorf("%+v\n%+v", a, b)
	}
	if bytes.Equal(a.Nonce, b.Nonce) {
		t.Error("two ratings with one nonce")
	}
}

func TestWhatIsNotAllowedIsNotRecorded(t *testing.T) {
	c, s, _ := newCapture(t)
	subject := capture.Receipt(newID(t).Hash())
	for name, test := range map[string]struct {
		in   capture.Input
		want survey.Code
	}{
		"no score":   {capture.Input{Subject: subject}, survey.CodeBadScore},
		"score of 6": {capture.Input{Subject: subject, Score: 6}, survey.CodeBadScore},
		"language":   {capture.Input{Subject: subject, Score: 5, Language: "<script>"}, survey.CodeBadField},
		"long":       {capture.Input{Subject: subject, Score: 5, Language: strings.Repeat("a", 36)}, survey.CodeBadField},
	} {
		if _, err := c.Rate(t.Context(), test.in); survey.CodeOf(err) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Scan("xin chào"); survey.CodeOf(err) != survey.CodeUnknownScan {
		t.Error(err)
	}
	if _, err := c.Scan(strings.Repeat("x", 4096)); survey.CodeOf(err) != survey.CodeScanTooLong {
		t.Error(err)
	}
	for _, took := range []time.Duration{-time.Hour, 1000 * time.Hour} {
		if _, err := c.Rate(t.Context(), capture.Input{Subject: subject, Score: 5, Took: took}); err != nil {
			t.Error(err)
		}
	}
	if len(s.ratings) != 2 || s.ratings[0].Took != 0 || s.ratings[1].Took != 3_600_000 {
		t.Errorf("recorded %d", len(s.ratings))
	}
}

// A place that was never in touch with a server knows neither its desk nor the
// servers' key.
func TestBeforeTheFirstContact(t *testing.T) {
	s := &shelf{}
	c := capture.New(capture.Options{
		Recorder: s, Channel: survey.ChannelKiosk,
		Desk: func() string { return "" }, SealKey: func() *[32]byte { return nil },
	})
	if _, err := c.Scan("000.17.22.H41-261123-0001"); survey.CodeOf(err) != survey.CodeUnavailable {
		t.Error(err)
	}
	if _, err := c.Rate(t.Context(), capture.Input{Subject: capture.WalkIn(), Score: 5}); survey.CodeOf(err) != survey.CodeUnavailable {
		t.Error(err)
	}
	if _, err := c.Rate(t.Context(), capture.Input{Subject: capture.Receipt(newID(t).Hash()), Score: 5}); err != nil || len(s.ratings) != 1 {
		t.Error("a receipt must be taken all the same:", err)
	}
	phone := capture.New(capture.Options{Recorder: s, Channel: survey.ChannelPhone})
	if _, err := phone.Scan("000.17.22.H41-261123-0001"); survey.CodeOf(err) != survey.CodeUnknownScan {
		t.Error("the phone page takes receipts only:", err)
	}
	if _, err := phone.Rate(t.Context(), capture.Input{Score: 5}); survey.CodeOf(err) != survey.CodeUnknownScan {
		t.Error("the phone page knows no walk-ins:", err)
	}
}

func TestAFailedWriteIsToldAndKeptForStaff(t *testing.T) {
	c, s, _ := newCapture(t)
	in := capture.Input{Subject: capture.Receipt(newID(t).Hash()), Score: 5}
	if _, ok := c.Trouble(); ok {
		t.Error("trouble before anything happened")
	}
	for _, test := range []struct {
		err  error
		want survey.Code
	}{
		{fmt.Errorf("outbox: %w", errFull), survey.CodeStorageFull},
		{errors.New("disk I/O error"), survey.CodeStorageFailing},
		{survey.New(survey.CodeUnconfirmed), survey.CodeUnconfirmed},
	} {
		s.err = test.err
		_, err := c.Rate(t.Context(), in)
		trouble, ok := c.Trouble()
		if survey.CodeOf(err) != test.want || !ok || trouble.Err.Code != test.want || trouble.At.IsZero() {
			t.Errorf("%v: %v, trouble %v", test.err, err, trouble)
		}
	}
	s.err = nil
	if _, err := c.Rate(t.Context(), in); err != nil {
		t.Error(err)
	}
	if _, ok := c.Trouble(); ok {
		t.Error("the trouble is over, and still shown")
	}
}

func TestSessions(t *testing.T) {
	s := capture.NewSession()
	if back, err := capture.ParseSession(s.String()); err != nil || back != s {
		t.Errorf("%v %v", back, err)
	}
	for _, text := range []string{"", "00", strings.Repeat("0", 32), strings.Repeat("g", 32), s.String() + "0"} {
		if _, err := capture.ParseSession(text); survey.CodeOf(err) != survey.CodeBadSession {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// The forms of dossier codes are those in force at the scan.
func TestPatternsMayChange(t *testing.T) {
	var set receipt.Patterns
	public, _, err := box.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := capture.New(capture.Options{
		Recorder: &shelf{}, Channel: survey.ChannelKiosk,
		SealKey: func() *[32]byte { return public }, Patterns: func() receipt.Patterns { return set },
	})
	takes := func(text string, want bool) {
		t.Helper()
		if _, err := c.Scan(text); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	const usual, own = "000.17.22.H41-261123-0001", "HS123456"
	takes(usual, true)
	takes(own, false)
	if set, err = receipt.CompilePatterns([]string{`HS\d{6}`}); err != nil {
		t.Fatal(err)
	}
	takes(usual, false)
	takes(own, true)
}
