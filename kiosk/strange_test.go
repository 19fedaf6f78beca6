package kiosk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/chromedp/chromedp"
	"golang.org/x/text/unicode/norm"

	"hailong/internal/fact"
	"hailong/internal/httpx"
	"hailong/internal/survey"
)

// What people, broken programs and attackers write: it is kept, in one normal
// form, without what nobody can read.
func TestStrangeWordsAreKeptClean(t *testing.T) {
	d := newDevice(t, nil)
	id := newID(t).String()
	for _, test := range []struct {
		json, want string // the comment in JSON, and as it is kept
		cut        bool
	}{
		{`"Ca\u0301n bo\u0323\u0302 to\u0302\u0301t"`, "Cán bộ tốt", false},
		{`"Ca` + "\u0301" + `n bo` + "\u0323\u0302" + `"`, "Cán bộ", false}, // as a Mac's keyboard sends it
		{`"\ud800 lạc"`, "\uFFFD lạc", false},
		{`"lạc \udc00\ud800\ud83d"`, "lạc \uFFFD\uFFFD\uFFFD", false},
		{`"\ud83d\ude00 \u200fשלום\u200e"`, "😀 \u200fשלום\u200e", false},
		{`"\u202eđảo\u202c \u2066cô\u2069 lập"`, "đảo cô lập", false},
		{`"a\u0000b\u0007c\u001b[31m\u0085\r\nd\te"`, "abc[31m\nd e", false},
		{`"</script><script>alert(1)</script><img src=x onerror=alert(1)>{{.}}' OR 1=1 --"`, "</script><script>alert(1)</script><img src=x onerror=alert(1)>{{.}}' OR 1=1 --", false},
		{`"\ufeff\ue000\udb40\udc41trống"`, "trống", false},
		{`"` + strings.Repeat("ệ", 10_000) + `"`, strings.Repeat("ệ", survey.MaxComment), true},
		{`"` + strings.Repeat(norm.NFD.String("ệ"), 10_000) + `"`, strings.Repeat("ệ", survey.MaxComment), true},
		{`"` + strings.Repeat("😀", 10_000) + `"`, strings.Repeat("😀", survey.MaxComment), true},
		{`"` + strings.Repeat("x\\u0304", 1500) + `"`, strings.Repeat("x\u0304", survey.MaxComment/2), true},
	} {
		before := d.writings(t)
		res, answer := d.ask(t, "/api/v1/ratings", "application/json", `{"scan":"`+id+`","score":3,"comment":`+test.json+`}`)
		if res.StatusCode != 201 || strings.Contains(answer, `"cut":true`) != test.cut {
			t.Errorf("%.60s: %d %s", test.json, res.StatusCode, answer)
			continue
		}
		for digest, w := range d.writings(t) {
			if _, was := before[digest]; !was && w.Comment != test.want {
				t.Errorf("%.60s is kept as %.60q (%d characters)", test.json, w.Comment, utf8.RuneCountInString(w.Comment))
			}
		}
		if len(d.writings(t)) != len(before)+1 {
			t.Errorf("%.60s: nothing is kept", test.json)
		}
	}
	name := strings.Repeat("Nguye\u0302\u0303n ", 100)
	body, err := json.Marshal(map[string]any{"scan": id, "score": 3, "contact": map[string]string{"name": name, "contact": "\u202e0900\u0000 000 000", "consent": "Tôi đồng ý."}})
	if err != nil {
		t.Fatal(err)
	}
	if res, answer := d.ask(t, "/api/v1/ratings", "application/json", string(body)); res.StatusCode != 201 || !strings.Contains(answer, `"cut":true`) {
		t.Errorf("%d %s", res.StatusCode, answer)
	}
	found := false
	for _, w := range d.writings(t) {
		if w.Contact != "" {
			found = w.Contact == "0900 000 000" && norm.NFC.IsNormalString(w.Name) && utf8.RuneCountInString(w.Name) <= survey.MaxName && strings.HasPrefix(w.Name, "Nguyễn Nguyễn")
		}
	}
	if !found {
		t.Error("the wish to be contacted is not kept, or not clean")
	}
}

