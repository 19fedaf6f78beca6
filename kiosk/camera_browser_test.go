package kiosk_test

import (
	"bytes"
	"context"
	"image"
	"io/fs"
	"testing"

	"github.com/chromedp/chromedp"

	"hailong/internal/receipt"
	"hailong/internal/receipt/receipttest"
	"hailong/kiosk"
	"hailong/web"
)

// film opens the kiosk in a browser with a camera that sees a code, and goes to
// its camera's screen.
func film(t *testing.T, d *device, code image.Image, degrees, scale float64) context.Context {
	t.Helper()
	if _, err := fs.Stat(web.Dist(), "zxing.js"); err != nil {
		t.Fatalf("%v: make web copies the reader of bar codes into web/dist", err)
	}
	ctx := browse(t, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", receipttest.Video(t, code, degrees, scale)))
	do(t, ctx, times(""), chromedp.Navigate(d.url), step("start"), chromedp.Click("#begin"), step("how"),
		chromedp.WaitVisible("#film"), chromedp.Click("#film"))
	return ctx
}

// A printed receipt held before the camera leads to the faces, and the tap is
// that receipt's.
func TestCameraToThanks(t *testing.T) {
	d := newDevice(t, nil)
	id := newID(t)
	ctx := film(t, d, receipttest.QR(t, receipt.URL("https://danhgia.example.vn", id)), 9, 0.4)
	do(t, ctx, step("faces"))
	if on := get(t, ctx, chromedp.Evaluate[bool](`document.getElementById("view").srcObject !== null`)); on {
		t.Error("the camera is still on while the faces are shown")
	}
	do(t, ctx, tap("4"), step("thanks"))
	hash := id.Hash()
	if got := d.ratings(t); len(got) != 1 || got[0].Score != 4 || !bytes.Equal(got[0].Receipt, hash[:]) {
		t.Errorf("recorded %+v, want a 4 of the receipt", got)
	}
}

// Another system's bar code carries a dossier's code: it leaves the page for the
// kiosk only, which records it sealed.
func TestCameraDossierCode(t *testing.T) {
	d := newDevice(t, nil)
	ctx := film(t, d, receipttest.Code128("000.00.18.H41-181116-0001"), -6, 0.85)
	do(t, ctx, step("faces"), tap("5"), step("thanks"))
	if got := d.ratings(t); len(got) != 1 || len(got[0].Sealed) == 0 || len(got[0].Receipt) != 0 {
		t.Errorf("recorded %+v, want one with a sealed dossier code", got)
	}
}

// The screen before the camera shows it as a mirror would, and fits.
func TestCameraScreen(t *testing.T) {
	d := newDevice(t, nil, func(o *kiosk.Options) { o.ScreenMM = 154 })
	d.offer(t, "vi", "en", "lo")
	ctx := film(t, d, image.NewGray(image.Rect(0, 0, 200, 200)), 0, 0.5)
	do(t, ctx, chromedp.EmulateViewport(1024, 600), step("camera"), until(`document.querySelector("#view").videoWidth > 0`))
	if mirrored := get(t, ctx, chromedp.Evaluate[string](`getComputedStyle(document.querySelector("#view")).transform`)); mirrored != "matrix(-1, 0, 0, 1, 0, 0)" {
		t.Errorf("the picture stands as %s", mirrored)
	}
	for _, language := range []string{"vi", "en", "lo"} {
		do(t, ctx, chromedp.Click(`a[data-language="`+language+`"]`))
		look(t, ctx, "19-camera")
	}
	do(t, ctx, chromedp.Click("#camera .act"), step("how"))
	look(t, ctx, "19-how-with-camera")
}

// What is no code of ours gets a sentence, and leaving ends the camera.
func TestCameraGarbage(t *testing.T) {
	d := newDevice(t, nil)
	ctx := film(t, d, receipttest.QR(t, "https://example.vn/khuyen-mai"), 0, 0.5)
	do(t, ctx, chromedp.WaitVisible(`.problem:not([hidden])`))
	if got := d.ratings(t); len(got) != 0 {
		t.Errorf("recorded %+v", got)
	}
}
