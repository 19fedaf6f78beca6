package kiosk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// content gives everything that the page holds, shown or not.
func content(t *testing.T, ctx context.Context) string {
	t.Helper()
	return get(t, ctx, chromedp.Evaluate[string](`document.documentElement.outerHTML + [...document.querySelectorAll("input")].map(i => i.value).join(" ") + location.href + JSON.stringify(history.state)`))
}

func TestScanTapThanksAndBackToStart(t *testing.T) {
	d, ctx := newDevice(t, nil), browse(t)
	id := newID(t)
	hash := id.Hash()
	do(t, ctx, chromedp.Navigate(d.url+"/"), step("start"),
		scanner("HTTPS://DANHGIA.EXAMPLE.VN/R/"+id.String()), step("faces"))
	if got := d.ratings(t); len(got) != 0 {
		t.Fatalf("recorded before any tap: %+v", got)
	}
	if get(t, ctx, chromedp.Evaluate[int](`document.querySelectorAll(".faces .pressed, .faces [aria-pressed=true], .faces :checked").length`)) != 0 {
		t.Error("a face is chosen beforehand")
	}
	do(t, ctx, tap("4"), step("thanks"))
	said := get(t, ctx, chromedp.Text("#recorded"))
	got := d.ratings(t)
	if len(got) != 1 || got[0].Score != 4 || !bytes.Equal(got[0].Receipt, hash[:]) || got[0].Language != "vi" || got[0].Took == 0 {
		t.Fatalf("recorded %+v", got)
	}
	if said != "Đã ghi nhận" {
		t.Errorf("it says %q", said)
	}
	do(t, ctx, step("start"))
	if address := get(t, ctx, chromedp.Location()); strings.Contains(content(t, ctx), id.String()) || address != d.url+"/" {
		t.Errorf("a trace is left; address %s", address)
	}
}

func TestScannerWorksWhereverTheFocusIs(t *testing.T) {
	d, ctx := newDevice(t, nil), browse(t)
	do(t, ctx, chromedp.Navigate(d.url+"/"), step("start"))
	for i, focus := range []string{"#walkin", "#scan", ".languages a", "form.other .go"} {
		do(t, ctx, chromedp.Focus(focus), scanner(newID(t).String()), step("faces"), tap("5"), step("thanks"),
			chromedp.Click("#finish"), step("start"))
		got := d.ratings(t)
		if len(got) != i+1 || len(got[i].Receipt) != 32 {
			t.Fatalf("with the focus on %s: recorded %+v", focus, got)
		}
	}
	// A second receipt, scanned while the faces of the first are shown, is the
	// one that is rated.
	first, second := newID(t), newID(t)
	hash := second.Hash()
	do(t, ctx, scanner(first.String()), step("faces"), scanner(second.String()),
		chromedp.WaitReady("body[data-step=faces]"), tap("1"), step("thanks"))
	got := d.ratings(t)
	if last := got[len(got)-1]; last.Score != 1 || !bytes.Equal(last.Receipt, hash[:]) {
		t.Errorf("recorded %+v", last)
	}
}

func TestWalkInTypedCodeAndGarbage(t *testing.T) {
	d, ctx := newDevice(t, nil), browse(t)
	rate := func(score string) {
		t.Helper()
		do(t, ctx, step("faces"), tap(score), step("thanks"), chromedp.Click("#finish"), step("start"))
	}
	do(t, ctx, chromedp.Navigate(d.url+"/"), step("start"), chromedp.Click("#walkin"))
	rate("2")
	do(t, ctx, chromedp.SendKeys("#scan", strings.ToLower(newID(t).Grouped())))
	do(t, ctx, chromedp.Click("form.other .go"))
	rate("3")
	do(t, ctx, scanner("000.17.22.H41-261123-0001"))
	rate("5")
	got := d.ratings(t)
	if len(got) != 3 || got[0].Desk != "VPUB-1" || got[0].Score != 2 || len(got[1].Receipt) != 32 || got[1].Score != 3 || len(got[2].Sealed) == 0 || got[2].Score != 5 {
		t.Errorf("recorded %+v", got)
	}
	do(t, ctx, scanner("WIFI:S:quan cafe;T:WPA;P:12345678;;"), chromedp.WaitVisible("#start-problem"))
	if said := get(t, ctx, chromedp.Text("#start-problem")); said == "" || strings.Contains(said, "HL") {
		t.Errorf("of garbage it says %q", said)
	}
}

