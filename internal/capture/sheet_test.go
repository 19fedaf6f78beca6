package capture_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/nacl/box"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"hailong/internal/capture"
	"hailong/internal/fact"
	"hailong/internal/survey"
)

// book keeps whole appends, and opens what was sealed.
type book struct {
	appends         [][]fact.Entry
	public, private *[32]byte
}

func (b *book) Append(_ context.Context, entries ...fact.Entry) ([]fact.Ref, error) {
	b.appends = append(b.appends, slices.Clone(entries))
	return make([]fact.Ref, len(entries)), nil
}

// writing checks a text fact against the words beside it, and reads them.
func (b *book) writing(t *testing.T, e fact.Entry) (body *fact.Text, w survey.Writing) {
	t.Helper()
	body, ok := e.Body.(*fact.Text)
	if !ok || e.Kind != fact.KindText {
		t.Fatalf("kind %d is no text", e.Kind)
	}
	if err := body.Validate(); err != nil {
		t.Fatal(err)
	}
	if len(body.Digest) == 0 {
		if len(e.Words) > 0 {
			t.Fatal("words without a digest")
		}
		return body, w
	}
	sum := sha256.Sum256(e.Words)
	plain, ok := box.OpenAnonymous(nil, e.Words, b.public, b.private)
	if !ok || !bytes.Equal(sum[:], body.Digest) || int(body.Size) != len(e.Words) {
		t.Fatal("the words are not those of the digest")
	}
	if err := json.Unmarshal(plain, &w); err != nil {
		t.Fatal(err)
	}
	return body, w
}

func sheet() *survey.Questionnaire {
	vi := func(s string) survey.Words { return survey.Words{"vi": s} }
	return &survey.Questionnaire{Version: 3, Services: []survey.ServiceSheet{{
		Service: survey.ServiceAdministrative, Overall: vi("?"), Factors: []survey.Factor{{Code: "staff", Name: vi("x")}},
		Questions: []survey.Question{{Code: "staff", Factor: "staff", Text: vi("?")}},
		Reasons:   []survey.Reason{{Code: "staff.polite", Factor: "staff", Good: vi("a"), Bad: vi("b")}},
	}}}
}

func newBook(t *testing.T) (*capture.Capture, *book) {
	t.Helper()
	b := &book{}
	var err error
	if b.public, b.private, err = box.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	q := sheet()
	return capture.New(capture.Options{
		Recorder: b, Channel: survey.ChannelKiosk, Desk: func() string { return "Q1" }, SealKey: func() *[32]byte { return b.public },
		Questionnaire: func(v uint16) *survey.Questionnaire {
			if v == q.Version {
				return q
			}
			return nil
		},
	}), b
}

func text(s string) *string { return &s }

