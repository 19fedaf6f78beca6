package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"hailong/internal/enrolment"
	"hailong/internal/httpx"
	"hailong/internal/locale"
	"hailong/internal/receipt"
	"hailong/internal/survey"
	"hailong/server/access"
	"hailong/server/account"
	"hailong/server/audit"
	"hailong/server/enrol"
	"hailong/server/export"
	"hailong/server/index"
	"hailong/server/periodic"
	"hailong/server/register/registertest"
	"hailong/web"
)

const (
	token = "0123456789abcdef0123456789abcdef"
	code  = "000.00.06.H41-261120-0361"
	base  = "https://hailong.example.vn"
)

// site is a server's app on a World.
type site struct {
	*registertest.World
	t   testing.TB
	app *fiber.App
	log *logBuffer

	accounts   *account.Gate
	reports    *periodic.Store
	ballots    *export.Store
	ballotsDir string
	noted      []string // who took what away
}

// logBuffer keeps what is logged, from many goroutines.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func now() time.Time { return registertest.Now }

func newSite(t testing.TB) *site { return newSiteWith(t, false) }

// newSiteWith is newSite, with a broker where sessions and links are wanted.
func newSiteWith(t testing.TB, withBroker bool) *site {
	t.Helper()
	s := &site{t: t, log: &logBuffer{}}
	s.World = registertest.New(t, s.log)
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
	s.app = httpx.New(httpx.Options{
		Log:       slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Catalogue: catalogue, Views: views, Assets: assets, BodyLimit: MaxBody,
	})
	x := index.Open(s.Projection.Reader(), now)
	RegisterIndex(s.app, x)
	filler := &periodic.Filler{Index: x, Languages: catalogue, Setting: s.Projection.Setting, Now: now}
	if s.reports, err = periodic.OpenStore(t.TempDir(), filler, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	x.UseClosed(closedOctober(t))
	RegisterClosed(s.app, x)
	RegisterReports(s.app, filler, s.reports)
	s.ballotsDir = t.TempDir()
	if s.ballots, err = export.OpenStore(s.ballotsDir); err != nil {
		t.Fatal(err)
	}
	RegisterExport(s.app, s.ballots, func(_ context.Context, action, unit string, d audit.Detail) error {
		s.noted = append(s.noted, strings.TrimSpace(action+" "+unit+" "+d.Note))
		return nil
	})
	RegisterAudit(s.app, audit.Log{DB: s.Projection.Reader(), Words: func(context.Context, [32]byte) ([]byte, bool, error) { return nil, false, nil }})
	RegisterEnrol(s.app, enrol.New(enrol.Options{Register: s.World.Register}), base, enrolment.Pin{})
	s.accounts = s.gate(withBroker)
	RegisterAccounts(s.app, s.accounts, base)
	Register(s.app, Deps{Register: s.World.Register, Views: views, Now: now})
	if err := access.New(access.Options{Operator: NewToken(token).Is}).Install(s.app); err != nil {
		t.Fatal(err)
	}
	return s
}

// do sends a request with the token, and gives status and body.
func (s *site) do(method, path, contentType, body string, header ...string) (int, string) {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := s.app.Test(r, -1)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(data)
}

func (s *site) post(path, body string) (int, string) {
	s.t.Helper()
	return s.do("POST", path, "application/json", body)
}

func decode[T any](t testing.TB, body string) (v T) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

func dossier(code string, more ...string) string {
	return fmt.Sprintf(`{"code":%q,"desk":"D1","received":"20/11/2026 09:30"%s}`, code, strings.Join(more, ""))
}

func TestRegisterOne(t *testing.T) {
	s := newSite(t)
	status, body := s.post("/api/v1/receipts", dossier(code, `,"due":"2026-11-30"`))
	if status != 201 {
		t.Fatal(status, body)
	}
	r := decode[DossierResult](t, body)
	id, err := receipt.ParseID(r.Receipt.ID)
	if err != nil || r.Status != "registered" || r.Code != code || r.Receipt.URL != receipt.URL(registertest.Base, id) {
		t.Errorf("%+v %v", r, err)
	}
	data, err := base64.StdEncoding.DecodeString(r.Receipt.PNG)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(data)); err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(r.Receipt.SVG, "<svg") {
		t.Errorf("SVG %.20q", r.Receipt.SVG)
	}
	status, body = s.post("/api/v1/receipts", dossier(code))
	if p := decode[httpx.Problem](t, body); status != 409 || p.Code != survey.CodeDossierRegistered || strings.Contains(body, r.Receipt.ID) {
		t.Errorf("the same again: %d %s", status, body)
	}
	status, body = s.post("/api/v1/receipts/reprint?pictures=false", `{"code":"`+code+`"}`)
	if again := decode[Receipt](t, body); status != 201 || again.ID == r.Receipt.ID || again.PNG != "" {
		t.Errorf("reprint: %d %s", status, body)
	}
}

