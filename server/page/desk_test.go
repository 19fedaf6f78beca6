package page_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hailong/internal/fact"
	"hailong/internal/survey"
	"hailong/server/questionnaire"
)

// Vinh is the desk of the tests: its place, its cell, its kiosks.
const (
	vinh     = "DH41.07"
	vinhDesk = 107
	vinhCell = 7
)

// Ballots of score 1 at a kiosk that are counted, held back, and shown.
const (
	moreBallots = `UPDATE cell_day SET s1 = s1 + ?, kiosk = kiosk + ?, receipt = receipt + ? WHERE cell = ? AND day = ?`
	insertHeld  = `INSERT INTO held (cell, ballot, now_day, now_score, now_channel, now_binding, now_changed, now_fact, was_day, was_score, was_channel, was_binding, was_changed, was_fact)
		VALUES (?, ?, ?, 1, 1, 1, 0, ?, 0, 0, 0, 0, 0, 0)`
	moreShown = `UPDATE block SET s1 = s1 + ?, kiosk = kiosk + ?, receipt = receipt + ? WHERE cell = ? AND last = ?`
)

// voices are what people wrote, one of them in bad faith.
var voices = []string{
	"Cán bộ hướng dẫn rất tận tình, tôi cảm ơn.",
	"Chờ hơi lâu vào buổi sáng.\nNên có thêm ghế ngồi.",
	"<script>alert(1)</script> \"><img src=x onerror=alert(2)>",
	"Đề nghị niêm yết lệ phí rõ hơn, tôi phải hỏi hai lần.",
	"\u202eđảo chữ\u202c và \u0007 tiếng chuông",
	"Nhanh, gọn.",
	"Máy lấy số bị hỏng từ tuần trước.",
	"ພະນັກງານໃຈດີ",
}

// say lets people at Vinh answer further questions over the last weeks, and
// write; its kiosks are admitted.
func (s *site) say() {
	s.t.Helper()
	sheet, err := questionnaire.Load(filepath.Join("..", "..", "deploy", "example", "questionnaire.yaml"))
	if err != nil {
		s.t.Fatal(err)
	}
	document, err := sheet.Document()
	if err != nil {
		s.t.Fatal(err)
	}
	rows := []say{row(`INSERT INTO questionnaire VALUES (1, 0, ?)`, document), row(`INSERT INTO setting VALUES ('opening_hours', 'T2-T6 07:30-11:30 13:30-17:00')`)}
	r := rand.New(rand.NewPCG(3, 4))
	asked := sheet.For(survey.ServiceAdministrative)
	n := int64(0)
	for d := monday - 29; d <= monday; d++ {
		if d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
			continue
		}
		for range 3 {
			n++
			x := fact.Rating{Session: binary.BigEndian.AppendUint64(make([]byte, 8), uint64(n)), Nonce: make([]byte, 16), Score: 5, Channel: 1}
			for i, q := range asked.Questions {
				if r.IntN(3) > 0 {
					x.Answers = append(x.Answers, fact.Answer{Question: q.Code, Score: uint8(5 - r.IntN(2) - r.IntN(2)*(i%3))})
				}
			}
			for _, reason := range asked.Reasons {
				if reason.Kiosk && r.IntN(4) == 0 {
					x.Reasons = append(x.Reasons, []string{"+", "+", "-"}[r.IntN(3)]+reason.Code)
				}
			}
			rows = append(rows, s.rated(n, d, x)...)
			if i := n / 7; n%7 == 0 && int(i) <= len(voices) {
				rows = append(rows, s.wrote(n, x.Session, voices[i-1])...)
			}
		}
	}
	for h := 7; h < 17; h++ {
		for d := monday - 80; d < monday; d++ {
			if busy := 9 - (h-9)*(h-9)/2; busy > 0 && d.Weekday() != time.Sunday && (d.Weekday() != time.Saturday || h < 11) {
				rows = append(rows, row(insertHour, vinhDesk, d, h, busy))
			}
		}
	}
	for i, name := range []string{"K13", "K14"} {
		id := bytes.Repeat([]byte{byte(70 + i)}, 16)
		rows = append(rows, row(`INSERT INTO origin VALUES (?, ?, ?, x'02', 1, ?, 50, x'03', 50, ?)`, 70+i, id, id, name, s.now.Add(-time.Minute).UnixMilli()),
			row(`INSERT INTO admission VALUES (?, ?, ?)`, id, i, name))
	}
	s.write(rows...)
}

