package web_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

const keysPage = `<!doctype html><html lang="vi"><meta charset="utf-8"><title>Bàn phím</title>
<link rel="stylesheet" href="/static/fonts.css"><link rel="stylesheet" href="/static/kiosk.css"><link rel="stylesheet" href="/static/kiosk-keys.css">
<script defer src="/static/kiosk-telex.js"></script><script defer src="/static/kiosk-keys.js"></script>
<body><main><section><h1 id="question">Bạn muốn nói thêm điều gì?</h1><label for="field" class="lead">Góp ý của bạn</label><div class="row"><textarea id="field" rows="3"></textarea><input id="line" aria-label="Mã"></div></section><div id="keys" hidden></div></main></body></html>`

// screens are those that kiosks have: pixels, and millimetres across as mounted.
var screens = []struct{ wide, high, mm int64 }{{1024, 600, 154}, {800, 1280, 135}, {1920, 1080, 477}}

const keysLabels = `{keyboard: "Bàn phím", shift: "Chữ hoa", space: "Dấu cách", backspace: "Xóa", enter: "Xong", symbols: "Số và dấu", letters: "Chữ cái"}`

// keyboard opens the page and the keys of a layout for a field.
func keyboard(t *testing.T, field, options string) context.Context {
	t.Helper()
	ctx := browse(t, serve(t, keysPage))
	openKeys(t, ctx, field, options)
	return ctx
}

func openKeys(t *testing.T, ctx context.Context, field, options string) {
	t.Helper()
	get(t, ctx, chromedp.Evaluate[bool](fmt.Sprintf(`window.changes = [], window.entered = [],
		hailong.keys.open({field: document.getElementById(%q), labels: %s, onChange: (v) => changes.push(v), %s}), true`, field, keysLabels, options)))
}

// press touches keys one after the other, as a finger does.
func press(t *testing.T, ctx context.Context, keys ...string) {
	t.Helper()
	for _, key := range keys {
		do(t, ctx, chromedp.Click(fmt.Sprintf(`#keys [data-key=%q]`, key)))
	}
}

// touch has a finger come down on a key, or go up from it.
func touch(t *testing.T, ctx context.Context, key string, kind input.DispatchTouchEventType) {
	t.Helper()
	at := get(t, ctx, chromedp.Evaluate[[]float64](fmt.Sprintf(`(() => {
		const r = document.querySelector('#keys [data-key=%q]').getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2];
	})()`, key)))
	p := input.DispatchTouchEventParams{Type: kind, TouchPoints: []*input.TouchPoint{{X: at[0], Y: at[1]}}}
	if kind == input.DispatchTouchEventTypeTouchEnd {
		p.TouchPoints = []*input.TouchPoint{}
	}
	do(t, ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.DispatchTouchEvent, p)
		return err
	}))
}

func letters(s string) []string { return strings.Split(s, "") }

func text(t *testing.T, ctx context.Context, field string) string {
	t.Helper()
	return get(t, ctx, chromedp.Evaluate[string](`document.getElementById("`+field+`").value`))
}

func expect(t *testing.T, ctx context.Context, field, want string) {
	t.Helper()
	if got := text(t, ctx, field); got != want {
		t.Errorf("the field holds %q, want %q", got, want)
	}
}

func TestKeysText(t *testing.T) {
	ctx := keyboard(t, "field", `layout: "text", telex: true, limit: 20`)
	press(t, ctx, "shift")
	press(t, ctx, letters("ratas")...)
	press(t, ctx, "space")
	press(t, ctx, letters("tootsx")...) // the tone key x does not fit
	expect(t, ctx, "field", "Rất tốtx")
	press(t, ctx, "backspace", "page", "!", "page")
	expect(t, ctx, "field", "Rất tốt!")
	if last := get(t, ctx, chromedp.Evaluate[string](`changes.at(-1)`)); last != "Rất tốt!" {
		t.Errorf("onChange: %q", last)
	}
	if focus := get(t, ctx, chromedp.Evaluate[string](`document.activeElement.id`)); focus != "field" {
		t.Errorf("the focus went to %q", focus)
	}
	// The device's keyboard goes on working, by Telex too, at the caret and over a selection.
	get(t, ctx, chromedp.Evaluate[bool](`field.setSelectionRange(0, 3), true`))
	do(t, ctx, chromedp.KeyEvent("Quas"))
	expect(t, ctx, "field", "Quá tốt!")
	get(t, ctx, chromedp.Evaluate[bool](`field.setSelectionRange(3, 3), true`))
	press(t, ctx, "backspace", "backspace")
	expect(t, ctx, "field", "Q tốt!")
	// Shift twice stays, once more ends it.
	press(t, ctx, "shift", "shift")
	press(t, ctx, letters("ub")...)
	press(t, ctx, "shift")
	press(t, ctx, letters("nd")...)
	expect(t, ctx, "field", "QUBnd tốt!")
	// Where nobody waits for Enter it begins a line; and a full field takes no more.
	press(t, ctx, "enter")
	expect(t, ctx, "field", "QUBnd\n tốt!")
	press(t, ctx, letters("bcdghklmnpq")...)
	expect(t, ctx, "field", "QUBnd\nbcdghklmn tốt!")
	press(t, ctx, "backspace")
	expect(t, ctx, "field", "QUBnd\nbcdghklm tốt!")
}