// What no page sends is refused, and nothing of it is recorded.
func TestStrangeRequestsAreRefused(t *testing.T) {
	d := newDevice(t, nil)
	d.asks(sheet(t))
	d.ask(t, "/", "", "")
	id := newID(t).String()
	answers := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"q%d":5`, i))
		}
		return `{"scan":"` + id + `","score":5,"questionnaire":3,"answers":{` + strings.Join(all, ",") + `}}`
	}
	photo := "\x89PNG\r\n\x1a\n" + strings.Repeat("\xff\xd8", 10_000)
	for _, test := range []struct {
		path, kind, body string
		want             survey.Code
	}{
		{"ratings", "application/json", answers(65), survey.CodeBadField},
		{"ratings", "application/json", `{"scan":"` + id + `","score":NaN}`, survey.CodeBadJSON},
		{"ratings", "application/json", `{"scan":"` + id + `","score":Infinity}`, survey.CodeBadJSON},
		{"ratings", "application/json", `{"scan":"` + id + `","score":1e400}`, survey.CodeBadField},
		{"ratings", "application/json", `{"scan":"` + id + `","score":5.0}`, survey.CodeBadField},
		{"ratings", "application/json", `{"scan":"` + id + `","score":"5"}`, survey.CodeBadField},
		{"ratings", "application/json", `{"scan":"` + id + `","score":5,"questionnaire":7,"answers":{"staff":0}}`, survey.CodeBadField},
		{"ratings", "application/json", `{"scan":"` + id + `","score":5,"questionnaire":7,"answers":{"staff":null}}`, survey.CodeBadField},
		{"ratings", "application/json", `{"scan":"` + id + `","score":5,"questionnaire":7,"answers":{"khong-co":5}}`, survey.CodeBadField},
		{"ratings", "application/json", `{"scan":"` + id + `","score":5,"questionnaire":7,"reasons":["+khong-co"]}`, survey.CodeBadField},
		{"ratings", "application/json", `{"scan":"` + id + `","score":5,"questionnaire":7,"reasons":["+r1","+r1"]}`, survey.CodeBadField},
		{"ratings", "application/json", `{"scan":"` + id + `","score":5,"questionnaire":65536}`, survey.CodeBadField},
		{"ratings", "application/json", `{"scan":"` + id + `","score":5,"questionnaire":-1}`, survey.CodeBadField},
		{"ratings", "application/json", `{"scan":"` + id + `","score":5,"comment":"` + photo + `"}`, survey.CodeBadJSON},
		{"ratings", "application/json", photo, survey.CodeBadJSON},
		{"ratings", "image/png", photo, survey.CodeWrongContentType},
		{"scans", "application/json", `{"scan":"` + strings.Repeat("x", 4096) + `"}`, survey.CodeScanTooLong},
		{"scans", "application/json", `{"scan":"<script>alert(1)</script>"}`, survey.CodeUnknownScan},
		{"scans", "application/json", `{"scan":"\ud800"}`, survey.CodeUnknownScan},
		{"scans", "application/json", `{"scan":"\u0000\u0007"}`, survey.CodeUnknownScan},
		{"withdrawals", "application/json", `{"scan":"` + id + `"}`, survey.CodeBadSession},
		{"withdrawals", "application/json", `{"scan":"` + id + `","session":"` + strings.Repeat("0", 32) + `"}`, survey.CodeBadSession},
		{"withdrawals", "application/json", `{"scan":"` + id + `","session":"<b>"}`, survey.CodeBadSession},
		{"withdrawals", "application/json", `{"scan":"xin chào","session":"` + strings.Repeat("a", 32) + `"}`, survey.CodeUnknownScan},
		{"withdrawals", "application/json", `{"scan":"` + strings.Repeat("x", 4096) + `","session":"` + strings.Repeat("a", 32) + `"}`, survey.CodeScanTooLong},
	} {
		res, answer := d.ask(t, "/api/v1/"+test.path, test.kind, test.body)
		var p httpx.Problem
		if err := json.Unmarshal([]byte(answer), &p); err != nil || p.Code != test.want || res.StatusCode != test.want.Status() || p.Message == "" {
			t.Errorf("%s %.100q: %d %.200s, want %s", test.path, test.body, res.StatusCode, answer, test.want)
		}
	}
	if len(d.ratings(t)) != 0 || len(d.writings(t)) != 0 || len(records[fact.Withdrawal](t, d, fact.KindWithdrawal)) != 0 {
		t.Error("recorded all the same")
	}
	// 64 answers of a version that this process never had are taken by their form.
	if res, answer := d.ask(t, "/api/v1/ratings", "application/json", answers(64)); res.StatusCode != 201 {
		t.Errorf("%d %s", res.StatusCode, answer)
	}
}

// The forms of a page without script, and of the staff: what is wrong leads to a
// page with a sentence, which shows nothing of what was sent as its own.
func TestStrangeForms(t *testing.T) {
	d := newDevice(t, nil, withPIN)
	const script = `"><script>alert(1)</script>`
	// The staff's test scan says what it is, and does not show it.
	_, page := d.enter(t, "")
	res, _ := d.form(t, "/staff/scan", "ticket", hidden(t, page, "ticket"), "scan", script)
	if _, page := d.ask(t, res.Header.Get("Location"), "", ""); strings.Contains(page, "alert(1)") || !strings.Contains(page, `id="scanned"`) {
		t.Error(page)
	}
	mark := func() string {
		t.Helper()
		_, page := d.ask(t, "/", "", "")
		return hidden(t, page, "mark")
	}
	calm := func(name string, status int, page string) {
		t.Helper()
		if status < 400 && status != 303 || status > 499 || strings.Contains(page, "alert(1)") || status != 303 && !strings.Contains(page, `<html lang="`) {
			t.Errorf("%s: %d %.300s", name, status, page)
		}
	}
	for _, scan := range []string{script, strings.Repeat("x", 4096), strings.Repeat("ệ", 3_000), "\u202e\u0000\u0007", "😀", "Ca\u0301n", "\ufeff", " "} {
		res, page := d.form(t, "/scan", "mark", mark(), "scan", scan)
		calm(fmt.Sprintf("scan %.20q", scan), res.StatusCode, page)
		res, page = d.form(t, "/scan", "mark", scan, "scan", scan)
		calm(fmt.Sprintf("mark %.20q", scan), res.StatusCode, page)
		res, page = d.form(t, "/rate", "token", scan, "score", "5")
		calm(fmt.Sprintf("token %.20q", scan), res.StatusCode, page)
		res, page = d.form(t, "/rate", "token", "x", "score", scan)
		calm(fmt.Sprintf("score %.20q", scan), res.StatusCode, page)
		res, page = d.form(t, "/staff", "pin", scan)
		calm(fmt.Sprintf("pin %.20q", scan), res.StatusCode, page)
		res, page = d.form(t, "/staff/scan", "ticket", scan, "scan", scan)
		calm(fmt.Sprintf("ticket %.20q", scan), res.StatusCode, page)
	}
	var photo bytes.Buffer
	form := multipart.NewWriter(&photo)
	part, err := form.CreateFormFile("scan", script+".jpg")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(bytes.Repeat([]byte{0xff, 0xd8}, 10_000)); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/scan", "/rate", "/staff", "/staff/scan"} {
		for kind, body := range map[string]string{form.FormDataContentType(): photo.String(), "image/jpeg": photo.String(), "application/x-www-form-urlencoded": photo.String(), "text/plain": "scan=" + script} {
			res, page := d.ask(t, path, kind, body)
			calm(path+" "+kind, res.StatusCode, page)
		}
	}
	if got := d.ratings(t); len(got) != 0 {
		t.Errorf("recorded %+v", got)
	}
}