// rated is a rating of a ballot at Vinh that says more than a score.
func (s *site) rated(n int64, d survey.Day, x fact.Rating) []say {
	s.t.Helper()
	body, err := fact.Marshal(&x)
	if err != nil {
		s.t.Fatal(err)
	}
	data, err := (&fact.Fact{Version: fact.Version, Number: uint64(n), Kind: fact.KindRating, Body: body}).Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	id := 70<<40 | n*2
	return []say{row(`INSERT INTO fact VALUES (?, ?)`, id, data), row(`INSERT INTO entry VALUES (?, ?)`, 900+n, id),
		row(`INSERT INTO said VALUES (?, ?, ?, ?)`, vinhCell, d, 900+n, id)}
}

// wrote is a comment of a ballot's sitting.
func (s *site) wrote(n int64, session []byte, text string) []say {
	digest := sha256.Sum256([]byte(text))
	s.comments[digest] = text
	id := 70<<40 | n*2 + 1
	return []say{row(`INSERT INTO text (fact, ballot, session, purpose, digest, size, holds) VALUES (?, ?, ?, 1, ?, 9, 1)`, id, 900+n, session, digest[:]),
		row(`INSERT INTO entry VALUES (?, ?)`, 900+n, id)}
}

// TestDeskSaysWhy: factors, reasons and comments of released ballots stand on the
// page; a comment is text, whatever it holds.
func TestDeskSaysWhy(t *testing.T) {
	s := newSite(t)
	s.fill()
	s.say()
	status, body := s.get("/desk/" + vinh)
	if status != http.StatusOK {
		t.Fatal(status, body)
	}
	for _, want := range []string{"Thái độ và cách hướng dẫn của công chức", "Phải nộp thêm giấy tờ", "Công chức lịch sự", `id="chart-factors-administrative"`,
		"<li><bdi>Chờ hơi lâu vào buổi sáng.\nNên có thêm ghế ngồi.</bdi></li>", "&lt;script&gt;alert(1)", "đảo chữ\u202c và  tiếng chuông</bdi>", "Thứ hai"} {
		if !strings.Contains(body, want) {
			t.Errorf("lacks %q", want)
		}
	}
	for _, bad := range []string{"<script>alert", "<img", "\u0007", "Thứ bảy</th><td class=\"num\">0</td><td class=\"num\">0</td><td class=\"num\">0</td><td class=\"num\">0</td>"} {
		if strings.Contains(body, bad) {
			t.Errorf("has %q", bad)
		}
	}
	if got := strings.Count(body, "<bdi>"); got != len(voices) {
		t.Errorf("%d comments of %d", got, len(voices))
	}
	if strings.Contains(regexp.MustCompile(`(?s)<[^>]*>`).FindString(body), "Chờ hơi lâu") {
		t.Error("a comment stands in an attribute")
	}
}

