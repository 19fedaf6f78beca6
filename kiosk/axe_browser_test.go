package kiosk_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"hailong/internal/httpx/httpxtest"
	"hailong/internal/receipt"
	"hailong/internal/receipt/receipttest"
	"hailong/internal/survey"
	"hailong/kiosk"
)

// inspector gives a function that lets axe-core look at the screen shown, but for
// some rules.
func inspector(t *testing.T, ctx context.Context, but ...string) func(name string) {
	t.Helper()
	axe := httpxtest.Axe(t)
	return func(name string) {
		t.Helper()
		get(t, ctx, chromedp.Evaluate[bool](settle, chromedp.EvalAwaitPromise))
		for _, fault := range get(t, ctx, chromedp.Evaluate[[]string](axe, chromedp.EvalAwaitPromise)) {
			if !slices.ContainsFunc(but, func(rule string) bool { return strings.HasPrefix(fault, rule+":") }) {
				t.Errorf("%s: %s", name, fault)
			}
		}
	}
}

// Whoever cannot see, hear, read well or hold still can use every screen: axe-core
// finds no fault on any, in any language.
func TestEveryScreenIsAccessible(t *testing.T) {
	for _, language := range []string{"vi", "en", "lo"} {
		t.Run(language, func(t *testing.T) {
			d := newDevice(t, nil)
			d.offer(t, "vi", "en", "lo")
			ctx := browse(t)
			do(t, ctx, times(""), chromedp.EmulateViewport(1024, 600))
			inspect := inspector(t, ctx)
			eachScreen(t, ctx, d, language, inspect)
		})
	}
}

// The same of the camera, the screen at night, the pages of the staff, and the
// pages without script.
func TestOtherScreensAreAccessible(t *testing.T) {
	t.Run("camera", func(t *testing.T) {
		d := newDevice(t, nil)
		ctx := film(t, d, receipttest.QR(t, "https://example.vn/khuyen-mai"), 0, 0.5)
		do(t, ctx, chromedp.WaitVisible(".problem:not([hidden])"))
		inspector(t, ctx)("camera")
	})
	t.Run("asleep", func(t *testing.T) {
		hours, err := survey.ParseHours("T2-T6 07:30-11:30")
		if err != nil {
			t.Fatal(err)
		}
		night := time.Date(2026, 11, 23, 22, 0, 0, 0, survey.Zone)
		d := newDevice(t, nil, func(o *kiosk.Options) { o.ServerTime = func() (time.Time, bool) { return night, true } })
		d.config.Hours = hours
		ctx := browse(t)
		do(t, ctx, times(""), chromedp.Navigate(d.url+"/"), step("asleep"))
		inspector(t, ctx)("asleep")
	})
	t.Run("staff", func(t *testing.T) {
		d := newDevice(t, nil, func(o *kiosk.Options) { o.PIN = "204060" })
		d.set(func() { d.status = kiosk.Status{StorageError: "disk full", LastContact: time.Now().Add(-time.Hour)} })
		for _, language := range []string{"vi", "en"} {
			ctx := browse(t)
			inspect := inspector(t, ctx)
			enter := func(pin string) {
				t.Helper()
				do(t, ctx, chromedp.SendKeys("#pin", pin), chromedp.Click("form button"))
			}
			do(t, ctx, chromedp.Navigate(d.url+"/staff?lang="+language), chromedp.WaitVisible("#pin"))
			inspect("PIN " + language)
			enter("1")
			do(t, ctx, chromedp.WaitVisible(".problem"))
			inspect("wrong PIN " + language)
			enter("204060")
			do(t, ctx, chromedp.WaitVisible("table"))
			inspect("status " + language)
			do(t, ctx, chromedp.SendKeys("#scan", newID(t).String()), chromedp.Click("form button"), chromedp.WaitVisible("#scanned"))
			inspect("test scan " + language)
		}
	})
	t.Run("without script", func(t *testing.T) {
		d := newDevice(t, nil)
		d.offer(t, "vi", "en", "lo")
		ctx := browse(t)
		// Without script a page can give way to the start only by itself: no
		// person may find another's faces.
		look := inspector(t, ctx, "meta-refresh")
		scripts := func(on bool) chromedp.Action[chromedp.Void] {
			return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
				_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
				return err
			})
		}
		inspect := func(name string) {
			t.Helper()
			do(t, ctx, scripts(true)) // axe-core is one; those of the page were not run
			look(name)
			do(t, ctx, scripts(false))
		}
		do(t, ctx, scripts(false), chromedp.Navigate(d.url+"/?lang=en"), chromedp.WaitVisible("#scan"))
		inspect("start")
		do(t, ctx, chromedp.SendKeys("#scan", receipt.URL("https://danhgia.example.vn", newID(t))), chromedp.Click("#code .go"), chromedp.WaitVisible("#faces"))
		inspect("faces")
		do(t, ctx, tap("4"), chromedp.WaitVisible("#recorded"))
		inspect("thanks")
	})
}

// A page of the staff that nobody uses any more gives way to the start.
func TestStaffPagesClose(t *testing.T) {
	d := newDevice(t, nil, withPIN)
	ctx := browse(t)
	do(t, ctx, times("staff: 6e5"), chromedp.Navigate(d.url+"/staff"), chromedp.WaitVisible("#pin"), times("staff: 200"), chromedp.Reload(), step("start"))
}
