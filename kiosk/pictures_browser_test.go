package kiosk_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hailong/kiosk"
)

// fits says what is wrong with the screen that is shown.
const fits = `(() => {
  const faults = [];
  const root = document.documentElement;
  const mm = parseFloat(getComputedStyle(document.querySelector("#probe") || Object.assign(document.body.appendChild(document.createElement("i")), {id: "probe", style: "position:absolute;visibility:hidden;height:0;width:calc(100 * var(--mm))"})).width) / 100;
  if (root.scrollHeight > innerHeight + 1 || root.scrollWidth > innerWidth + 1) faults.push("scrolls: " + root.scrollWidth + "×" + root.scrollHeight);
  const shown = e => e.offsetParent && getComputedStyle(e).visibility === "visible";
  const all = [...document.querySelectorAll("a, button, input:not([type=hidden]), textarea")].filter(shown);
  const targets = document.querySelector("dialog[open]") ? all.filter(e => e.closest("dialog")) : all;
  const boxes = targets.map(e => [e, e.getBoundingClientRect()]);
  for (const [e, r] of boxes) {
    const what = (e.id || e.textContent.trim() || e.dataset.key) + " " + Math.round(r.width / mm) + "×" + Math.round(r.height / mm) + " mm";
    if (r.left < -1 || r.top < -1 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1) faults.push("outside: " + what);
    if (e.scrollWidth > e.clientWidth + 2 || e.tagName === "BUTTON" && e.scrollHeight > e.clientHeight + 2) faults.push("cut: " + what);
    const key = e.matches(".key"), face = e.matches(".faces button"), small = e.matches(".tool, .languages a, #agree, .reason, input, textarea");
    if (face && (r.width < 20 * mm - 1 || r.height < 20 * mm - 1)) faults.push("a face of less than 20 mm: " + what);
    if (!small && !key && (r.width < 20 * mm - 1 || r.height < 12 * mm - 1)) faults.push("small: " + what);
    if (small && e.id !== "agree" && (r.width < 16 * mm || r.height < 9 * mm)) faults.push("small: " + what);
    if (key && (r.width < 7 * mm || r.height < 8.9 * mm)) faults.push("small key: " + what);
    for (const [f, s] of boxes) if (e !== f && !e.contains(f) && !f.contains(e) && r.left < s.right - 1 && s.left < r.right - 1 && r.top < s.bottom - 1 && s.top < r.bottom - 1) faults.push("overlap: " + what + " and " + (f.id || f.textContent));
  }
  for (const row of document.querySelectorAll(".faces, .either, .ways")) {
    const same = [...row.children].filter(e => e.tagName === "BUTTON" && shown(e)).map(e => e.getBoundingClientRect());
    for (const r of same) if (Math.abs(r.width - same[0].width) > 1 || Math.abs(r.height - same[0].height) > 1) faults.push("differ in size");
  }
  for (const e of document.querySelectorAll("h1, h2, p, dd, label")) if (shown(e)) {
    const r = e.getBoundingClientRect();
    if (r.bottom > innerHeight + 1 || r.right > innerWidth + 1 || r.left < -1) faults.push("text outside: " + e.textContent.trim());
  }
  return faults;
})()`

// settle waits for fonts, and ends what moves.
const settle = `document.fonts.ready.then(() => { for (const a of document.getAnimations()) a.effect.target.matches(".left") ? a.pause() : a.finish(); return true; })`

// Every screen fits each size without scrolling, its targets are large and do
// not overlap. Where HAILONG_PICTURES names a folder, pictures go there.
func TestScreensFit(t *testing.T) {
	for _, size := range []struct{ width, height, mm int }{{1024, 600, 154}, {800, 1280, 135}, {1920, 1080, 477}, {1280, 800, 0}} {
		t.Run(fmt.Sprintf("%dx%d", size.width, size.height), func(t *testing.T) {
			d := newDevice(t, nil, func(o *kiosk.Options) { o.ScreenMM = size.mm })
			d.offer(t, "vi", "en", "lo")
			ctx := browse(t)
			do(t, ctx, times(""), chromedp.EmulateViewport(int64(size.width), int64(size.height)))
			for _, language := range []string{"vi", "en", "lo"} {
				eachScreen(t, ctx, d, language, func(name string) {
					t.Helper()
					get(t, ctx, chromedp.Evaluate[bool](settle, chromedp.EvalAwaitPromise))
					if faults := get(t, ctx, chromedp.Evaluate[[]string](fits)); len(faults) > 0 {
						t.Errorf("%s in %s: %s", name, language, strings.Join(faults, "; "))
					}
					if folder := os.Getenv("HAILONG_PICTURES"); folder != "" {
						png := get(t, ctx, chromedp.CaptureScreenshot())
						if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%dx%d-%s-%s.png", size.width, size.height, language, name)), png, 0o644); err != nil {
							t.Fatal(err)
						}
					}
				})
			}
		})
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
	on := chromedp.Click(`main > section:not([hidden]) [data-do="next"]`)
	shown("01-start", chromedp.Navigate(d.url+"/?lang="+language), step("start"))
	shown("02-how", chromedp.Click("#begin"), step("how"))
	shown("03-garbage", scanner("nothing that we know"), chromedp.WaitVisible("#problem"))
	shown("04-code", chromedp.Click("#type"), step("code"))
	shown("05-faces", scanner(newID(t).String()), step("faces"))
	d.set(func() { d.fail = errors.New("disk I/O error") })
	shown("06-failing", tap("3"), chromedp.WaitVisible("#problem"))
	d.set(func() { d.fail = nil })
	shown("07-thanks", tap("3"), step("thanks"))
	shown("08-question", chromedp.Click("#more"), step("ask"))
	do(t, ctx, on, on)
	shown("09-last-question", chromedp.WaitVisible("#ask"))
	do(t, ctx, on, step("ticks"), chromedp.Click("#good .reason:nth-child(2)"))
	shown("10-ticks", chromedp.Click("#bad .reason:nth-child(3)"))
	shown("11-comment", on, step("comment"), chromedp.SendKeys("#written", "Cán bộ hướng dẫn rất tận tình, cảm ơn!"))
	shown("12-contact", on, step("contact"))
	shown("13-name", chromedp.Click(`[data-go="name"]`), step("name"))
	do(t, ctx, chromedp.SendKeys("#written", "Nguyễn Thị A"), on)
	shown("14-reach", step("reach"), chromedp.SendKeys("#written", "0912 000 000"))
	shown("15-consent", on, step("consent"))
	shown("16-done", chromedp.Click("#agree"), chromedp.Click("#send"), step("done"))
	do(t, ctx, chromedp.Click(`#done [data-go="start"]`), step("start"))
	shown("17-staff", corner, step("staff"))
	shown("18-warning", chromedp.Evaluate[chromedp.Void](`document.querySelector("#warning").showModal()`), chromedp.WaitVisible("#time"))
}
