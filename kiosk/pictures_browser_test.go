package kiosk_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"hailong/internal/survey"
	"hailong/kiosk"
)

// fits says what is wrong with the screen that is shown. Whatever a person
// touches is 20 mm wide and high, but for the keys of the on-screen keyboards: as
// many of them must stand beside each other as there are letters.
const fits = `(() => {
  const faults = [];
  const root = document.documentElement;
  const probe = document.querySelector("#probe") || Object.assign(document.body.appendChild(document.createElement("i")), {id: "probe", style: "position:absolute;visibility:hidden;height:0;width:calc(100 * var(--mm))"});
  const mm = probe.getBoundingClientRect().width / 100;
  if (root.scrollHeight > innerHeight + 1 || root.scrollWidth > innerWidth + 1) faults.push("scrolls: " + root.scrollWidth + "×" + root.scrollHeight);
  const shown = e => e.offsetParent && getComputedStyle(e).visibility === "visible";
  const inside = e => !document.querySelector("dialog[open]") || e.closest("dialog");
  const meets = (r, s) => r.left < s.right - 1 && s.left < r.right - 1 && r.top < s.bottom - 1 && s.top < r.bottom - 1;
  const name = e => e.id || e.textContent.trim() || e.dataset.key;
  const boxes = [...document.querySelectorAll("a, button, label.agree, input:not([type=hidden]):not([type=checkbox]), textarea")].filter(e => shown(e) && inside(e)).map(e => [e, e.getBoundingClientRect()]);
  for (const [e, r] of boxes) {
    const what = name(e) + " " + (r.width / mm).toFixed(1) + "×" + (r.height / mm).toFixed(1) + " mm";
    if (r.left < -1 || r.top < -1 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1) faults.push("outside: " + what);
    if (e.scrollWidth > e.clientWidth + 2 || e.tagName !== "TEXTAREA" && e.scrollHeight > e.clientHeight + 2) faults.push("cut: " + what);
    const high = !e.matches(".key") ? 20 : e.closest(".keys-code, .keys-digits") ? 15 : 9;
    const wide = !e.matches(".key") ? 20 : e.closest(".keys-code, .keys-digits") ? 11 : 7;
    if (e.matches("input, textarea")) {
      if (r.height < 7 * mm) faults.push("a field too low: " + what);
    } else if (r.width < wide * mm - .5 || r.height < high * mm - .5) faults.push("small: " + what);
    for (const [f, s] of boxes) if (e !== f && meets(r, s)) faults.push("overlap: " + what + " and " + name(f));
  }
  for (const row of document.querySelectorAll(".faces, .either, .ways, .reasons, .acts")) {
    const same = [...row.children].filter(e => shown(e) && (row.matches(".acts") || e.tagName === "BUTTON")).map(e => e.getBoundingClientRect());
    for (const r of same) if (Math.abs(r.width - same[0].width) > 1 || Math.abs(r.height - same[0].height) > 1) faults.push("differ in size");
  }
  for (const e of document.querySelectorAll("h1, h2, p, dd, label, small, .progress")) if (shown(e) && inside(e) && !e.closest(".read")) { // that one is for scrolling
    const r = e.getBoundingClientRect();
    if (r.bottom > innerHeight + 1 || r.right > innerWidth + 1 || r.left < -1) faults.push("text outside: " + e.textContent.trim());
    if (e.scrollWidth > e.clientWidth + 2 && e.clientWidth) faults.push("text cut: " + e.textContent.trim());
    if (e.matches(".act, .told, :has(button, a, input, .act)")) continue;
    for (const [f, s] of boxes) if (!f.contains(e) && !e.contains(f) && meets(r, s)) faults.push("overlap: " + e.textContent.trim() + " and " + name(f));
  }
  for (const e of document.querySelectorAll("h1")) if (shown(e) && inside(e) && !e.closest("#start, header")) {
    const range = document.createRange();
    range.selectNodeContents(e);
    const lines = new Set([...range.getClientRects()].map(r => Math.round(r.top / 8))).size;
    if (lines > 2) faults.push(lines + " lines: " + e.textContent);
  }
  const problem = document.querySelector("#problem");
  if (!problem.hidden && problem.scrollHeight > problem.clientHeight + 2) faults.push("cut: " + problem.textContent);
  return faults;
})()`

// settle waits for fonts, and ends what moves.
const settle = `document.fonts.ready.then(() => { for (const a of document.getAnimations()) a.effect.target.matches(".left") ? a.pause() : a.finish(); return true; })`

// everyVoice gives the browser a voice for each language, so that the tools above
// are as many as they can be.
var everyVoice = chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
	_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `speechSynthesis.getVoices = () => ["vi", "en", "lo"].map((lang) => ({lang, localService: true}))`,
	})
	return err
})

// sizes are screens that kiosks have: pixels, and millimetres across as mounted;
// 0 is one whose width nobody told.
var sizes = []struct{ width, height, mm int }{{1024, 600, 154}, {800, 1280, 135}, {1920, 1080, 477}, {1280, 800, 0}}

// Every screen fits each size without scrolling, its targets are large and do
// not overlap.
func TestScreensFit(t *testing.T) {
	for _, size := range sizes {
		for _, language := range []string{"vi", "en", "lo"} {
			t.Run(fmt.Sprintf("%dx%d-%s", size.width, size.height, language), func(t *testing.T) {
				d := newDevice(t, nil, func(o *kiosk.Options) { o.ScreenMM = size.mm })
				d.offer(t, "vi", "en", "lo")
				ctx := browse(t)
				do(t, ctx, times(""), everyVoice, chromedp.EmulateViewport(int64(size.width), int64(size.height)))
				eachScreen(t, ctx, d, language, func(name string) { look(t, ctx, name) })
			})
		}
	}
}

