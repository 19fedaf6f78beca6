package phone_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/capture"
	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/outbox"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/keyring"
	"hailong/server/phone"
	"hailong/web"
)

// fixture is the phone pages over a real outbox, with receipts and versions of
// the questionnaire made up here.
type fixture struct {
	app    *fiber.App
	outbox *outbox.Outbox
	ring   *keyring.Ring

	mu        sync.Mutex
	known     map[[32]byte]phone.Known
	versions  []*survey.Questionnaire // the last is in force
	languages []string
	held      phone.Held // of every receipt that is known
	now       func() time.Time
	fail      error
}

func (f *fixture) OfReceipt(_ context.Context, hash [32]byte) (phone.Held, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.held, f.known[hash].Found, f.fail
}

func (f *fixture) Keeps(context.Context) (comments, contacts int, err error) { return 400, 45, f.fail }

func (f *fixture) Lookup(_ context.Context, hash [32]byte) (phone.Known, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known[hash], f.fail
}

func (f *fixture) InForce(context.Context) (*survey.Questionnaire, error) {
	if len(f.versions) == 0 {
		return nil, nil
	}
	return f.versions[len(f.versions)-1], nil
}

func (f *fixture) Version(_ context.Context, number uint16) (*survey.Questionnaire, error) {
	for _, q := range f.versions {
		if q.Version == number {
			return q, nil
		}
	}
	return nil, nil
}

// receipt makes one that is known so.
func (f *fixture) receipt(t *testing.T, known phone.Known) receipt.ID {
	t.Helper()
	id, err := receipt.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known[id.Hash()] = known
	return id
}

var open = phone.Known{
	Found: true, WindowOpen: true, DeskName: "Bộ phận một cửa phường Trường Thi", UnitName: "UBND phường Trường Thi", DeskEN: "One-stop desk of Trường Thi ward",
	Service: survey.ServiceAdministrative, Step: survey.StepReceived, Received: survey.NewDay(2026, 11, 3), Until: survey.NewDay(2026, 12, 3),
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{known: map[[32]byte]phone.Known{}, versions: []*survey.Questionnaire{sheet(t, 1)}, languages: []string{"vi", "en", "lo"}, now: time.Now}
	if f.ring, err = keyring.New(); err != nil {
		t.Fatal(err)
	}
	public := f.ring.Public()
	f.outbox, err = outbox.Open(t.Context(), filepath.Join(t.TempDir(), "outbox.db"), outbox.Options{Key: key, Role: fact.RoleServer, Name: "S1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.outbox.Close(); err != nil {
			t.Error(err)
		}
	})
	catalogue, err := locale.Load(web.Locales())
	if err != nil {
		t.Fatal(err)
	}
	assets, err := httpx.NewAssets(web.Assets(), web.Dist())
	if err != nil {
		t.Fatal(err)
	}
	views, err := httpx.NewViews(web.Templates(), assets)
	if err != nil {
		t.Fatal(err)
	}
	f.app = httpx.New(httpx.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Catalogue: catalogue, Views: views, Assets: assets, BodyLimit: 1 << 20})
	phone.Register(f.app, phone.Deps{
		Receipts: f, Questionnaires: f, Data: f, Views: views, Misses: httpx.NewMisses(slog.New(slog.DiscardHandler)), Key: f.ring.Page(), Now: func() time.Time { return f.now() },
		Languages: func(context.Context) ([]string, error) { return f.languages, nil },
		Capture: capture.New(capture.Options{
			Recorder: f.outbox, Channel: survey.ChannelPhone, SealKey: func() *[32]byte { return &public }, NoCodes: true,
			Questionnaire: func(n uint16) *survey.Questionnaire { q, _ := f.Version(t.Context(), n); return q },
		}),
	})
	return f
}

