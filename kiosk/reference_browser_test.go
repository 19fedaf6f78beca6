package kiosk_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"hailong/kiosk"
	"hailong/web/webtest"
)

// The screens that most people see look as they did when somebody last looked at
// them: see package webtest.
func TestScreensLookLikeTheirReference(t *testing.T) {
	looks := map[string]string{"01-start": "start", "05-faces": "faces", "07-thanks": "thanks", "10-good": "good", "11-comment": "comment"}
	for _, size := range []struct{ width, height, mm int }{{1024, 600, 154}, {800, 1280, 135}, {1920, 1080, 477}} {
		t.Run(fmt.Sprintf("%dx%d", size.width, size.height), func(t *testing.T) {
			d := newDevice(t, nil, func(o *kiosk.Options) { o.ScreenMM = size.mm })
			d.offer(t, "vi", "en", "lo")
			ctx := browse(t)
			do(t, ctx, times(""), chromedp.EmulateViewport(int64(size.width), int64(size.height)))
			seen := 0
			eachScreen(t, ctx, d, "vi", func(name string) {
				t.Helper()
				look, ok := looks[name]
				if !ok {
					return
				}
				seen++
				get(t, ctx, chromedp.Evaluate[bool](settle, chromedp.EvalAwaitPromise))
				// What moves or blinks is out of the picture.
				do(t, ctx, chromedp.Evaluate[chromedp.Void](`for (const e of document.querySelectorAll(".left")) e.style.visibility = "hidden"; document.body.style.caretColor = "transparent"`))
				webtest.Picture(t, fmt.Sprintf("kiosk-%s-%dx%d", look, size.width, size.height), get(t, ctx, chromedp.CaptureScreenshot()))
			})
			if seen != len(looks) {
				t.Errorf("%d of %d screens were seen", seen, len(looks))
			}
		})
	}
}
