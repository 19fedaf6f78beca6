package phone_test

import (
	"bytes"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hailong/internal/fact"
	"hailong/internal/receipt"
	"hailong/internal/survey"
)

// tap answers the first question, and gives the address of the page that asks
// for more.
func (f *fixture) tap(t *testing.T, id receipt.ID, form url.Values) (more *url.URL) {
	t.Helper()
	res, body := f.ask(t, "/r/"+id.String(), form)
	more, err := url.Parse(res.Header.Get("Location"))
	if err != nil || res.StatusCode != 303 || more.Path != "/r/"+id.String()+"/more" {
		t.Fatalf("%d %v %s", res.StatusCode, err, body)
	}
	return more
}

// send posts what was added, and gives where it leads.
func (f *fixture) send(t *testing.T, more *url.URL, form url.Values) string {
	t.Helper()
	form.Set("t", more.Query().Get("t"))
	res, body := f.ask(t, more.Path, form)
	if res.StatusCode != 303 {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	return res.Header.Get("Location")
}

// The tap is recorded again with what was added, in its sitting; words are
// sealed, cleaned and shown nowhere.
func TestMoreIsRecordedInTheSameSitting(t *testing.T) {
	f := newFixture(t)
	id := f.receipt(t, open)
	more := f.tap(t, id, url.Values{"score": {"2"}, "version": {"1"}})
	const said = "  Cán bộ <b>vội</b> 😀\u202e\x00, c\u0061\u0301m ơn  "
	thanks := f.send(t, more, url.Values{
		"answer.access": {"4"}, "answer.staff": {""}, "good.access.seats": {"1"}, "bad.staff.polite": {"1"}, "comment": {said},
		"consent": {"1"}, "name": {"Bà A"}, "contact": {"0900 000 000"},
	})
	if !strings.HasPrefix(thanks, "/r/"+id.String()+"/thanks?p=") || strings.Contains(thanks, "&") {
		t.Error(thanks)
	}
	ratings, texts := f.facts(t)
	if len(ratings) != 2 || len(texts) != 2 {
		t.Fatalf("%d ratings, %d texts", len(ratings), len(texts))
	}
	first, last := ratings[0], ratings[1]
	if last.Score != 2 || first.Score != 2 || !bytes.Equal(first.Session, last.Session) || !bytes.Equal(first.Receipt, last.Receipt) || last.Took != first.Took || last.Questionnaire != 1 {
		t.Errorf("%+v\n%+v", first, last)
	}
	if diff := cmp.Diff([]fact.Answer{{Question: "access", Score: 4}}, last.Answers, cmp.AllowUnexported(fact.Answer{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"-staff.polite", "+access.seats"}, last.Reasons); diff != "" {
		t.Error(diff)
	}
	for i, want := range []survey.Writing{
		{Comment: "Cán bộ <b>vội</b> 😀, cám ơn"},
		{Name: "Bà A", Contact: "0900 000 000", Consent: sheet(t, 1).Consent["vi"]},
	} {
		if diff := cmp.Diff(want, f.writing(t, texts[i])); diff != "" {
			t.Error(diff)
		}
		if !bytes.Equal(texts[i].Session, first.Session) || texts[i].Purpose != uint8(i+1) {
			t.Errorf("%+v", texts[i])
		}
	}
	for _, path := range []string{"/r/" + id.String(), more.String(), thanks} {
		if _, body := f.ask(t, path, nil); strings.Contains(body, "vội") || strings.Contains(body, "Bà A") || strings.Contains(body, "0900") || strings.Contains(body, "checked") {
			t.Errorf("%s: %s", path, body)
		}
	}
}

// What is left out is no rating more; what can't be kept is said on the thanks.
func TestMoreLeftOutOrNotKept(t *testing.T) {
	f := newFixture(t)
	id := f.receipt(t, open)
	more := f.tap(t, id, url.Values{"score": {"4"}, "version": {"1"}})
	const noContact = "Cách liên hệ chưa được giữ lại"
	for _, test := range []struct {
		form           url.Values
		says           string
		ratings, texts int // one and none come of the tap
	}{
		{url.Values{}, "Đã ghi nhận", 1, 0},
		{url.Values{"answer.access": {""}, "comment": {" \r\n"}, "name": {""}, "contact": {" "}}, "Đã ghi nhận", 1, 0},
		{url.Values{"name": {"A"}, "contact": {"0900"}}, noContact, 1, 0}, // without consent
		{url.Values{"consent": {"1"}, "name": {"A"}}, noContact, 1, 0},
		{url.Values{"consent": {"1"}, "contact": {" \t"}, "comment": {"x"}}, noContact, 2, 1},
		{url.Values{"comment": {strings.Repeat("ệ", 10_000)}}, "đã được cắt bớt", 3, 2},
	} {
		thanks := f.send(t, more, test.form)
		if _, body := f.ask(t, thanks, nil); !strings.Contains(body, test.says) || test.says != noContact && strings.Contains(body, noContact) {
			t.Errorf("%v: %s %s", test.form, thanks, body)
		}
		if ratings, texts := f.facts(t); len(ratings) != test.ratings || len(texts) != test.texts {
			t.Errorf("%v: %d ratings, %d texts", test.form, len(ratings), len(texts))
		}
	}
	_, texts := f.facts(t)
	if got := f.writing(t, texts[1]).Comment; got != strings.Repeat("ệ", survey.MaxComment) {
		t.Errorf("%d characters are kept", len([]rune(got)))
	}
}

// Ten thousand of the longest characters fit into the form.
func TestLongestCommentIsTaken(t *testing.T) {
	f := newFixture(t)
	more := f.tap(t, f.receipt(t, open), url.Values{"score": {"4"}})
	if thanks := f.send(t, more, url.Values{"comment": {strings.Repeat("😀", 10_000)}}); !strings.Contains(thanks, "/thanks?cut=1&") {
		t.Error(thanks)
	}
}

// A tap is of use with its receipt alone, and for a day.
func TestTapOfAnotherReceiptOrDay(t *testing.T) {
	f := newFixture(t)
	id, other := f.receipt(t, open), f.receipt(t, open)
	more := f.tap(t, id, url.Values{"score": {"1"}})
	token := more.Query().Get("t")
	stale := func(id receipt.ID, token, why string) {
		t.Helper()
		if res, _ := f.ask(t, "/r/"+id.String()+"/more?t="+url.QueryEscape(token), nil); res.StatusCode != 303 || res.Header.Get("Location") != "/r/"+id.String() {
			t.Errorf("%s: %d to %s", why, res.StatusCode, res.Header.Get("Location"))
		}
		res, body := f.ask(t, "/r/"+id.String()+"/more", url.Values{"t": {token}, "answer.access": {"5"}})
		if res.StatusCode != 409 || !strings.Contains(body, "hết hạn") || !strings.Contains(body, `href="/r/`+id.String()+`"`) {
			t.Errorf("%s: %d %s", why, res.StatusCode, body)
		}
	}
	stale(other, token, "another receipt")
	stale(id, "", "none")
	stale(id, "%%%", "not base64")
	stale(id, token[:len(token)-4], "shorter")
	stale(id, token[1:]+"A", "another")
	f.now = func() time.Time { return time.Now().Add(23 * time.Hour) }
	f.send(t, more, url.Values{"comment": {"hôm sau"}})
	f.now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	stale(id, token, "two days")
	if got := f.ratings(t); len(got) != 2 || got[1].Score != 1 {
		t.Errorf("%+v", got)
	}
}

// Whoever began with a version goes on with it, though another came meanwhile.
func TestVersionThatWasShown(t *testing.T) {
	f := newFixture(t)
	id := f.receipt(t, open)
	if _, body := f.ask(t, "/r/"+id.String(), nil); !strings.Contains(body, `name="version" value="1"`) {
		t.Error(body)
	}
	next := sheet(t, 2)
	next.Services[0].Overall["vi"] = "Câu hỏi của bản hai?"
	next.Services[0].Questions = next.Services[0].Questions[1:]
	f.versions = append(f.versions, next)
	more := f.tap(t, id, url.Values{"score": {"3"}, "version": {"1"}})
	if _, body := f.ask(t, more.String(), nil); !strings.Contains(body, `name="answer.access"`) {
		t.Error(body)
	}
	f.send(t, more, url.Values{"answer.access": {"3"}})
	if _, body := f.ask(t, "/r/"+id.String(), nil); !strings.Contains(body, "Câu hỏi của bản hai?") || !strings.Contains(body, `name="version" value="2"`) {
		t.Error(body)
	}
	// What the version shown does not ask is refused.
	more = f.tap(t, id, url.Values{"score": {"3"}, "version": {"2"}})
	if res, _ := f.ask(t, more.Path, url.Values{"t": {more.Query().Get("t")}, "answer.access": {"3"}}); res.StatusCode != 400 {
		t.Errorf("an answer to a question that was not asked: %d", res.StatusCode)
	}
	if got := f.ratings(t); len(got) != 3 || got[0].Questionnaire != 1 || got[1].Questionnaire != 1 || len(got[1].Answers) != 1 || got[2].Questionnaire != 2 {
		t.Errorf("%+v", got)
	}
}

// The question is about the step that the dossier has reached, in the page's
// language; the officer is asked about where the receipt names one.
func TestWhatIsAsked(t *testing.T) {
	f := newFixture(t)
	for _, test := range []struct {
		service  survey.Service
		step     survey.Step
		language string
		asks     string
		version  bool
	}{
		{survey.ServiceAdministrative, survey.StepReceived, "vi", "việc tiếp nhận và giải quyết hồ sơ?", true},
		{survey.ServiceAdministrative, survey.StepSupplement, "vi", "việc yêu cầu bổ sung hồ sơ?", true},
		{survey.ServiceAdministrative, survey.StepRefused, "en", "how the refusal was explained?", true},
		{survey.ServiceAdministrative, survey.StepReturned, "en", "how your dossier was handled?", true},
		{survey.ServiceAdministrative, survey.StepReceived, "lo", "việc tiếp nhận và giải quyết hồ sơ?", true}, // the sheet has no Lao
		{survey.ServicePublic, 0, "lo", "ທ່ານພໍໃຈກັບການບໍລິການຫຼາຍປານໃດ?", false},                              // no sheet
	} {
		known := open
		known.Service, known.Step = test.service, test.step
		id := f.receipt(t, known)
		_, body := f.ask(t, "/r/"+id.String()+"?lang="+test.language, nil)
		if !strings.Contains(body, test.asks+"</h1>") || strings.Contains(body, `name="version"`) != test.version || !strings.Contains(body, `<html lang="`+test.language+`"`) {
			t.Errorf("%+v: %s", test, body)
		}
	}
	for _, officer := range []bool{false, true} {
		known := open
		known.Officer = officer
		id := f.receipt(t, known)
		_, body := f.ask(t, f.tap(t, id, url.Values{"score": {"5"}, "version": {"1"}}).String(), nil)
		if strings.Contains(body, `name="answer.officer"`) != officer || strings.Contains(body, "Cán bộ tiếp nhận") != officer || !strings.Contains(body, `name="answer.staff"`) {
			t.Errorf("officer %v: %s", officer, body)
		}
	}
	// Without any questionnaire the overall question stands, and a comment is
	// taken; without a sentence to agree to there is no wish to be contacted.
	f.versions = nil
	id := f.receipt(t, open)
	more := f.tap(t, id, url.Values{"score": {"5"}})
	if _, body := f.ask(t, more.String(), nil); !strings.Contains(body, `name="comment"`) || strings.Contains(body, `name="consent"`) || strings.Contains(body, `name="answer.`) {
		t.Error(body)
	}
	if thanks := f.send(t, more, url.Values{"comment": {"x"}, "consent": {"1"}, "contact": {"0900"}}); !strings.Contains(thanks, "?nocontact=1&") {
		t.Error(thanks)
	}
}

// Only the languages of the setting are offered, though more are there.
func TestLanguagesOffered(t *testing.T) {
	f := newFixture(t)
	id := f.receipt(t, open)
	if _, body := f.ask(t, "/r/"+id.String(), nil); strings.Count(body, "hreflang=") != 2 || !strings.Contains(body, ">ລາວ</a>") {
		t.Error(body)
	}
	f.languages = []string{"vi", "en"}
	if _, body := f.ask(t, "/r/"+id.String()+"?lang=lo", nil); strings.Contains(body, "ລາວ") || !strings.Contains(body, `<html lang="vi">`) {
		t.Error(body)
	}
}

// What no page sends is refused as a page that leads back to the question.
func TestMoreRefuses(t *testing.T) {
	f := newFixture(t)
	id := f.receipt(t, open)
	more := f.tap(t, id, url.Values{"score": {"5"}, "version": {"1"}})
	token := more.Query().Get("t")
	back := `href="/r/` + id.String() + `"`
	for body, status := range map[string]int{
		"answer.access=6": 400, "answer.access=0": 400, "answer.access=x": 400, "answer.nonsense=5": 400, "answer.=5": 400, "answer.Access=5": 400, "good.nonsense=1": 400,
		"answer.access=5&answer.access=4": 400, "admin=1": 400, "comment=%ff": 400, "comment=" + strings.Repeat("x", 300<<10): 413,
	} {
		r := httptest.NewRequest("POST", more.Path, strings.NewReader("t="+token+"&"+body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if res, page := f.do(t, r); res.StatusCode != status || !strings.Contains(page, back) || !strings.Contains(page, "<html lang=\"vi\">") {
			t.Errorf("%.60s: %d %s", body, res.StatusCode, page)
		}
	}
	// A photo, as a form with a file would send it.
	photo := &bytes.Buffer{}
	form := multipart.NewWriter(photo)
	part, err := form.CreateFormFile("comment", "photo.jpg")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(bytes.Repeat([]byte{0xff, 0xd8}, 10_000)); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", more.Path, photo)
	r.Header.Set("Content-Type", form.FormDataContentType())
	if res, page := f.do(t, r); res.StatusCode != 415 || !strings.Contains(page, back) {
		t.Errorf("a photo: %d %s", res.StatusCode, page)
	}
	if got := f.ratings(t); len(got) != 1 {
		t.Errorf("recorded %+v", got)
	}
}