func TestRegisterMany(t *testing.T) {
	s := newSite(t)
	many := `{"dossiers":[` + dossier(code) + "," + dossier(code) + "," + dossier("x") + `]}`
	status, body := s.do("POST", "/api/v1/receipts", "application/json; charset=utf-8", many, "Accept-Language", "en")
	r := decode[DossierResults](t, body)
	if status != 200 || r.Registered != 1 || r.Already != 1 || r.Refused != 1 || r.Results[1].Receipt != nil || r.Results[2].Error.Message != "The dossier code is not of a known form." {
		t.Errorf("%d %s", status, body)
	}
	status, body = s.post("/api/v1/receipts", `{"dossiers":[`+dossier("x")+`]}`)
	if r := decode[DossierResults](t, body); status != 422 || r.Refused != 1 {
		t.Errorf("none taken: %d %s", status, body)
	}
}

func TestSlipsAndEvents(t *testing.T) {
	s := newSite(t)
	status, body := s.post("/api/v1/slips", `{"unit":"BV","desk":"DBV","count":2}`)
	if r := decode[Slips](t, body); status != 201 || len(r.Slips) != 2 || r.Slips[0].ID == r.Slips[1].ID {
		t.Errorf("%d %s", status, body)
	}
	s.post("/api/v1/receipts", dossier(code))
	events := `{"events":[{"code":"` + code + `","step":"returned","at":"2026-11-22T10:00:00+07:00"},{"code":"000.00.06.H41-261120-9999","step":"returned","at":"2026-11-22T10:00:00+07:00"}]}`
	for i, want := range []EventResults{{Recorded: 1, Refused: 1}, {Known: 1, Refused: 1}} {
		status, body := s.post("/api/v1/dossiers/events", events)
		r := decode[EventResults](t, body)
		if status != 200 || r.Recorded != want.Recorded || r.Known != want.Known || r.Refused != want.Refused || r.Results[1].Error.Code != survey.CodeUnknownDossier {
			t.Errorf("time %d: %d %s", i+1, status, body)
		}
	}
}

func TestImportAndOrganisation(t *testing.T) {
	s := newSite(t)
	file := "mã hồ sơ,bộ phận một cửa,thời gian nhận\n" + code + ",D1,20/11/2026 09:30\nx,D1,20/11/2026 09:30\n"
	for i, want := range []ImportResult{{Rows: 2, New: make([]ImportedRow, 1)}, {Rows: 2, Already: 1}} {
		status, body := s.do("POST", "/api/v1/receipts/import", "text/csv; charset=utf-8", file)
		r := decode[ImportResult](t, body)
		if status != 200 || r.Rows != 2 || len(r.New) != len(want.New) || r.Already != want.Already || len(r.Faults) != 1 || r.Faults[0].Line != 3 {
			t.Errorf("import %d: %d %s", i+1, status, body)
		}
	}
	before := s.Facts()
	status, body := s.do("POST", "/api/v1/organisation", "application/yaml", registertest.Organisation)
	if r := decode[OrganisationResult](t, body); status != 200 || r.Recorded != 0 || r.Unchanged == 0 {
		t.Errorf("the organisation again: %d %s", status, body)
	}
	bad := strings.Replace(registertest.Organisation, "unit: BV,", "unit: NOBODY,", 1) + "extra: 1\n"
	status, body = s.do("POST", "/api/v1/organisation", "application/yaml", bad)
	if r := decode[FileProblem](t, body); status != 422 || len(r.Faults) < 2 || r.Faults[0].Line == 0 || s.Facts() != before {
		t.Errorf("a file with faults: %d %s", status, body)
	}
}

func TestAdmitRevokeDecide(t *testing.T) {
	s := newSite(t)
	key := strings.Repeat("ab", 32)
	head := s.Outbox.Head()
	for _, c := range []struct {
		path, body string
		isNew      bool
	}{
		{"/api/v1/kiosks/admit", `{"kiosk":"K01","key":"` + key + `"}`, true},
		{"/api/v1/kiosks/admit", `{"kiosk":"K01","key":"` + key + `"}`, false},
		{"/api/v1/kiosks/revoke", `{"key":"` + key + `","reason":"mất máy"}`, true},
		{"/api/v1/forks/decide", fmt.Sprintf(`{"origin":%q,"number":%d,"hash":%q,"reason":"đã đối chiếu"}`, head.Origin, head.Number, hex.EncodeToString(head.Hash[:])), true},
	} {
		status, body := s.post(c.path, c.body)
		if r := decode[Recorded](t, body); status != 200 || r.New != c.isNew {
			t.Errorf("%s: %d %s", c.path, status, body)
		}
	}
}