// What the example's questionnaire asks fits as well, of each service.
func TestExampleQuestionnaireFits(t *testing.T) {
	for _, size := range sizes {
		for _, service := range []survey.Service{survey.ServiceAdministrative, survey.ServicePublic} {
			t.Run(fmt.Sprintf("%dx%d-%s", size.width, size.height, service), func(t *testing.T) {
				d := newDevice(t, nil, func(o *kiosk.Options) { o.ScreenMM = size.mm })
				d.config.Service, d.config.Sheet, d.config.Languages = service, example(t), []string{"vi", "en", "lo"}
				ctx := browse(t)
				do(t, ctx, times(""), everyVoice, chromedp.EmulateViewport(int64(size.width), int64(size.height)))
				for _, language := range d.config.Languages {
					do(t, ctx, chromedp.Navigate(d.url+"/"), step("start"), scanner(newID(t).String()), step("faces"), tap("4"), step("thanks"), chromedp.Click("#more"), step("ask"),
						chromedp.Click(`a[data-language="`+language+`"]`))
					for n := range 5 {
						do(t, ctx, at(fmt.Sprint(n)))
						look(t, ctx, fmt.Sprintf("20-%s-%d", service, n))
						do(t, ctx, on)
					}
					do(t, ctx, step("good"), chromedp.Click(".reason:nth-child(2)"))
					look(t, ctx, fmt.Sprintf("20-%s-good", service))
					do(t, ctx, on, step("bad"))
					look(t, ctx, fmt.Sprintf("20-%s-bad", service))
				}
			})
		}
	}
}

// look judges the screen that is shown, and takes its picture.
func look(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	get(t, ctx, chromedp.Evaluate[bool](settle, chromedp.EvalAwaitPromise))
	of := get(t, ctx, chromedp.Evaluate[string](`innerWidth + "x" + innerHeight + "-" + hailong.language + "-"`)) + name
	if faults := get(t, ctx, chromedp.Evaluate[[]string](fits)); len(faults) > 0 {
		t.Errorf("%s: %s", of, strings.Join(faults, "; "))
	}
	picture(t, ctx, of)
}

// picture takes one where HAILONG_PICTURES names a folder for it.
func picture(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	folder := os.Getenv("HAILONG_PICTURES")
	if folder == "" {
		return
	}
	png := get(t, ctx, chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// eachScreen goes through every screen in a language, and calls look on each.
func eachScreen(t *testing.T, ctx context.Context, d *device, language string, look func(name string)) {
	t.Helper()
	shown := func(name string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		do(t, ctx, actions...)
		look(name)
	}
	problem := chromedp.WaitVisible("#problem")
	failing := func(name string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		d.set(func() { d.fail = errors.New("disk I/O error") })
		shown(name, append(actions, problem)...)
		d.set(func() { d.fail = nil })
	}
	shown("01-start", chromedp.Navigate(d.url+"/?lang="+language), step("start"))
	shown("01-privacy", chromedp.Click("#about"), step("privacy"))
	do(t, ctx, chromedp.Click("#leave"), step("start"))
	shown("02-how", chromedp.Click("#begin"), step("how"))
	shown("03-garbage", scanner("nothing that we know"), problem)
	shown("04-code", chromedp.Click("#type"), step("code"))
	shown("04-code-garbage", scanner("nothing that we know"), problem)
	shown("05-faces", scanner(newID(t).String()), step("faces"))
	failing("06-failing", tap("3"))
	shown("07-thanks", tap("3"), step("thanks"))
	shown("08-question", chromedp.Click("#more"), step("ask"))
	failing("08-question-failing", tap("3"))
	do(t, ctx, on, on)
	shown("09-last-question", chromedp.WaitVisible("#ask"))
	shown("10-good", on, step("good"), chromedp.Click(".reason:nth-child(2)"))
	failing("10-good-failing", on)
	shown("10-bad", on, step("bad"), chromedp.Click(".reason:nth-child(3)"))
	shown("11-comment", on, step("comment"), insert("Cán bộ hướng dẫn rất tận tình, cảm ơn!"))
	failing("11-comment-failing", on)
	shown("12-contact", on, step("contact"))
	shown("13-name", chromedp.Click(`[data-go="name"]`), step("name"))
	do(t, ctx, insert("Nguyễn Thị A"), on)
	shown("14-reach", step("reach"), insert("0912 000 000"))
	shown("14-reach-garbage", scanner("nothing that we know"), problem)
	shown("15-consent", on, step("consent"))
	shown("15-consent-needed", chromedp.Click("#send"), problem)
	shown("16-done", chromedp.Click("#agree"), chromedp.Click("#send"), step("done"))
	shown("16-proof", chromedp.Click(`#done [data-proof]`), step("proof"), chromedp.WaitVisible("#proof-picture svg"))
	do(t, ctx, chromedp.Click(`#proof [data-go="start"]`), step("start"))
	shown("17-staff", corner, step("staff"))
	shown("18-warning", chromedp.Evaluate[chromedp.Void](`document.querySelector("#warning").showModal()`), chromedp.WaitVisible("#time"))
}
