package kiosk_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hailong/internal/receipt"
	"hailong/internal/survey"
)

// Who wants it gets the proof code of what was tapped, as text and as a QR code;
// afterwards nothing of it is left on the screen, and who did not ask never saw
// it.
func TestProofCodeIsShownToWhoAsks(t *testing.T) {
	d := newDevice(t, nil)
	d.set(func() { d.config.PublicURL = "https://danhgia.example.vn" })
	ctx := browse(t)
	do(t, ctx, times(""), chromedp.EmulateViewport(1024, 600), chromedp.Navigate(d.url+"/"), step("start"),
		scanner(newID(t).String()), step("faces"), tap("2"), step("thanks"))
	page := chromedp.Evaluate[string](`document.documentElement.outerHTML`)
	proof := receipt.NewProof(d.outbox.Head().Origin, 2, d.ratings(t)[0].Nonce)
	if strings.Contains(get(t, ctx, page), proof.String()) {
		t.Error("the thanks show a code that nobody asked for")
	}
	do(t, ctx, chromedp.Click(`#thanks [data-proof]`), step("proof"), chromedp.WaitVisible("#proof-picture svg"))
	if shown := get(t, ctx, chromedp.Evaluate[string](`document.querySelector("#proof-code").textContent`)); shown != proof.Grouped() {
		t.Errorf("%q is shown, want %q", shown, proof.Grouped())
	}
	drawn := get(t, ctx, chromedp.Evaluate[string](`document.querySelector("#proof-picture path").getAttribute("d")`))
	qr, err := receipt.NewQR("HTTPS://DANHGIA.EXAMPLE.VN/PROOF/" + proof.String())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(qr.SVG()), drawn) || drawn == "" {
		t.Error("the QR code says something else")
	}
	do(t, ctx, chromedp.Click(`#proof [data-go="start"]`), step("start"))
	if html := get(t, ctx, page); strings.Contains(html, proof.Grouped()) || strings.Contains(html, drawn) {
		t.Error("the code is still there")
	}
	if get(t, ctx, chromedp.Evaluate[bool](`hailong.sitting !== null`)) {
		t.Error("the sitting goes on")
	}
	if n := len(d.ratings(t)); n != 1 {
		t.Errorf("%d ratings", n)
	}
	// A tap that was taken back has no code.
	do(t, ctx, scanner(newID(t).String()), step("faces"), tap("2"), step("thanks"), chromedp.Click("#again"), step("faces"))
	if code := get(t, ctx, chromedp.Evaluate[string](`hailong.sitting.proof`)); code != "" {
		t.Errorf("%q after it was taken back", code)
	}
}

// The screen goes on by itself, too, and takes the code with it.
func TestProofCodeGoesByItself(t *testing.T) {
	d := newDevice(t, nil)
	ctx := browse(t)
	do(t, ctx, times("proof: 300"), chromedp.Navigate(d.url+"/"), step("start"), scanner(newID(t).String()), step("faces"), tap("5"), step("thanks"),
		chromedp.Click(`#thanks [data-proof]`), step("start"))
	if code := get(t, ctx, chromedp.Evaluate[string](`document.querySelector("#proof-code").textContent`)); code != "" {
		t.Error(code)
	}
}

// What is no proof code is refused, and a kiosk that was told no address draws
// the code alone.
func TestProofsOfPrograms(t *testing.T) {
	d := newDevice(t, nil)
	good := receipt.NewProof([16]byte{1}, 5, []byte("x"))
	for body, want := range map[string]string{
		`{"proof":""}`: string(survey.CodeBadProof), `{"proof":"` + newID(t).String() + `"}`: string(survey.CodeBadProof), `{"proof":5}`: string(survey.CodeBadField),
		`{"x":1}`: string(survey.CodeUnknownField), `{"proof":"` + good.String() + `"}`: `"code":"` + good.Grouped(),
	} {
		res, answer := d.ask(t, "/api/v1/proofs", "application/json", body)
		if res.StatusCode >= 500 || !strings.Contains(answer, want) {
			t.Errorf("%s: %d %s", body, res.StatusCode, answer)
		}
	}
}