// A text longer than the limit, as it may be pasted, can still be shortened.
func TestKeysLimit(t *testing.T) {
	ctx := keyboard(t, "field", `layout: "text", telex: true, limit: 5, onFull: () => { window.full = (window.full || 0) + 1; }`)
	get(t, ctx, chromedp.Evaluate[bool](`field.value = "một hai ba", field.setSelectionRange(10, 10), true`))
	press(t, ctx, "c")
	expect(t, ctx, "field", "một hai ba")
	press(t, ctx, "backspace", "backspace", "backspace", "backspace", "backspace", "backspace", "c", "k", "t")
	expect(t, ctx, "field", "một c")
	if full := get(t, ctx, chromedp.Evaluate[int](`window.full`)); full != 3 {
		t.Errorf("onFull was told %d times of three keys that did not fit", full)
	}
	// Marks need no room.
	press(t, ctx, "backspace", "o", "o")
	expect(t, ctx, "field", "một ô")
}

func TestKeysWithoutTelex(t *testing.T) {
	ctx := keyboard(t, "line", `layout: "contact"`)
	press(t, ctx, letters("aas0912@")...)
	do(t, ctx, chromedp.KeyEvent("ee"))
	expect(t, ctx, "line", "aas0912@ee")
}

func TestKeysCodeAndDigits(t *testing.T) {
	ctx := keyboard(t, "line", `layout: "code", onEnter: (v) => entered.push(v)`)
	press(t, ctx, letters("H41.40-26")...)
	press(t, ctx, "backspace")
	for _, key := range []string{"Z", "enter"} {
		touch(t, ctx, key, input.DispatchTouchEventTypeTouchStart)
		if key == "Z" { // at once, not when the finger goes up
			expect(t, ctx, "line", "H41.40-2Z")
		}
		touch(t, ctx, key, input.DispatchTouchEventTypeTouchEnd)
	}
	until(t, ctx, `entered.length > 0`)
	expect(t, ctx, "line", "H41.40-2Z")
	if got := get(t, ctx, chromedp.Evaluate[[]string](`entered`)); len(got) != 1 || got[0] != "H41.40-2Z" {
		t.Errorf("entered %q", got)
	}
	shown := get(t, ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("#keys .key")].map((b) => b.textContent).join("")`))
	if strings.ContainsAny(shown[:34], "ILOU") {
		t.Errorf("letters that look like others: %s", shown)
	}
	get(t, ctx, chromedp.Evaluate[bool](`line.value = "", true`))
	openKeys(t, ctx, "line", `layout: "digits", onEnter: (v) => { entered.push(v); hailong.keys.close(); }`)
	press(t, ctx, letters("120345")...)
	press(t, ctx, "backspace", "enter")
	if got := get(t, ctx, chromedp.Evaluate[[]string](`entered`)); len(got) != 1 || got[0] != "12034" {
		t.Errorf("entered %q", got)
	}
	if left := get(t, ctx, chromedp.Evaluate[int](`document.querySelectorAll("#keys *").length + (keys.hidden ? 0 : 1) + (line.hasAttribute("inputmode") ? 1 : 0)`)); left != 0 {
		t.Errorf("closed, and yet %d parts are left", left)
	}
	// Closed twice is closed, and the field is a plain one again.
	get(t, ctx, chromedp.Evaluate[bool](`hailong.keys.close(), true`))
	do(t, ctx, chromedp.KeyEvent("aa"))
	expect(t, ctx, "line", "12034aa")
}

// A held backspace goes on until it is let go; a finger that comes down types at once.
func TestKeysHeld(t *testing.T) {
	ctx := keyboard(t, "field", `layout: "text", telex: true`)
	get(t, ctx, chromedp.Evaluate[bool](`field.value = "một hai ba bốn năm", field.setSelectionRange(18, 18), true`))
	touch(t, ctx, "backspace", input.DispatchTouchEventTypeTouchStart)
	until(t, ctx, `field.value.length <= 12`)
	touch(t, ctx, "backspace", input.DispatchTouchEventTypeTouchEnd)
	left := text(t, ctx, "field")
	press(t, ctx, "q")
	expect(t, ctx, "field", left+"q")
}

// Everything works from a keyboard: one tab stop, arrows, Space.
func TestKeysByKeyboard(t *testing.T) {
	ctx := keyboard(t, "line", `layout: "text", telex: true`)
	if stops := get(t, ctx, chromedp.Evaluate[int](`document.querySelectorAll('#keys [tabindex="0"]').length`)); stops != 1 {
		t.Errorf("%d tab stops", stops)
	}
	do(t, ctx, chromedp.KeyEvent("\t")) // from the field to the keys: q
	do(t, ctx, chromedp.KeyEvent(" "))
	for _, c := range []struct{ arrow, want string }{{"ArrowRight", "w"}, {"ArrowLeft", "q"}, {"ArrowDown", "a"}, {"ArrowDown", "shift"}, {"ArrowRight", "z"}, {"ArrowUp", "s"}, {"ArrowLeft", "a"}} {
		get(t, ctx, chromedp.Evaluate[bool](fmt.Sprintf(`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: %q, bubbles: true})), true`, c.arrow)))
		if got := get(t, ctx, chromedp.Evaluate[string](`document.activeElement.dataset.key`)); got != c.want {
			t.Errorf("%s: at %q, want %q", c.arrow, got, c.want)
		}
	}
	if stops := get(t, ctx, chromedp.Evaluate[int](`document.querySelectorAll('#keys [tabindex="0"]').length`)); stops != 1 {
		t.Errorf("%d tab stops after moving", stops)
	}
	expect(t, ctx, "line", "q")
}

// Nothing of the keys is in the way of people who don't see or point.
func TestKeysAccessible(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("%v: make web installs axe-core", err)
	}
	ctx := browse(t, serve(t, keysPage))
	get(t, ctx, chromedp.Evaluate[string](string(axe)+`; axe.version`))
	for _, layout := range []string{"text", "contact", "code", "digits"} {
		openKeys(t, ctx, "line", fmt.Sprintf(`layout: %q, telex: true`, layout))
		get(t, ctx, chromedp.Evaluate[bool](`window.found = null, axe.run("#keys", {runOnly: ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21aa", "wcag22aa", "best-practice"]}).then((r) => {
			window.found = [...r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html).join(" ")), ...(r.passes.length > 5 ? [] : ["axe looked at nothing"])];
		}), true`))
		until(t, ctx, `found !== null`)
		if found := get(t, ctx, chromedp.Evaluate[[]string](`found`)); len(found) > 0 {
			t.Errorf("%s: %s", layout, strings.Join(found, "\n"))
		}
	}
}

// Each key is large enough for a finger, all are on the screen, and of it the
// text keyboard takes at most 55%. KEYS_PICTURES names a folder for pictures.
func TestKeysFit(t *testing.T) {
	ctx := browse(t, serve(t, keysPage))
	pictures := os.Getenv("KEYS_PICTURES")
	for _, s := range screens {
		do(t, ctx, chromedp.EmulateViewport(s.wide, s.high))
		get(t, ctx, chromedp.Evaluate[bool](fmt.Sprintf(`document.documentElement.style.setProperty("--mm", "%fpx"), true`, float64(s.wide)/float64(s.mm))))
		for _, layout := range []string{"text", "symbols", "contact", "code", "digits"} {
			field, opened := "field", layout
			if layout == "symbols" {
				opened = "text"
			} else if layout != "text" {
				field = "line"
			}
			openKeys(t, ctx, field, fmt.Sprintf(`layout: %q, telex: true, onEnter() {}`, opened))
			if layout == "symbols" {
				press(t, ctx, "page")
			}
			size := get(t, ctx, chromedp.Evaluate[struct{ Low, Narrow, High, Out, Over, Nameless float64 }](`(() => {
				const mm = parseFloat(document.documentElement.style.getPropertyValue("--mm"));
				const all = [...document.querySelectorAll("#keys .key")];
				const r = all.map((b) => b.getBoundingClientRect());
				return {
					low: Math.min(...r.map((r) => r.height)) / mm, narrow: Math.min(...r.map((r) => r.width)) / mm,
					high: keys.getBoundingClientRect().height / innerHeight,
					out: r.filter((r) => r.left < 0 || r.top < 0 || r.right > innerWidth || r.bottom > innerHeight).length,
					over: all.filter((b) => b.scrollWidth > b.clientWidth + 1).length,
					nameless: all.filter((b) => !(b.getAttribute("aria-label") || b.textContent).trim()).length,
				};
			})()`))
			low, share := 8.999, 0.55
			if layout == "code" || layout == "digits" {
				low, share = 14.999, 0.75
			}
			if size.Low < low || size.Narrow < 9 || size.High > share || size.Out > 0 || size.Over > 0 || size.Nameless > 0 {
				t.Errorf("%s on %d×%d: %+v", layout, s.wide, s.high, size)
			}
			if pictures != "" {
				if err := os.WriteFile(filepath.Join(pictures, fmt.Sprintf("%s-%d.png", layout, s.wide)), get(t, ctx, chromedp.CaptureScreenshot()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
