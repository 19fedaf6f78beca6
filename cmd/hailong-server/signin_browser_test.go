package main

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"

	"hailong/internal/httpx/httpxtest"
	"hailong/internal/survey"
	"hailong/server/access"
)

// sitter is somebody before a browser of their own.
type sitter struct {
	t     *testing.T
	ctx   context.Context
	axe   string
	width int64
}

// sit opens a browser with a window of that size.
func sit(t *testing.T, width, height int64) *sitter {
	t.Helper()
	b := &sitter{t, browse(t), httpxtest.Axe(t), width}
	options := []chromedp.EmulateViewportOption{}
	if width < 500 {
		options = append(options, chromedp.EmulateMobile)
	}
	b.do(chromedp.EmulateViewport(width, height, options...))
	return b
}

func (b *sitter) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// read evaluates an expression.
func (b *sitter) read(expression string) string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return s
}

func (b *sitter) text(selector string) string {
	b.t.Helper()
	return b.read(`document.querySelector(` + quoted(selector) + `)?.textContent.trim() ?? ""`)
}

// until waits for a condition.
func (b *sitter) until(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression)); err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
}

func quoted(s string) string { return "`" + s + "`" }

// open goes to an address and waits for something to be there.
func (b *sitter) open(address, shown string) {
	b.t.Helper()
	b.do(chromedp.Navigate(address), chromedp.WaitVisible(shown))
}

// fill types into fields: selectors and values in turn.
func (b *sitter) fill(pairs ...string) {
	b.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		b.do(chromedp.WaitVisible(pairs[i]), chromedp.Focus(pairs[i]))
		b.read(`(document.querySelector(` + quoted(pairs[i]) + `).value = "")`)
		b.do(chromedp.SendKeys(pairs[i], pairs[i+1]))
	}
}

// press clicks, and waits for what comes then.
func (b *sitter) press(selector, shown string) {
	b.t.Helper()
	b.do(chromedp.Click(selector), chromedp.WaitVisible(shown))
}

// looked has axe-core look at the page, and keeps a picture of it.
func (b *sitter) looked(name string) {
	b.t.Helper()
	faults, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](b.axe, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, fault := range faults {
		b.t.Errorf("%s: %s", name, fault)
	}
	if wide := b.read(`document.documentElement.scrollWidth > ` + strconv.FormatInt(b.width, 10) + ` ? "wide" : ""`); wide != "" {
		b.t.Errorf("%s is wider than its window", name)
	}
	b.picture(name)
}

