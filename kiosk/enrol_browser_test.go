package kiosk_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hailong/internal/enrolment"
	"hailong/kiosk"
)

// Staff have the kiosk let in by touch alone, on the smallest screen, and axe-core
// finds no fault on the way.
func TestEnrolByTouch(t *testing.T) {
	for _, language := range []string{"vi", "en"} {
		f := &faraway{pin: enrolment.Pin{0xab, 0xcd, 0x12}}
		d := newDevice(t, nil, withServers(f), func(o *kiosk.Options) { o.PIN, o.ScreenMM = "204060", 154 })
		d.set(func() { d.status = kiosk.Status{Fingerprint: strings.TrimSpace(strings.Repeat("ab12 ", 16))} })
		ctx := browse(t)
		inspect := inspector(t, ctx)
		look := func(name string) {
			t.Helper()
			inspect(name + " " + language)
			picture(t, ctx, "1024x600-"+language+"-"+name)
		}
		keys := func(keys ...string) {
			t.Helper()
			for _, key := range keys {
				do(t, ctx, chromedp.Click(`#keys [data-key="`+key+`"]`))
			}
		}
		open := `form[action^="/staff/enrol"] button`
		do(t, ctx, chromedp.EmulateViewport(1024, 600), chromedp.Navigate(d.url+"/staff?lang="+language), chromedp.WaitVisible("#pin"),
			chromedp.SendKeys("#pin", "204060"), chromedp.Click("form button"), chromedp.WaitVisible("table"))
		look("20-status")
		do(t, ctx, chromedp.Click(open), chromedp.WaitVisible("#keys .key"))
		keys("page", "1", "0", ".", "1", ":", "8", "0")
		look("21-enrol-server")
		keys("enter")
		do(t, ctx, chromedp.WaitVisible(`#keys [data-key="K"]`))
		keys("4", "K", "P", "Q", "-", "2")
		look("22-enrol-code")
		keys("enter")
		do(t, ctx, chromedp.WaitVisible(`button[name="confirm"]`))
		look("23-enrol-compare")
		do(t, ctx, chromedp.Click(`button[name="confirm"]`), chromedp.WaitVisible("#scanned"))
		if len(f.asked) != 1 || f.asked[0] != "https://10.1:80|"+f.pin.String()+"|4KPQ-2|"+language {
			t.Error(f.asked)
		}
	}
}
