package kiosk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"hailong/internal/fact"
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
	d := newDevice(t, nil)
	ctx := visit(t, d, "")
	how := []chromedp.Action[chromedp.Void]{chromedp.Click("#begin"), step("how")}
	for i, focus := range []struct {
		on string
		at []chromedp.Action[chromedp.Void]
	}{
		{"#begin", nil}, {".languages a", nil}, {"#walkin", how}, {"#type", how},
		{"#scan", append(how[:2:2], chromedp.Click("#type"), step("code"))},
		{"#pin", []chromedp.Action[chromedp.Void]{corner, step("staff")}},
	} {
		do(t, ctx, focus.at...)
		do(t, ctx, chromedp.Focus(focus.on), scanner(newID(t).String()), step("faces"), tap("5"), step("thanks"),
			chromedp.Click("#finish"), step("start"))
		got := d.ratings(t)
		if len(got) != i+1 || len(got[i].Receipt) != 32 {
			t.Fatalf("with the focus on %s: recorded %+v", focus.on, got)
		}
	}
	// A second receipt, scanned while the faces of the first are shown, is the
	// one that is rated.
	first, second := newID(t), newID(t)
	hash := second.Hash()
	do(t, ctx, scanner(first.String()), step("faces"))
	begun := get(t, ctx, chromedp.Evaluate[string](`hailong.sitting.session`))
	do(t, ctx, scanner(second.String()), until(`hailong.sitting.session !== "`+begun+`"`), tap("1"), step("thanks"))
	got := d.ratings(t)
	if last := got[len(got)-1]; last.Score != 1 || !bytes.Equal(last.Receipt, hash[:]) {
		t.Errorf("recorded %+v", last)
	}
}

// What comes at a person's pace is nobody's scan, even if it is a code and Enter.
func TestAPersonTypingIsNoScanner(t *testing.T) {
	d := newDevice(t, nil)
	ctx := visit(t, d, "")
	do(t, ctx, typist(newID(t).String()+"\r", 120*time.Millisecond))
	if get(t, ctx, chromedp.Evaluate[bool](`hailong.busy() || hailong.step !== "start"`)) {
		t.Error("it was taken for a scan")
	}
}

func TestWalkInAndTypedCodes(t *testing.T) {
	d := newDevice(t, nil)
	ctx := visit(t, d, "")
	rate := func(score string) {
		t.Helper()
		do(t, ctx, step("faces"), tap(score), step("thanks"), chromedp.Click("#finish"), step("start"))
	}
	do(t, ctx, chromedp.Click("#begin"), step("how"), chromedp.Click("#walkin"))
	rate("2")
	id := newID(t)
	do(t, ctx, chromedp.Click("#begin"), step("how"), chromedp.Click("#type"), step("code"))
	// Letters that come late move the keys under a program's quick finger.
	get(t, ctx, chromedp.Poll[bool](`document.fonts.status === "loaded"`))
	for _, c := range id.String() {
		key := string(c)
		if strings.ContainsRune("*~$=U", c) { // check characters that the keypad need not have
			do(t, ctx, insert(key))
			continue
		}
		do(t, ctx, chromedp.Click(`#keys [data-key="`+key+`"]`))
	}
	do(t, ctx, chromedp.Click(`#code .go`))
	rate("3")
	do(t, ctx, chromedp.Click("#begin"), step("how"), chromedp.Click("#type"), step("code"), insert(strings.ToLower(newID(t).Grouped())), chromedp.Click("#code .go"))
	rate("4")
	do(t, ctx, scanner("000.17.22.H41-261123-0001"))
	rate("5")
	got, hash := d.ratings(t), id.Hash()
	if len(got) != 4 || got[0].Desk != "VPUB-1" || got[0].Score != 2 || !bytes.Equal(got[1].Receipt, hash[:]) || got[1].Score != 3 || len(got[2].Receipt) != 32 || len(got[3].Sealed) == 0 || got[3].Score != 5 {
		t.Errorf("recorded %+v", got)
	}
}

// Garbage gets a kind sentence, from a scanner anywhere and from the keypad, and
// takes nothing from whoever is in the middle of an answer.
func TestGarbage(t *testing.T) {
	d := newDevice(t, nil)
	ctx := visit(t, d, "")
	kind := func(when string) {
		t.Helper()
		do(t, ctx, chromedp.WaitVisible("#problem"))
		if said := get(t, ctx, chromedp.Text("#problem")); said == "" || strings.Contains(said, "HL") {
			t.Errorf("%s it says %q", when, said)
		}
	}
	do(t, ctx, scanner("WIFI:S:quan cafe;T:WPA;P:12345678;;"), step("how"))
	kind("of a Wi-Fi code")
	do(t, ctx, chromedp.Click("#leave"), step("start"), chromedp.Evaluate[chromedp.Void](`for (const key of [..."x y".repeat(1400), "Enter"]) document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}))`), step("how"))
	kind("of 4 KB")
	do(t, ctx, chromedp.Click("#type"), step("code"), insert("xin chào"), chromedp.Click("#code .go"))
	kind("of what was typed")
	do(t, ctx, scanner(newID(t).String()), step("faces"), scanner("WIFI:S:quan cafe;T:WPA;P:12345678;;"))
	kind("while the faces are shown")
	do(t, ctx, tap("4"), step("thanks"))
	if got := d.ratings(t); len(got) != 1 || got[0].Score != 4 {
		t.Errorf("recorded %+v", got)
	}
}