// picture keeps a picture of the page where HAILONG_PICTURES names a folder.
func (b *sitter) picture(name string) {
	b.t.Helper()
	folder := os.Getenv("HAILONG_PICTURES")
	if folder == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// firstLink is what the operator of a new server finds in its data folder.
func (s *station) firstLink() string {
	s.t.Helper()
	var link []byte
	eventually(s.t, "the first link is there", func() (ok bool) {
		var err error
		link, err = os.ReadFile(filepath.Join(s.c.Data, "first-link"))
		return err == nil
	})
	return strings.TrimSpace(string(link))
}

// digits are what the telephone shows some steps of 30 s from now.
func digits(t *testing.T, secret string, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), time.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

const (
	firstPassword  = "con đò sang sông buổi sớm"
	secondPassword = "mười hai quả cam trên bàn"
)

// administrator makes the first one through the link, with a second factor, and
// gives its secret.
func (b *sitter) administrator(s *station) (secret string) {
	b.t.Helper()
	b.open(s.firstLink(), "#code")
	b.until(`document.querySelector("#code").value.length > 10 && location.hash === ""`)
	b.looked("link")
	b.press("form button", "#new")
	b.fill("#name", "Quản trị viên", "#login", "quantri", "#new", firstPassword)
	b.looked("first")
	b.press("form button[type=submit]", "#second")
	if got := b.text(".told-care"); !strings.Contains(got, "xác thực hai bước") {
		b.t.Errorf("an administrator without a second factor is told %q", got)
	}
	b.press(`a[href="/account/second"]`, ".qr svg")
	b.looked("second-set")
	secret = b.text(".secret")
	b.fill("#code", digits(b.t, secret, 0))
	b.press("main form button", ".codes")
	b.looked("recovery")
	if codes := strings.Fields(b.read(`[...document.querySelectorAll(".codes code")].map((c) => c.textContent).join(" ")`)); len(codes) != 10 || len(slices.Compact(slices.Sorted(slices.Values(codes)))) != 10 {
		b.t.Errorf("the recovery codes are %q", codes)
	}
	b.press(".btn-primary", ".told")
	return secret
}

// From the first start to somebody else's first day: the link makes the first
// administrator, who sets up a second factor and makes an account; its owner
// sets a password at a telephone, sees the own unit alone, and signs out, after
// which the back button shows nothing.
func TestFirstDay(t *testing.T) {
	s := organised(t)
	desk := sit(t, 1366, 768)
	secret := desk.administrator(s)
	desk.looked("account")
	if _, err := os.Stat(filepath.Join(s.c.Data, "first-link")); err == nil {
		eventually(t, "the first link is gone", func() bool { _, err := os.Stat(filepath.Join(s.c.Data, "first-link")); return err != nil })
	}

	desk.open(s.url+"/admin/accounts/new", "#name")
	desk.do(chromedp.WaitNotVisible("#desk"))
	desk.looked("account-new")
	desk.fill("#name", "Trưởng đơn vị Vinh", "#login", "vinh.truong", "#email", "vinh@example.vn")
	desk.read(`(document.querySelector("#unit").value = "VINH")`)
	desk.press("main form .btn-primary", "#secret")
	desk.looked("account-link")
	link := desk.text("#secret")
	desk.press("main .btn-primary", ".index")
	desk.looked("accounts")
	if rows := desk.text(".index tbody"); !strings.Contains(rows, "vinh.truong") || !strings.Contains(rows, "chưa đặt mật khẩu") {
		t.Errorf("the accounts: %s", rows)
	}

	phone := sit(t, 390, 844)
	phone.open(link, "#code")
	phone.looked("phone-link")
	phone.press("form button", "#new")
	phone.fill("#new", "ngắn")
	phone.until(`document.querySelector("#new-length").textContent === "Còn thiếu 8 ký tự."`)
	phone.do(chromedp.Click("[data-reveal=new]"))
	phone.until(`document.querySelector("#new").type === "text"`)
	phone.do(chromedp.Click("[data-reveal=new]"))
	phone.fill("#new", secondPassword)
	phone.looked("phone-password")
	phone.press("form button[type=submit]", ".who")
	if at := phone.read(`location.pathname`); at != "/unit/VINH" {
		t.Errorf("after the first sign-in one is at %s", at)
	}
	own := phone.text("main h1")
	for path, want := range map[string]string{"/": "/unit/VINH", "/unit/STC": "HL6005", "/admin/accounts": "HL6005", "/status": "HL6005"} {
		phone.do(chromedp.Navigate(s.url + path))
		if got := phone.read(`location.pathname + " " + document.body.textContent`); !strings.Contains(got, want) {
			t.Errorf("%s shows %.200s", path, got)
		}
	}
	phone.open(s.url+"/account", "#sessions")
	phone.looked("phone-account")
	phone.do(chromedp.Navigate(s.url+"/unit/VINH"), chromedp.WaitVisible(".who summary"), chromedp.Click(".who summary"))
	phone.press(`form[action="/signout"] button`, "#login")
	phone.looked("phone-signin")
	if out := phone.text(".told"); out != "Bạn đã đăng xuất." {
		t.Errorf("after signing out one is told %q", out)
	}
	phone.do(chromedp.NavigateBack(), chromedp.WaitVisible("#login"))
	if got := phone.text("body"); strings.Contains(got, own) || !strings.Contains(got, "Đăng nhập") {
		t.Errorf("the back button shows %.200s", got)
	}

	// The administrator signs in once more, with the telephone's next code.
	desk.do(chromedp.Click(".who summary"))
	desk.press(`form[action="/signout"] button`, "#login")
	desk.looked("signin")
	desk.open(s.url+"/admin/accounts?q=vinh", "#login")
	desk.fill("#login", "quantri", "#password", "không phải mật khẩu này")
	desk.press("form .btn-primary", "#problem")
	desk.looked("signin-wrong")
	desk.fill("#password", firstPassword)
	desk.press("form .btn-primary", "#lost")
	desk.looked("second")
	desk.fill("#code", digits(t, secret, 1))
	desk.press("form .btn-primary", ".index")
	if at := desk.read(`location.pathname + location.search`); at != "/admin/accounts?q=vinh" {
		t.Errorf("one is led on to %s", at)
	}
}

// Every page of administration fits an office's window in English and a
// telephone's in Vietnamese, and axe-core finds no fault.
func TestAdminLooks(t *testing.T) {
	s := organised(t)
	g := s.guest(access.Administrator, "")
	x := s.owner(manager("an"), secondPassword)
	program := s.guest(access.Program, "VINH")
	if a := ask(t, "POST", s.url+"/api/v1/receipts?pictures=false", `{"dossiers":[{"code":"`+code(2)+`","desk":"MC-VINH","received":"`+anHourAgo()+`"}]}`,
		append(program.headers, "Content-Type", "application/json")...); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	k := startKiosk(t, s.url, t.TempDir())
	s.admit("K01", k.key())
	k.placed()
	k.rate(s.register("MC-VPUB", anHourAgo(), code(1))[0].ID, 5, "")
	s.settled()
	reg := s.as(g)
	at := func(d time.Duration) string { return time.Now().Add(d).In(survey.Zone).Format("2006-01-02T15:04") }
	if a := reg.form("/admin/voids", "kiosk", "K01", "from", at(-time.Hour), "until", at(2*time.Minute), "reason", "cán bộ tự bấm", "sure", "1"); a.status != 303 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for width, lang := range map[int64]string{1366: "en", 390: "vi"} {
		b := sit(t, width, 768)
		b.do(g.signIn(s))
		named := func(name string) string { return name + "-" + lang + "-" + strconv.FormatInt(width, 10) }
		for name, path := range map[string]string{
			"accounts": "/admin/accounts", "account-one": "/admin/accounts/" + hex.EncodeToString(x.ID[:]), "tokens": "/admin/tokens",
			"kiosks": "/admin/kiosks", "kiosk": "/admin/kiosks/K01", "voids": "/admin/voids", "own": "/account", "second": "/account/second",
		} {
			b.open(s.url+path+"?lang="+lang, "main h1")
			b.read(`(document.querySelectorAll("main details").forEach((d) => d.open = true), "")`)
			b.looked(named(name))
		}
		b.open(s.url+"/admin/voids?lang="+lang, "#kiosk")
		b.read(`(kiosk.value = "K01", from.value = "` + at(-time.Hour) + `", until.value = "` + at(time.Minute) + `", reason.value = "x", "")`)
		b.press("main form .btn-primary", "main .btn-danger")
		b.looked(named("void-ask"))
		b.open(s.url+"/admin/kiosks/K01?lang="+lang, "main h1")
		b.press(`form[action^="/admin/kiosks/K01/enrol"] button`, "#secret")
		b.looked(named("code"))
	}
}