// What the page says of a person is in the answer and nowhere else.
func TestPageKeepsNothingOfThePerson(t *testing.T) {
	s := newSite(t)
	secrets := []string{"Trần Thị Bưởi", "17 ngõ Kín", "0912 345 678", "Xin chuyển trường cho con", "Sổ hộ khẩu số 99", "Nhà bà Bưởi", "Lê Văn Cam", "Phạm Thị Đào"}
	person := fmt.Sprintf(`,"applicant":%q,"address":%q,"phone":%q,"content":%q,"components":[%q],"collect":%q,"submitter":%q,"receiver":%q,"term":"10 ngày","due":"30/11/2026"`,
		secrets[0], secrets[1], secrets[2], secrets[3], secrets[4], secrets[5], secrets[6], secrets[7])
	status, body := s.post("/api/v1/receipts/page", dossier(code, person))
	if status != 200 || !strings.Contains(body, "Bộ phận một cửa Sở Xây dựng") || !strings.Contains(body, "<svg") {
		t.Fatal(status, body)
	}
	for _, secret := range secrets {
		if !strings.Contains(body, secret) {
			t.Errorf("the page lacks %q", secret)
		}
	}
	// Faults don't tell either.
	for _, broken := range []string{`,"unit":"NOBODY"`, `,"extra":1`, `,"copies":"x"`} {
		status, answer := s.post("/api/v1/receipts/page", dossier("000.00.06.H41-261120-0362", person+broken))
		if status < 400 || status >= 500 {
			t.Errorf("%s: %d", broken, status)
		}
		for _, secret := range secrets {
			if strings.Contains(answer, secret) {
				t.Errorf("the fault tells %q", secret)
			}
		}
	}
	files := 0
	err := filepath.WalkDir(s.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for _, secret := range append(secrets, code) {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds %q", filepath.Base(path), secret)
			}
		}
		return err
	})
	if err != nil || files < 2 {
		t.Fatalf("%d files: %v", files, err)
	}
	if !strings.Contains(s.log.String(), "/api/v1/receipts/page") {
		t.Fatal("the log lacks the request")
	}
	for _, secret := range append(secrets, code) {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestPageOfAnEarlierReceipt(t *testing.T) {
	s := newSite(t)
	_, body := s.post("/api/v1/receipts", dossier(code))
	first := decode[DossierResult](t, body).Receipt
	if status, _ := s.post("/api/v1/receipts/page", dossier(code)); status != 409 {
		t.Errorf("registered already: %d", status)
	}
	before := s.Facts()
	status, body := s.post("/api/v1/receipts/page", dossier(code, `,"receipt":"`+first.ID+`"`))
	if status != 200 || !strings.Contains(body, first.Grouped) || s.Facts() != before {
		t.Errorf("of the receipt given out: %d", status)
	}
	status, body = s.post("/api/v1/receipts/page", dossier(code, `,"reprint":true`))
	if status != 200 || strings.Contains(body, first.Grouped) {
		t.Errorf("reprint: %d", status)
	}
	other, err := receipt.NewID(nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := s.post("/api/v1/receipts/page", dossier(code, `,"receipt":"`+other.String()+`"`)); status != 404 {
		t.Errorf("of a receipt that nobody gave out: %d", status)
	}
}

func TestSheetIsThereForSampleDataOnly(t *testing.T) {
	s := newSite(t)
	if status, _ := s.do("GET", "/print/receipts", "", ""); status != 404 {
		t.Errorf("real data: %d", status)
	}
	s.markSample()
	for path, want := range map[string]int{"/print/receipts": 8, "/print/receipts?unit=BV&count=9": 9, "/print/receipts?unit=SXD&count=1": 1} {
		status, body := s.do("GET", path, "", "", "Accept", "text/html")
		if n := strings.Count(body, "<article>"); status != 200 || n != want {
			t.Errorf("%s: %d, %d receipts", path, status, n)
		}
	}
	// Of the desk with a kiosk, where they can be tried.
	if _, body := s.do("GET", "/print/receipts", "", "", "Accept", "text/html"); strings.Count(body, "Sở Xây dựng") < 8 || strings.Contains(body, "Bệnh viện") {
		t.Errorf("receipts of desks without a kiosk:\n%s", body)
	}
}

func TestToken(t *testing.T) {
	s := newSite(t)
	for _, r := range s.app.GetRoutes(true) {
		if rule, _ := access.RuleOf("POST", r.Path); r.Method != "POST" || rule.May == nil {
			continue // what devices bring proves itself
		}
		for _, given := range []string{"", "Bearer", "Bearer ", "Bearer " + token[1:], "Basic " + token} {
			status, body := s.do("POST", r.Path, "application/json", "{}", "Authorization", given)
			if p := decode[httpx.Problem](t, body); status != 401 || p.Code != survey.CodeUnauthorised {
				t.Errorf("%s with %q: %d %s", r.Path, given, status, body)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "operator.token")
	made, err := LoadToken(path)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := LoadToken(path); err != nil || again != made {
		t.Errorf("the token changed: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadToken(path); err == nil || !strings.Contains(err.Error(), "try: chmod 600 ") {
		t.Errorf("a token that others can read: %v", err)
	}
}