func TestTwoQuickTapsAreOneBallotWithTheLastAnswer(t *testing.T) {
	d, ctx := newDevice(t, nil), browse(t)
	id := newID(t)
	place := func(score string) [2]float64 {
		return get(t, ctx, chromedp.Evaluate[[2]float64](fmt.Sprintf(`(r => [r.x + r.width/2, r.y + r.height/2])(document.querySelector('.faces button[value="%s"]').getBoundingClientRect())`, score)))
	}
	hold := make(chan struct{})
	d.set(func() { d.hold = hold }) // the first is still being recorded when the second comes
	do(t, ctx, chromedp.Navigate(d.url+"/"), step("start"), scanner(id.String()), step("faces"))
	five, two := place("5"), place("2")
	do(t, ctx, chromedp.MouseClickXY(five[0], five[1]), chromedp.MouseClickXY(five[0], five[1]), chromedp.MouseClickXY(two[0], two[1]))
	close(hold)
	do(t, ctx, step("thanks"))
	got := d.ratings(t)
	if len(got) != 2 || got[0].Score != 5 || got[1].Score != 2 || !bytes.Equal(got[0].Receipt, got[1].Receipt) || !bytes.Equal(got[0].Session, got[1].Session) {
		t.Errorf("recorded %+v", got)
	}
}

func TestReloadBackAndASecondTabShowNothing(t *testing.T) {
	d, ctx := newDevice(t, nil), browse(t)
	id := newID(t)
	nothing := func(when string, then chromedp.Action[chromedp.Void]) {
		t.Helper()
		do(t, ctx, then, step("start"))
		if strings.Contains(content(t, ctx), id.String()) {
			t.Errorf("%s: the code is still there", when)
		}
	}
	do(t, ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(d.url+"/"), step("start"), scanner(id.String()), step("faces"))
	nothing("after a reload", chromedp.Reload())
	do(t, ctx, scanner(id.String()), step("faces"), chromedp.Navigate(d.url+"/status"), chromedp.WaitVisible("main.status"))
	nothing("after going back", chromedp.NavigateBack())
	do(t, ctx, scanner(id.String()), step("faces"))
	tab, close := chromedp.NewContext(ctx)
	defer close()
	do(t, tab, chromedp.Navigate(d.url+"/"), step("start"))
	if strings.Contains(content(t, tab), id.String()) {
		t.Error("a second tab knows the code")
	}
	do(t, tab, scanner(id.String()), step("faces"), tap("1"), step("thanks"))
	do(t, ctx, tap("5"), step("thanks"))
	got := d.ratings(t)
	if len(got) != 2 || !bytes.Equal(got[0].Receipt, got[1].Receipt) || got[1].Score != 5 {
		t.Errorf("two tabs: recorded %+v", got)
	}
	if get(t, ctx, chromedp.Evaluate[int](`Object.keys(localStorage).length + Object.keys(sessionStorage).length + document.cookie.length`)) != 0 {
		t.Error("the browser keeps something")
	}
}

func TestLanguageInMidwayAndBackToVietnamese(t *testing.T) {
	d, ctx := newDevice(t, nil), browse(t)
	do(t, ctx, chromedp.Navigate(d.url+"/"), step("start"), scanner(newID(t).String()), step("faces"), chromedp.Click(`.languages a[lang="en"]`))
	word := get(t, ctx, chromedp.Text(`.faces button[value="5"] span`))
	do(t, ctx, tap("5"), step("thanks"), chromedp.Click("#finish"), step("start"))
	after := get(t, ctx, chromedp.Text("#walkin"))
	tag := get(t, ctx, chromedp.Evaluate[string](`document.documentElement.lang`))
	if got := d.ratings(t); word != "Very satisfied" || len(got) != 1 || got[0].Language != "en" {
		t.Errorf("%q, recorded %+v", word, got)
	}
	if after != "Không có giấy hẹn" || tag != "vi" {
		t.Errorf("the next person finds %q in %q", after, tag)
	}
}