func TestTwoQuickTapsAreOneBallotWithTheLastAnswer(t *testing.T) {
	d, ctx := newDevice(t, nil), browse(t)
	id := newID(t)
	place := func(score string) [2]float64 {
		return get(t, ctx, chromedp.Evaluate[[2]float64](fmt.Sprintf(`(r => [r.x + r.width/2, r.y + r.height/2])(document.querySelector('#faces button[value="%s"]').getBoundingClientRect())`, score)))
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

// The second of two taps within 50 ms comes when the thanks are shown already.
func TestASecondTapAfterTheThanksIsMeantForTheFaces(t *testing.T) {
	d := newDevice(t, nil)
	ctx := visit(t, d, "still: 400")
	do(t, ctx, scanner(newID(t).String()), step("faces"))
	place := func(score string) [2]float64 {
		return get(t, ctx, chromedp.Evaluate[[2]float64](fmt.Sprintf(`(r => [r.x + r.width/2, r.y + r.height/2])(document.querySelector('#faces button[value="%s"]').getBoundingClientRect())`, score)))
	}
	five, two := place("5"), place("2")
	at := time.Now()
	stamp := func(at time.Time) chromedp.MouseOption {
		return func(p *input.DispatchMouseEventParams) {
			p.Timestamp = input.TimeSinceEpoch(float64(at.UnixMicro()) / 1e6)
		}
	}
	do(t, ctx, chromedp.MouseClickXY(five[0], five[1], stamp(at)), chromedp.WaitReady("body[data-step=thanks]"),
		chromedp.MouseClickXY(two[0], two[1], stamp(at.Add(50*time.Millisecond))), until(`!hailong.busy()`))
	if on := get(t, ctx, chromedp.Evaluate[string](`hailong.step`)); on != "thanks" {
		t.Errorf("the second tap led to %s", on)
	}
	got := d.ratings(t)
	if len(got) != 2 || got[0].Score != 5 || got[1].Score != 2 || !bytes.Equal(got[0].Session, got[1].Session) {
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
	do(t, ctx, scanner(id.String()), step("faces"), chromedp.Navigate("about:blank"))
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
	d := newDevice(t, nil)
	d.offer(t, "vi", "en", "lo")
	ctx := visit(t, d, "")
	to := func(tag string) chromedp.Action[chromedp.Void] {
		return chromedp.Click(`.languages a[lang="` + tag + `"]`)
	}
	do(t, ctx, scanner(newID(t).String()), step("faces"), to("en"))
	asked, word := get(t, ctx, chromedp.Text("#question")), get(t, ctx, chromedp.Text(`#faces button[value="5"] span`))
	do(t, ctx, tap("5"), step("thanks"), chromedp.Click("#more"), step("ask"), to("lo"))
	lao := get(t, ctx, chromedp.Text("#asked"))
	do(t, ctx, tap("2"), until(`hailong.sitting.at === 1`), chromedp.Click("#leave"), step("start"))
	after := get(t, ctx, chromedp.Text("#begin"))
	tag := get(t, ctx, chromedp.Evaluate[string](`document.documentElement.lang`))
	got := d.ratings(t)
	if asked != "How satisfied are you with how your procedure was handled?" || word != "Very satisfied" || lao != "ສະຖານທີ່ສະດວກບໍ່?" {
		t.Errorf("%q, %q, %q", asked, word, lao)
	}
	if len(got) != 2 || got[0].Language != "en" || got[1].Language != "lo" || got[1].Score != 5 {
		t.Errorf("recorded %+v", got)
	}
	if after != "Chạm để bắt đầu" || tag != "vi" {
		t.Errorf("the next person finds %q in %q", after, tag)
	}
}

func TestUndo(t *testing.T) {
	d := newDevice(t, nil)
	ctx := visit(t, d, "")
	do(t, ctx, scanner(newID(t).String()), step("faces"), tap("1"), step("thanks"), chromedp.Click("#again"), step("faces"))
	if chosen := get(t, ctx, chromedp.Evaluate[int](`document.querySelectorAll("#faces .pressed").length`)); chosen != 0 {
		t.Error("the face that was taken back is still chosen")
	}
	do(t, ctx, tap("5"), step("thanks"))
	got, back := d.ratings(t), records[fact.Withdrawal](t, d, fact.KindWithdrawal)
	if len(got) != 2 || len(back) != 1 || got[1].Score != 5 || !bytes.Equal(back[0].Session, got[0].Session) || !bytes.Equal(back[0].Receipt, got[0].Receipt) || !bytes.Equal(got[1].Session, got[0].Session) {
		t.Errorf("recorded %+v, taken back %+v", got, back)
	}
	// It is offered for a time only.
	do(t, ctx, chromedp.Click("#finish"), step("start"), chromedp.Evaluate[chromedp.Void](`hailong.times.undo = 1`),
		scanner(newID(t).String()), step("faces"), tap("3"), step("thanks"), until(`getComputedStyle(document.querySelector("#again")).visibility === "hidden"`))
}

func TestAFullDiskIsOneCalmSentenceAndNoThanks(t *testing.T) {
	d, ctx := newDevice(t, nil), browse(t)
	d.set(func() { d.fail = errors.New("disk I/O error") })
	do(t, ctx, chromedp.Navigate(d.url+"/"), step("start"), scanner(newID(t).String()), step("faces"), tap("5"), chromedp.WaitVisible("#problem"))
	said := get(t, ctx, chromedp.Text("#problem"))
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