// What was said and what was written are one commit: neither is there alone.
func TestWordsGoWithTheirRating(t *testing.T) {
	c, b := newBook(t)
	session := capture.NewSession()
	in := capture.Input{
		Session: session, Score: 2, Language: "vi", Questionnaire: 3,
		Answers: []fact.Answer{{Question: "staff", Score: 1}}, Reasons: []string{"-staff.polite"},
		Comment: text(" Chờ lâu quá <b>😀</b> "),
		Contact: &capture.Contact{Name: "Người dân", Contact: "0900000000", Consent: "Tôi đồng ý"},
	}
	done, err := c.Rate(t.Context(), in)
	if err != nil || done.Cut || done.Session != session {
		t.Fatal(done, err)
	}
	if len(b.appends) != 1 || len(b.appends[0]) != 3 {
		t.Fatalf("%d commits", len(b.appends))
	}
	r := b.appends[0][0].Body.(*fact.Rating)
	if r.Questionnaire != 3 || len(r.Answers) != 1 || r.Answers[0].Score != 1 || r.Reasons[0] != "-staff.polite" {
		t.Errorf("%+v", r)
	}
	body, w := b.writing(t, b.appends[0][1])
	if body.Purpose != uint8(survey.PurposeComment) || !bytes.Equal(body.Session, session[:]) || w != (survey.Writing{Comment: "Chờ lâu quá <b>😀</b>"}) {
		t.Errorf("%+v %+v", body, w)
	}
	body, w = b.writing(t, b.appends[0][2])
	if body.Purpose != uint8(survey.PurposeContact) || w != (survey.Writing{Name: "Người dân", Contact: "0900000000", Consent: "Tôi đồng ý"}) {
		t.Errorf("%+v %+v", body, w)
	}
	// Taken back: a text without words.
	in.Comment, in.Contact = text("  "), &capture.Contact{}
	if _, err := c.Rate(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	for _, e := range b.appends[1][1:] {
		if body, _ := b.writing(t, e); len(body.Digest) != 0 {
			t.Error("nothing written, and something kept")
		}
	}
}

func TestAnswersAreTakenByTheirVersion(t *testing.T) {
	c, b := newBook(t)
	many := make([]string, 65)
	for i := range many {
		many[i] = fmt.Sprintf("+r%d", i)
	}
	answer := func(code string, score uint8) []fact.Answer { return []fact.Answer{{Question: code, Score: score}} }
	for name, x := range map[string]struct {
		in   capture.Input
		want survey.Code
	}{
		"known":                     {capture.Input{Questionnaire: 3, Answers: answer("staff", 5), Reasons: []string{"+staff.polite"}}, ""},
		"both sides of one":         {capture.Input{Questionnaire: 3, Reasons: []string{"+staff.polite", "-staff.polite"}}, ""},
		"a version not had":         {capture.Input{Questionnaire: 2, Answers: answer("gone.by", 5), Reasons: []string{"-gone.by"}}, ""},
		"unknown question":          {capture.Input{Questionnaire: 3, Answers: answer("other", 5)}, survey.CodeBadField},
		"unknown reason":            {capture.Input{Questionnaire: 3, Reasons: []string{"+other"}}, survey.CodeBadField},
		"reason without a side":     {capture.Input{Questionnaire: 2, Reasons: []string{"staff.polite"}}, survey.CodeBadField},
		"answers without a version": {capture.Input{Answers: answer("staff", 5)}, survey.CodeBadField},
		"reasons without a version": {capture.Input{Reasons: []string{"+staff.polite"}}, survey.CodeBadField},
		"answered twice":            {capture.Input{Questionnaire: 3, Answers: append(answer("staff", 5), answer("staff", 1)...)}, survey.CodeBadField},
		"ticked twice":              {capture.Input{Questionnaire: 3, Reasons: []string{"+staff.polite", "+staff.polite"}}, survey.CodeBadField},
		"score 0":                   {capture.Input{Questionnaire: 3, Answers: answer("staff", 0)}, survey.CodeBadField},
		"score 6":                   {capture.Input{Questionnaire: 2, Answers: answer("staff", 6)}, survey.CodeBadField},
		"code that is none":         {capture.Input{Questionnaire: 2, Answers: answer("Nhân viên", 5)}, survey.CodeBadField},
		"too many":                  {capture.Input{Questionnaire: 2, Reasons: many}, survey.CodeBadField},
		"contact without consent":   {capture.Input{Contact: &capture.Contact{Contact: "09"}}, survey.CodeBadField},
		"a name alone":              {capture.Input{Contact: &capture.Contact{Name: "A", Consent: "Đồng ý"}}, survey.CodeBadField},
	} {
		before := len(b.appends)
		x.in.Score = 4
		_, err := c.Rate(t.Context(), x.in)
		if survey.CodeOf(err) != x.want || (len(b.appends) > before) != (x.want == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, entries := range b.appends {
		if err := entries[0].Body.(*fact.Rating).Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestWithdraw(t *testing.T) {
	c, b := newBook(t)
	id := newID(t)
	s := capture.NewSession()
	if err := c.Withdraw(t.Context(), capture.Receipt(id.Hash()), s); err != nil {
		t.Fatal(err)
	}
	w := b.appends[0][0].Body.(*fact.Withdrawal)
	hash := id.Hash()
	if err := w.Validate(); err != nil || !bytes.Equal(w.Receipt, hash[:]) || !bytes.Equal(w.Session, s[:]) {
		t.Errorf("%+v %v", w, err)
	}
	if err := c.Withdraw(t.Context(), capture.WalkIn(), capture.Session{}); survey.CodeOf(err) != survey.CodeBadSession || len(b.appends) != 1 {
		t.Error(err)
	}
}

// Without the servers' key nothing that a person wrote is taken: it could only
// be kept in the clear.
func TestNoWordsWithoutAKey(t *testing.T) {
	b := &book{}
	c := capture.New(capture.Options{Recorder: b, Channel: survey.ChannelKiosk, Desk: func() string { return "Q1" }, SealKey: func() *[32]byte { return nil }})
	if _, err := c.Rate(t.Context(), capture.Input{Score: 3, Comment: text("a")}); survey.CodeOf(err) != survey.CodeUnavailable || len(b.appends) > 0 {
		t.Error(err)
	}
	if _, err := c.Rate(t.Context(), capture.Input{Score: 3}); err != nil {
		t.Error(err)
	}
}

// The longest words of the widest characters still fit into a text fact.
func TestLongestWords(t *testing.T) {
	c, b := newBook(t)
	for _, s := range []string{"😀", "<", "\"", "ệ", "\u2028x", "e\u0323\u0302"} {
		done, err := c.Rate(t.Context(), capture.Input{
			Score: 1, Comment: text(strings.Repeat(s, 10_000)),
			Contact: &capture.Contact{Name: strings.Repeat(s, 999), Contact: strings.Repeat(s, 999), Consent: strings.Repeat("ế", 130)},
		})
		if err != nil || !done.Cut {
			t.Fatal(s, done, err)
		}
		last := b.appends[len(b.appends)-1]
		_, w := b.writing(t, last[1])
		if n := utf8.RuneCountInString(w.Comment); n > survey.MaxComment || n < survey.MaxComment-1 {
			t.Errorf("%q: %d characters kept", s, n)
		}
		if _, w = b.writing(t, last[2]); utf8.RuneCountInString(w.Name) > survey.MaxName || utf8.RuneCountInString(w.Contact) > survey.MaxContact {
			t.Errorf("%+v", w)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"Tie\u0302\u0301ng Vie\u0323\u0302t": "Tiếng Việt",
		"a\x00b\x1b[31mc\u0085":              "ab[31mc",
		"một\r\nhai\rba\u2028bốn":            "một\nhai\nba\nbốn",
		"\u202eabc\u202c \u2066x\u2069":      "abc x",
		"\u200fשלום\u200e":                   "\u200fשלום\u200e",
		"<script>alert(1)</script>":          "<script>alert(1)</script>",
		"👨‍👩‍👧":                              "👨‍👩‍👧",
		"\xff\xfe":                           "\uFFFD",
		"  \t\n ":                            "",
		"e\x00\u0301":                        "é",
	} {
		if got, cut := capture.Clean(in, 2000); got != want || cut {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got, cut := capture.Clean("ab cd", 3); got != "ab" || !cut {
		t.Errorf("%q", got)
	}
	if got, cut := capture.Clean("ab"+strings.Repeat("\u0304", 40), 20); got != "a" || !cut { // with marks of two bytes
		t.Errorf("%q", got)
	}
	if got, cut := capture.Clean("abx\u0302", 3); got != "ab" || !cut { // x̂ has no single character
		t.Errorf("%q", got)
	}
}

func TestCleanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.StringOf(rapid.SampledFrom([]rune("aeo\u0301\u0323\u0302\u202e\x00\n \u2066ự😀")))).Draw(t, "text")
		limit := rapid.IntRange(1, 40).Draw(t, "limit")
		got, cut := capture.Clean(in, limit)
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) || utf8.RuneCountInString(got) > limit {
			t.Fatalf("%q", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) && r != '\n' || r >= '\u202a' && r <= '\u202e' {
				t.Fatalf("%q has %q", got, r)
			}
		}
		if again, cut2 := capture.Clean(got, limit); again != got || cut2 {
			t.Fatalf("%q becomes %q", got, again)
		}
		if all, _ := capture.Clean(in, 1<<20); !strings.HasPrefix(all, got) || cut != (utf8.RuneCountInString(all) > limit) {
			t.Fatalf("%q of %q, cut %v", got, all, cut)
		}
	})
}