// sheet is a version of the questionnaire.
func sheet(t *testing.T, version uint16) *survey.Questionnaire {
	t.Helper()
	words := func(vi, en string) survey.Words { return survey.Words{"vi": vi, "en": en} }
	q := &survey.Questionnaire{
		Version: version,
		Scale: []survey.Words{words("Rất không hài lòng", "Very dissatisfied"), words("Không hài lòng", "Dissatisfied"), words("Bình thường", "Neutral"),
			words("Hài lòng", "Satisfied"), words("Rất hài lòng", "Very satisfied")},
		Consent: words("Tôi đồng ý để cơ quan dùng tên và cách liên hệ này chỉ để trả lời tôi, rồi xóa.", "I agree that the office uses this name and contact only to answer me, and then deletes them."),
		Services: []survey.ServiceSheet{{
			Service: survey.ServiceAdministrative,
			Overall: words("Bạn hài lòng đến mức nào với việc tiếp nhận và giải quyết hồ sơ?", "How satisfied are you with how your dossier was handled?"),
			Steps: map[string]survey.Words{
				"supplement": words("Bạn hài lòng đến mức nào với việc yêu cầu bổ sung hồ sơ?", "How satisfied are you with the request for supplements?"),
				"refused":    words("Bạn hài lòng đến mức nào với việc giải thích lý do từ chối?", "How satisfied are you with how the refusal was explained?"),
			},
			Factors: []survey.Factor{{Code: "access", Name: words("Tiếp cận dịch vụ", "Access to the service")}, {Code: "staff", Name: words("Công chức giải quyết công việc", "The officials")}},
			Questions: []survey.Question{
				{Code: "access", Factor: "access", Text: words("Nơi ngồi chờ, trang thiết bị phục vụ", "Waiting area and equipment")},
				{Code: "staff", Factor: "staff", Text: words("Công chức giải quyết công việc", "The officials")},
				{Code: "officer", Factor: "staff", Text: words("Cán bộ tiếp nhận hồ sơ của bạn", "The officer who took in your dossier"), Officer: true},
			},
			Reasons: []survey.Reason{
				{Code: "access.seats", Factor: "access", Good: words("Đủ chỗ ngồi chờ", "Enough seats"), Bad: words("Thiếu chỗ ngồi chờ", "Too few seats")},
				{Code: "access.modern", Factor: "access", Good: words("Trang thiết bị hiện đại", "Modern equipment"), Bad: words("Trang thiết bị chưa hiện đại", "Outdated equipment")},
				{Code: "staff.polite", Factor: "staff", Good: words("Giao tiếp lịch sự", "Polite"), Bad: words("Giao tiếp chưa lịch sự", "Not polite")},
			},
		}},
	}
	if err := q.Check(); err != nil {
		t.Fatal(err)
	}
	return q
}