// TestDeskCommentHeld: a comment appears with the five ballots that show its own.
func TestDeskCommentHeld(t *testing.T) {
	s := newSite(t)
	s.fill()
	s.say()
	const text, n = "Chỉ mình tôi ở quầy lúc này.", 1000
	session := bytes.Repeat([]byte{9}, 16)
	s.write(append(append(s.rated(n, monday, fact.Rating{Session: session, Nonce: make([]byte, 16), Score: 1, Channel: 1, Reasons: []string{"-staff.polite"}}),
		s.wrote(n, session, text)...),
		row(moreBallots, 1, 1, 1, vinhCell, monday), row(insertHeld, vinhCell, 900+n, monday, int64(70<<40|n*2)))...)
	version := regexp.MustCompile(`data-version="([0-9a-f]+)"`)
	_, before := s.get("/desk/" + vinh)
	if strings.Contains(before, text) {
		t.Error("a held ballot's comment is shown")
	}
	s.write(row(`DELETE FROM held`), row(moreShown, 1, 1, 1, vinhCell, monday))
	_, after := s.get("/desk/" + vinh)
	if !strings.Contains(after, text) {
		t.Error("a released ballot's comment is not shown")
	}
	if a, b := version.FindString(before), version.FindString(after); a == "" || a == b {
		t.Errorf("versions %q and %q", a, b)
	}
}

// TestDeskKiosks: how a kiosk is depends on when it was heard of by any way,
// whether its desk is open, and on what it says of itself.
func TestDeskKiosks(t *testing.T) {
	s := newSite(t)
	s.fill()
	s.say()
	k13 := string(bytes.Repeat([]byte{70}, 16))
	clock, err := (&fact.Fact{Version: fact.Version, Kind: fact.KindClock, Wall: s.now.Add(3 * time.Hour).UnixMilli()}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what string
		do   func()
		want []string
	}{
		{"both work", func() {}, []string{"K13</b> Quầy 1: đang hoạt động, có tin lúc 09:19", "●"}},
		{"no facts for long, but it asks", func() {
			s.write(row(`UPDATE origin SET seen = ?`, s.now.Add(-48*time.Hour).UnixMilli()))
			s.heard[k13] = s.now.Add(-9 * time.Minute)
		}, []string{"K13</b> Quầy 1: đang hoạt động, có tin lúc 09:11", "K14</b> Quầy 2: không có tin từ 09:20 21/11/2026 (2 ngày)", "▲"}},
		{"silent while open", func() { s.heard[k13] = s.now.Add(-11 * time.Minute) }, []string{"K13</b> Quầy 1: không có tin từ 09:09 (11 phút)"}},
		{"its clock is fast", func() {
			s.write(row(`INSERT INTO fact VALUES (?, ?)`, int64(70<<40|9999), clock), row(`INSERT INTO clock VALUES (?, x'00', 0, ?)`, int64(70<<40|9999), s.now.UnixMilli()))
		}, []string{"đồng hồ nhanh 3 giờ"}},
		{"facts that do not count, and a gap", func() {
			s.write(row(`UPDATE origin SET applied = 38 WHERE oid = 70`), row(`INSERT INTO aside VALUES (70, 90, x'01', x'02', x'03')`))
		}, []string{"12 bản ghi chưa được tính", "đang gửi lại"}},
		{"not admitted", func() { s.write(row(`DELETE FROM admission`)) }, []string{"chờ quản trị công nhận"}},
		{"after hours", func() {
			s.write(row(`INSERT INTO admission VALUES (?, 1, 'K13')`, []byte(k13)), row(`INSERT INTO setting VALUES ('opening_hours/DH41.07', 'T3 07:30-11:30')`))
		}, []string{"K13</b> Quầy 1: ngoài giờ làm việc, có tin lần cuối 09:09"}},
	} {
		c.do()
		_, body := s.get("/desk/" + vinh + "?part=kiosks")
		for _, want := range c.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s: lacks %q: %s", c.what, want, body)
			}
		}
	}
}