func TestAFullDiskIsOneCalmSentenceAndNoThanks(t *testing.T) {
	d, ctx := newDevice(t, nil), browse(t)
	d.set(func() { d.fail = errors.New("disk I/O error") })
	do(t, ctx, chromedp.Navigate(d.url+"/"), step("start"), scanner(newID(t).String()), step("faces"), tap("5"), chromedp.WaitVisible("#faces-problem"))
	said := get(t, ctx, chromedp.Text("#faces-problem"))
	if !strings.HasPrefix(said, "Máy tạm thời chưa ghi nhận") || strings.Contains(said, "I/O") {
		t.Errorf("it says %q", said)
	}
	if got := d.ratings(t); len(got) != 0 {
		t.Errorf("recorded %+v", got)
	}
	d.set(func() { d.fail = nil })
	do(t, ctx, tap("5"), step("thanks"))
	if got := d.ratings(t); len(got) != 1 {
		t.Errorf("recorded %+v", got)
	}
}

// Every screen fits each size without scrolling, its targets are large and do
// not overlap. Where HAILONG_PICTURES names a folder, pictures go there.
func TestScreensFit(t *testing.T) {
	d, ctx := newDevice(t, nil), browse(t)
	pictures := os.Getenv("HAILONG_PICTURES")
	const fits = `(() => {
	  const faults = [];
	  const root = document.documentElement;
	  if (root.scrollHeight > innerHeight + 1 || root.scrollWidth > innerWidth + 1) faults.push("scrolls: " + root.scrollWidth + "×" + root.scrollHeight);
	  const targets = [...document.querySelectorAll("a, button, input:not([type=hidden])")].filter(e => e.offsetParent);
	  const faces = targets.filter(e => e.name === "score").map(e => e.getBoundingClientRect());
	  for (const r of faces) if (Math.abs(r.width - faces[0].width) > 1 || Math.abs(r.height - faces[0].height) > 1) faults.push("faces differ in size");
	  for (const e of targets) {
	    const r = e.getBoundingClientRect();
	    if (r.left < 0 || r.top < 0 || r.right > innerWidth || r.bottom > innerHeight) faults.push("outside: " + e.textContent);
	    if (r.height < 44 || r.width < 44) faults.push("small: " + e.textContent + " " + r.height);
	    if (e.scrollWidth > e.clientWidth + 2) faults.push("cut: " + e.textContent);
	  }
	  return faults;
	})()`
	for _, size := range [][2]int64{{1024, 600}, {800, 1280}, {1920, 1080}, {1280, 800}} {
		for _, language := range []string{"vi", "en"} {
			shoot := func(name string) {
				t.Helper()
				get(t, ctx, chromedp.Evaluate[bool](`document.fonts.ready.then(() => Promise.all(document.getAnimations().map(a => a.finished))).then(() => true)`, chromedp.EvalAwaitPromise))
				faults, png := get(t, ctx, chromedp.Evaluate[[]string](fits)), get(t, ctx, chromedp.CaptureScreenshot())
				if len(faults) > 0 {
					t.Errorf("%s in %s at %d×%d: %s", name, language, size[0], size[1], strings.Join(faults, "; "))
				}
				if pictures != "" {
					file := filepath.Join(pictures, fmt.Sprintf("%s-%s-%dx%d.png", name, language, size[0], size[1]))
					if err := os.WriteFile(file, png, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			do(t, ctx, chromedp.EmulateViewport(size[0], size[1]), chromedp.Navigate(d.url+"/?lang="+language), step("start"))
			shoot("start")
			do(t, ctx, scanner("nothing that we know"), chromedp.WaitVisible("#start-problem"))
			shoot("garbage")
			do(t, ctx, scanner(newID(t).String()), step("faces"))
			shoot("faces")
			d.set(func() { d.fail = errors.New("disk I/O error") })
			do(t, ctx, tap("3"), chromedp.WaitVisible("#faces-problem"))
			shoot("failing")
			d.set(func() { d.fail = nil })
			do(t, ctx, tap("3"), step("thanks"))
			shoot("thanks")
			do(t, ctx, chromedp.Navigate(d.url+"/status?lang="+language), chromedp.WaitVisible("main.status"))
			if pictures != "" {
				png := get(t, ctx, chromedp.CaptureScreenshot())
				if err := os.WriteFile(filepath.Join(pictures, fmt.Sprintf("status-%s-%dx%d.png", language, size[0], size[1])), png, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, r := range d.ratings(t) {
		if r.Channel != 1 || r.Score != 3 {
			t.Errorf("recorded %+v", r)
		}
	}
}