// facts gives what was recorded: ratings and texts, in their order.
func (f *fixture) facts(t *testing.T) (ratings []fact.Rating, texts []fact.Text) {
	t.Helper()
	data, _, err := f.outbox.Batch(context.Background(), f.outbox.Head().Origin, 0, fact.MaxBatch, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	batch, err := fact.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	read := func(body []byte, into any) {
		if err := fact.Unmarshal(body, into); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range batch.Records {
		switch r.Fact.Kind {
		case fact.KindRating:
			var rating fact.Rating
			read(r.Fact.Body, &rating)
			ratings = append(ratings, rating)
		case fact.KindText:
			var text fact.Text
			read(r.Fact.Body, &text)
			texts = append(texts, text)
		}
	}
	return ratings, texts
}

func (f *fixture) ratings(t *testing.T) []fact.Rating {
	t.Helper()
	ratings, _ := f.facts(t)
	return ratings
}

// writing opens the words of a text with the servers' key.
func (f *fixture) writing(t *testing.T, text fact.Text) (w survey.Writing) {
	t.Helper()
	sealed, ok, err := f.outbox.Words(t.Context(), [32]byte(text.Digest))
	if err != nil || !ok {
		t.Fatal("no words", err)
	}
	plain, ok := f.ring.OpenWords(sealed)
	if !ok {
		t.Fatal("the words do not open")
	}
	if err := json.Unmarshal(plain, &w); err != nil {
		t.Fatal(err)
	}
	return w
}

// ask sends a request as a browser does; with a form it is a POST.
func (f *fixture) ask(t *testing.T, path string, form url.Values) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return f.do(t, r)
}

func (f *fixture) do(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	r.Header.Set("Accept", "text/html")
	res, err := f.app.Test(r, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestRateChangeAndThanks(t *testing.T) {
	f := newFixture(t)
	id := f.receipt(t, open)
	for _, path := range []string{"/r/" + id.String(), "/R/" + id.String(), "/R/" + url.PathEscape(id.String()), "/r/" + strings.ToLower(id.String())} {
		res, body := f.ask(t, path, nil)
		if res.StatusCode != 200 || !strings.Contains(body, "Hồ sơ nộp ngày 03/11/2026 tại Bộ phận một cửa phường Trường Thi.") || !strings.Contains(body, "03/12/2026") {
			t.Fatalf("%s: %d %s", path, res.StatusCode, body)
		}
		if strings.Count(body, `type="submit" name="score"`) != 5 || strings.Contains(body, "checked") || strings.Contains(body, "<script") {
			t.Errorf("%s: %s", path, body)
		}
		if len(res.Cookies()) > 0 || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("headers: %v", res.Header)
		}
	}
	for i, score := range []string{"5", "1"} {
		res, _ := f.ask(t, "/r/"+id.String()+"?lang=en", url.Values{"score": {score}, "began": {"1"}, "version": {"1"}})
		more := res.Header.Get("Location")
		if res.StatusCode != 303 || !strings.HasPrefix(more, "/r/"+id.String()+"/more?t=") || !strings.HasSuffix(more, "&lang=en") {
			t.Fatalf("%d to %s", res.StatusCode, more)
		}
		for _, address := range []string{more, "/r/" + id.String() + "/thanks?lang=en"} {
			res, body := f.ask(t, address, nil)
			if res.StatusCode != 200 || !strings.Contains(body, "Recorded") || strings.Contains(body, "checked") || strings.Contains(body, "<script") || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %s", address, res.StatusCode, body)
			}
		}
		got := f.ratings(t)
		hash := id.Hash()
		if len(got) != i+1 || got[i].Channel != uint8(survey.ChannelPhone) || got[i].Language != "en" || string(got[i].Receipt) != string(hash[:]) || got[i].Questionnaire != 1 {
			t.Fatalf("recorded %+v", got)
		}
	}
	if got := f.ratings(t); got[0].Score != 5 || got[1].Score != 1 || string(got[0].Session) == string(got[1].Session) {
		t.Errorf("recorded %+v", got)
	}
}

func TestNothingIsCountedWhereNothingMay(t *testing.T) {
	f := newFixture(t)
	known := f.receipt(t, open)
	closed := open
	closed.WindowOpen = false
	over := f.receipt(t, closed)
	unknown, err := receipt.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	five := url.Values{"score": {"5"}}
	for _, test := range []struct {
		path   string
		form   url.Values
		status int
		says   string
	}{
		{"/r/" + unknown.String(), nil, 404, "chưa tìm thấy giấy hẹn"},
		{"/r/" + unknown.String(), five, 404, "chưa tìm thấy giấy hẹn"},
		{"/r/" + unknown.String() + "/thanks", nil, 404, "chưa tìm thấy giấy hẹn"},
		{"/r/%3Cscript%3E", nil, 404, "chưa tìm thấy giấy hẹn"},
		{"/r/" + over.String(), nil, 200, "Đã hết thời gian trả lời"},
		{"/r/" + over.String(), five, 410, "Đã hết thời gian trả lời"},
		{"/r/" + known.String(), url.Values{"score": {"0"}}, 400, "Xin chọn một trong năm mức"},
		{"/r/" + known.String(), url.Values{"score": {"6"}}, 400, "Xin chọn một trong năm mức"},
		{"/r/" + known.String(), url.Values{"score": {"261"}}, 400, "Xin chọn một trong năm mức"},
		{"/r/" + known.String(), url.Values{}, 400, "Xin chọn một trong năm mức"},
		{"/r/" + known.String(), url.Values{"score": {"5", "1"}}, 400, "Biểu mẫu gửi lên chưa đúng"},
		{"/r/" + known.String(), url.Values{"score": {"5"}, "admin": {"1"}}, 400, "Không có trường"},
		{"/r/" + known.String(), url.Values{"score": {"5"}, "session": {"x"}}, 400, `href="/r/` + known.String() + `"`},
		{"/r/" + known.String(), url.Values{"score": {"5"}, "version": {"70000"}}, 400, "version"},
		{"/r/" + over.String() + "/more", nil, 200, "Đã hết thời gian trả lời"},
		{"/r/" + over.String() + "/more", url.Values{"t": {"x"}}, 410, "Đã hết thời gian trả lời"},
		{"/r/" + unknown.String() + "/more", url.Values{"t": {"x"}}, 404, "chưa tìm thấy giấy hẹn"},
	} {
		res, body := f.ask(t, test.path, test.form)
		if res.StatusCode != test.status || !strings.Contains(body, test.says) || strings.Contains(body, "<script>") {
			t.Errorf("%s %v: %d %s", test.path, test.form, res.StatusCode, body)
		}
	}
	f.fail = errors.New("database is locked")
	if res, body := f.ask(t, "/r/"+known.String(), five); res.StatusCode != 500 || strings.Contains(body, "locked") {
		t.Errorf("lookup failed: %d %s", res.StatusCode, body)
	}
	if got := f.ratings(t); len(got) != 0 {
		t.Errorf("recorded %+v", got)
	}
}

func TestTypedCode(t *testing.T) {
	f := newFixture(t)
	id := f.receipt(t, phone.Known{Found: true, WindowOpen: true, UnitName: "Bệnh viện"})
	for _, text := range []string{id.String(), strings.ToLower(id.Grouped()), "https://x.example/R/" + id.String()} {
		if res, body := f.ask(t, "/r", url.Values{"code": {text}}); res.StatusCode != 303 || res.Header.Get("Location") != "/r/"+id.String() {
			t.Errorf("%s: %d %s", text, res.StatusCode, body)
		}
	}
	if res, body := f.ask(t, "/R", nil); res.StatusCode != 200 || !strings.Contains(body, `name="code"`) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	for _, text := range []string{"", "0000", "000.17.22.H41-261123-0001", strings.Repeat("9", 600)} {
		if res, body := f.ask(t, "/r", url.Values{"code": {text}}); res.StatusCode != 400 || !strings.Contains(body, `role="alert"`) || !strings.Contains(body, `name="code"`) {
			t.Errorf("%q: %d %s", text, res.StatusCode, body)
		}
	}
	if _, body := f.ask(t, "/r/"+id.String(), nil); strings.Contains(body, "nộp ngày") || !strings.Contains(body, "Bệnh viện.") {
		t.Errorf("a slip: %s", body)
	}
}

func TestPagesRenderConcurrently(t *testing.T) {
	f := newFixture(t)
	id := f.receipt(t, open)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			language, word := "vi", "Bình thường"
			if i%2 == 1 {
				language, word = "en", "Neutral"
			}
			for range 20 {
				if _, body := f.ask(t, "/r/"+id.String()+"?lang="+language, nil); !strings.Contains(body, word) {
					t.Errorf("%s: %s", language, body)
				}
			}
		})
	}
	group.Wait()
}
