package web_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"image"
	"io/fs"
	"testing"

	"github.com/chromedp/chromedp"

	"hailong/internal/receipt"
	"hailong/internal/receipt/receipttest"
	"hailong/web"
)

const cameraPage = `<!doctype html><html lang="vi"><meta charset="utf-8"><title>Máy quay</title>
<script src="/static/kiosk-camera.js"></script><body><video id="video"></video></body></html>`

// withCamera opens the page in a browser whose camera sees a code.
func withCamera(t *testing.T, code image.Image, degrees, scale float64) context.Context {
	t.Helper()
	needZXing(t)
	return browse(t, serve(t, cameraPage), chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", receipttest.Video(t, code, degrees, scale)))
}

func needZXing(t *testing.T) {
	t.Helper()
	if _, err := fs.Stat(web.Dist(), "zxing.js"); err != nil {
		t.Fatalf("%v: make web copies the reader of bar codes into web/dist", err)
	}
}

// start begins to read; codes and errors are collected in the page.
const start = `(async () => {
	window.codes = []; window.errors = [];
	window.stop = await hailong.camera.start(video, (c) => codes.push(c), (e) => errors.push(e));
	window.started = true;
})(), true`

func begin(t *testing.T, ctx context.Context) {
	t.Helper()
	get(t, ctx, chromedp.Evaluate[bool](start))
	until(t, ctx, `window.started === true`)
}

// A receipt held close, and one at arm's length, where a module of its code is
// four pixels wide.
func TestCameraReceipt(t *testing.T) {
	for _, c := range []struct{ degrees, scale float64 }{{11, 0.62}, {-25, 0.26}} {
		t.Run(fmt.Sprint(c.scale), func(t *testing.T) { testCameraReceipt(t, c.degrees, c.scale) })
	}
}

func testCameraReceipt(t *testing.T, degrees, scale float64) {
	id, err := receipt.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	want := receipt.URL("https://danhgia.example.vn", id)
	ctx := withCamera(t, receipttest.QR(t, want), degrees, scale)
	until(t, ctx, `hailong.camera.available()`)
	if loaded := get(t, ctx, chromedp.Evaluate[bool](`"ZXingWASM" in window`)); loaded {
		t.Error("the reader was loaded before a camera was started")
	}
	begin(t, ctx)
	until(t, ctx, `codes.length > 0 || errors.length > 0`)
	if got := get(t, ctx, chromedp.Evaluate[[]string](`[...codes, ...errors]`)); len(got) != 1 || got[0] != want {
		t.Errorf("read %q, want %s", got, want)
	}
	// The end is one: no picture, no camera, and nothing is read any more.
	get(t, ctx, chromedp.Evaluate[bool](`(() => {
		window.tracks = video.srcObject.getTracks();
		stop(); stop();
		return true;
	})()`))
	if on := get(t, ctx, chromedp.Evaluate[int](`tracks.filter((t) => t.readyState !== "ended").length + (video.srcObject ? 1 : 0) + (tracks.length === 1 ? 0 : 1)`)); on != 0 {
		t.Error("the camera is still on")
	}
	// And it starts anew: the same code counts again.
	begin(t, ctx)
	until(t, ctx, `codes.length > 0 || errors.length > 0`)
	if got := get(t, ctx, chromedp.Evaluate[[]string](`(stop(), [...codes, ...errors])`)); len(got) != 1 || got[0] != want {
		t.Errorf("read the second time %q", got)
	}
}

// Another system's bar code with a dossier code, as long as such codes are.
func TestCameraBarcode(t *testing.T) {
	const want = "000.00.18.H41-181116-0001"
	ctx := withCamera(t, receipttest.Code128(want), -6, 0.85)
	begin(t, ctx)
	until(t, ctx, `codes.length > 0 || errors.length > 0`)
	if got := get(t, ctx, chromedp.Evaluate[[]string](`(stop(), [...codes, ...errors])`)); len(got) != 1 || got[0] != want {
		t.Errorf("read %q, want %s", got, want)
	}
}

func TestNoCamera(t *testing.T) {
	ctx := browse(t, serve(t, cameraPage))
	get(t, ctx, chromedp.Evaluate[bool](`hailong.camera.available().then((a) => { window.there = a; }), true`))
	until(t, ctx, `window.there === false`)
	begin(t, ctx)
	if got := get(t, ctx, chromedp.Evaluate[[]string](`(stop(), errors)`)); len(got) != 1 || got[0] != "none" {
		t.Errorf("without a camera: %q", got)
	}
}

func TestCameraDenied(t *testing.T) {
	ctx := browse(t, serve(t, cameraPage), chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("deny-permission-prompts", true))
	begin(t, ctx)
	if got := get(t, ctx, chromedp.Evaluate[[]string](`(stop(), errors)`)); len(got) != 1 || got[0] != "denied" {
		t.Errorf("with a camera that may not be used: %q", got)
	}
}

// A camera that is unplugged says so once, and ends.
func TestCameraLost(t *testing.T) {
	ctx := withCamera(t, receipttest.Code128("X"), 0, 0.1)
	begin(t, ctx)
	get(t, ctx, chromedp.Evaluate[bool](`(() => {
		window.track = video.srcObject.getTracks()[0];
		track.dispatchEvent(new Event("ended")); // what the browser does then
		track.dispatchEvent(new Event("ended"));
		return true;
	})()`))
	if got := get(t, ctx, chromedp.Evaluate[[]string](`[...errors, track.readyState, String(video.srcObject)]`)); len(got) != 3 || got[0] != "lost" || got[1] != "ended" || got[2] != "null" {
		t.Errorf("unplugged: %q", got)
	}
}