// TestBrowserDeskInPlace: when figures move, charts take the new data where they
// are, and what somebody opened stays open.
func TestBrowserDeskInPlace(t *testing.T) {
	s := newSite(t)
	s.fill()
	s.say()
	ctx := browser(t)
	const version = `document.querySelector("#figures > div").dataset.version`
	do(t, ctx, chromedp.Navigate(s.base+"/desk/"+vinh), chromedp.WaitVisible("#live.on"), chromedp.WaitVisible("#chart-factors-administrative canvas"))
	if open := get(t, ctx, chromedp.Evaluate[int](`document.querySelectorAll("details.behind[open]").length`)); open != 0 {
		t.Errorf("%d tables stand open beside their charts", open)
	}
	before := get(t, ctx, chromedp.Evaluate[string](`window.kept = document.querySelector("#chart-days canvas"), document.getElementById("days-table").open = true, `+version))
	s.write(row(moreBallots, 5, 5, 5, vinhCell, monday), row(moreShown, 5, 5, 5, vinhCell, monday))
	s.hub.Changed(vinh)
	get(t, ctx, chromedp.Poll[bool](version+` !== "`+before+`"`))
	if !get(t, ctx, chromedp.Evaluate[bool](`window.kept.isConnected && document.getElementById("days-table").open && !document.getElementById("months-table").open`)) {
		t.Error("the chart was drawn anew, or a table was closed or opened")
	}
	if charts := get(t, ctx, chromedp.Evaluate[int](`document.querySelectorAll("[data-chart]:not([hidden])").length`)); charts != 5 {
		t.Errorf("%d charts", charts)
	}
}

// TestBrowserDeskAccessible: nothing of the page is in the way of people who
// don't see or point. DESK_PICTURES names a folder for pictures.
func TestBrowserDeskAccessible(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join("..", "..", "web", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("%v: make web installs axe-core", err)
	}
	s := newSite(t)
	s.fill()
	s.say()
	s.heard[string(bytes.Repeat([]byte{71}, 16))] = time.Time{}
	s.write(row(`UPDATE origin SET seen = ? WHERE name = 'K14'`, s.now.Add(-40*time.Minute).UnixMilli()))
	ctx := browser(t)
	for _, desk := range []string{vinh, "DH41.05", "DH41.07.30"} {
		for _, lang := range []string{"vi", "en"} {
			for _, size := range [][2]int64{{1366, 768}, {1920, 1080}, {390, 844}} {
				do(t, ctx, chromedp.EmulateViewport(size[0], size[1]), chromedp.Navigate(s.base+"/desk/"+desk+"?lang="+lang), chromedp.WaitVisible("#live.on"))
				picture(t, ctx, fmt.Sprintf("desk-%s-%s-%d.png", desk, lang, size[0]), chromedp.FullScreenshot(100))
				if size[0] == 1366 {
					picture(t, ctx, fmt.Sprintf("desk-%s-%s.pdf", desk, lang), chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4)))
				}
				get(t, ctx, chromedp.Evaluate[string](string(axe)+`; axe.version`))
				get(t, ctx, chromedp.Evaluate[bool](`window.found = null, axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}).then((r) => {
					window.found = [...r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html).join(" ")), ...(r.passes.length > 20 ? [] : ["axe looked at nothing"])];
				}), true`))
				get(t, ctx, chromedp.Poll[bool](`window.found !== null`))
				if found := get(t, ctx, chromedp.Evaluate[[]string](`window.found`)); len(found) > 0 {
					t.Errorf("%s in %s at %v: %s", desk, lang, size, strings.Join(found, "\n"))
				}
				wide := get(t, ctx, chromedp.Evaluate[[]string](fmt.Sprintf(`document.documentElement.scrollWidth <= %[1]d ? [] : ["width " + document.documentElement.scrollWidth,
					...[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > %[1]d && !e.querySelector("*")).map((e) => e.outerHTML.slice(0, 120))]`, size[0])))
				if len(wide) > 0 {
					t.Errorf("%s in %s at %v: wider than the screen: %q", desk, lang, size, wide)
				}
			}
		}
	}
}

func picture(t *testing.T, ctx context.Context, name string, take chromedp.Action[[]byte]) {
	t.Helper()
	folder := os.Getenv("DESK_PICTURES")
	if folder == "" {
		return
	}
	get(t, ctx, chromedp.Poll[bool](`document.fonts.status === "loaded"`))
	if err := os.WriteFile(filepath.Join(folder, name), get(t, ctx, take), 0o644); err != nil {
		t.Fatal(err)
	}
}