// Whatever a scanner sends, or somebody pastes, there is a sentence for it, and
// the next code is read.
func TestStrangeScansInTheBrowser(t *testing.T) {
	d := newDevice(t, nil)
	d.offer(t, "vi", "en")
	ctx := visit(t, d, "")
	for _, text := range []string{
		strings.Repeat("x", 600), `"><script>document.title='owned'</script>`, "\u202eABCDEFGH\u200f😀\u0301", "javascript:alert(1)", strings.Repeat("\x1b[31m", 5) + "\x07",
		"HTTPS://" + strings.Repeat("A", 510) + "/R/" + newID(t).String(),
	} {
		do(t, ctx, scanner(text), chromedp.WaitVisible("#problem"))
		if said := get(t, ctx, chromedp.Text("#problem")); !regexp.MustCompile(`^[^<>]*mã[^<>]*\.$`).MatchString(said) {
			t.Errorf("%.30q: %q", text, said)
		}
		do(t, ctx, scanner(newID(t).String()), step("faces"), chromedp.Click("#leave"), step("start"))
	}
	if title := get(t, ctx, chromedp.Title()); title == "owned" {
		t.Error("a scan was run as a script")
	}
	// A photo that is pasted into the comment stays outside.
	do(t, ctx, scanner(newID(t).String()), step("faces"), tap("5"), step("thanks"), chromedp.Click("#more"), step("ask"), on, at("1"), on, at("2"), on, step("good"), on, step("bad"), on, step("comment"),
		chromedp.Evaluate[chromedp.Void](`(() => {
			const data = new DataTransfer();
			data.items.add(new File([new Uint8Array(100000)], "anh.png", {type: "image/png"}));
			const field = document.querySelector("#written");
			field.focus();
			field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
		})()`), insert("<b>\u202eđậm</b> 😀"), on, step("contact"))
	if c := d.wrote(t, survey.PurposeComment); len(c) != 1 || c[0].Comment != "<b>đậm</b> 😀" {
		t.Errorf("comments %+v", c)
	}
	if n := get(t, ctx, chromedp.Evaluate[int](`document.querySelectorAll("main b, main img:not([alt])").length - document.querySelectorAll(".where b").length`)); n != 0 {
		t.Errorf("%d elements of what was written", n)
	}
}
