package kiosk_test

import (
	"bytes"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hailong/internal/survey"
	"hailong/kiosk"
)

// Whoever is slow is asked first, and one touch is enough; then nothing of the
// person is left.
func TestIdle(t *testing.T) {
	d := newDevice(t, nil)
	ctx := visit(t, d, "idle: 300")
	id := newID(t)
	hash := id.Hash()
	do(t, ctx, scanner(id.String()), step("faces"), chromedp.WaitVisible("#time"))
	begun := get(t, ctx, chromedp.Evaluate[string](`hailong.sitting.session`))
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`hailong.times.idle = 6e5`), chromedp.Click("#time"), until(`!document.querySelector("#warning").open`))
	if still := get(t, ctx, chromedp.Evaluate[string](`hailong.step + hailong.sitting.session`)); still != "faces"+begun {
		t.Errorf("after the extension: %s", still)
	}
	do(t, ctx, tap("4"), step("thanks"))
	if got := d.ratings(t); len(got) != 1 || !bytes.Equal(got[0].Receipt, hash[:]) {
		t.Errorf("recorded %+v", got)
	}
	// Nobody answers: the start follows, from every screen.
	do(t, ctx, chromedp.Click("#finish"), step("start"), chromedp.Evaluate[chromedp.Void](`hailong.times.warning = 300`))
	d.offer(t, "vi")
	for _, stop := range []string{"how", "code", "faces", "ask", "comment", "staff"} {
		do(t, ctx, chromedp.Evaluate[chromedp.Void](`hailong.times.idle = 6e5`), chromedp.Navigate(d.url+"/"), step("start"))
		switch stop {
		case "how":
			do(t, ctx, chromedp.Click("#begin"))
		case "code":
			do(t, ctx, chromedp.Click("#begin"), step("how"), chromedp.Click("#type"), step("code"), insert(id.String()))
		case "staff":
			do(t, ctx, corner, step("staff"), insert("123456"))
		default:
			do(t, ctx, chromedp.Evaluate[chromedp.Void](`hailong.times.idle = 6e5`), scanner(id.String()), step("faces"))
			if stop != "faces" {
				do(t, ctx, tap("4"), step("thanks"), chromedp.Click("#more"), step("ask"))
			}
			if stop == "comment" {
				do(t, ctx, on, at("1"), on, at("2"), on, step("good"), on, step("bad"), on, step("comment"), insert("bí mật"))
			}
		}
		do(t, ctx, chromedp.Evaluate[chromedp.Void](`hailong.times.idle = hailong.times.warning = 200; hailong.wait()`), step("start"))
		rest := content(t, ctx)
		for _, trace := range []string{id.String(), "bí mật", "123456"} {
			if strings.Contains(rest, trace) {
				t.Errorf("left on the screen %s: %q is still there", stop, trace)
			}
		}
		if get(t, ctx, chromedp.Evaluate[bool](`hailong.sitting !== null || document.querySelector("#warning").open`)) {
			t.Errorf("left on the screen %s: the sitting or the question goes on", stop)
		}
	}
}

// The thanks end by themselves, later where there is an invitation to read; a
// touch keeps them.
func TestThanksEnd(t *testing.T) {
	d := newDevice(t, nil)
	d.offer(t, "vi")
	ctx := visit(t, d, "")
	do(t, ctx, scanner(newID(t).String()), step("faces"), tap("4"), step("thanks"),
		chromedp.Evaluate[chromedp.Void](`hailong.times.thanks = hailong.times.invited = 50; hailong.wait(true)`), // touched
		chromedp.Click("#more"), step("ask"), on, at("1"), on, at("2"), on, step("good"), on, step("bad"), on, step("comment"), on, step("contact"),
		on, step("start"))
}

// Outside opening hours the screen is black; a touch, or a scan, wakes it.
func TestAsleepOutsideOpeningHours(t *testing.T) {
	hours, err := survey.ParseHours("T2-T6 07:30-11:30 13:30-17:00")
	if err != nil {
		t.Fatal(err)
	}
	var now atomic.Pointer[time.Time]
	set := func(clock string) {
		at, err := time.Parse(time.RFC3339, "2026-11-23T"+clock+":00+07:00") // a Monday
		if err != nil {
			t.Fatal(err)
		}
		now.Store(&at)
	}
	set("12:15")
	d := newDevice(t, nil, func(o *kiosk.Options) { o.ServerTime = func() (time.Time, bool) { return *now.Load(), true } })
	d.config.Hours = hours
	ctx := browse(t)
	do(t, ctx, times("state: 100"), chromedp.Navigate(d.url+"/"), step("asleep"), chromedp.Click("#wake"), step("start"),
		scanner(newID(t).String()), step("faces"), tap("5"), step("thanks"), chromedp.Click("#finish"), step("start"))
	// When the time awake is over, it sleeps again; a scan is enough too.
	do(t, ctx, chromedp.Navigate(d.url+"/"), step("asleep"), chromedp.Evaluate[chromedp.Void](`hailong.times.awake = 100`), chromedp.Click("#wake"), step("asleep"),
		scanner(newID(t).String()), step("faces"), tap("4"), step("thanks"), chromedp.Click("#finish"), step("asleep"))
	set("13:30")
	do(t, ctx, step("start"))
	set("17:00")
	do(t, ctx, step("asleep"))
	if got := d.ratings(t); len(got) != 2 {
		t.Errorf("recorded %+v", got)
	}
}

// An open page that nobody uses follows what a server told the kiosk; one in
// use finishes with what it began.
func TestAnOpenPageFollowsTheConfiguration(t *testing.T) {
	d := newDevice(t, nil)
	d.offer(t, "vi")
	ctx := visit(t, d, "state: 100")
	do(t, ctx, scanner(newID(t).String()), step("faces"))
	d.set(func() {
		next := *d.config.Sheet
		next.Version = 8
		d.config.Sheet, d.config.DeskName = &next, "Quầy số 2"
	})
	do(t, ctx, until(`performance.getEntriesByName(location.origin + "/state").length > 5`), tap("5"), step("thanks"), chromedp.Click("#more"), step("ask"), tap("1"), at("1"))
	if got := d.ratings(t); len(got) != 2 || got[0].Questionnaire != 7 || got[1].Questionnaire != 7 {
		t.Errorf("recorded %+v", got)
	}
	before := get(t, ctx, chromedp.Evaluate[string](`document.body.dataset.state`))
	do(t, ctx, chromedp.Click("#leave"), chromedp.WaitVisible(`body.scripted[data-step="start"]:not([data-state="`+before+`"]) > main`))
	if where := get(t, ctx, chromedp.Text(".where b")); where != "Quầy số 2" {
		t.Errorf("the page says %q", where)
	}
	do(t, ctx, scanner(newID(t).String()), step("faces"), tap("5"), step("thanks"))
	if got := d.ratings(t); got[len(got)-1].Questionnaire != 8 {
		t.Errorf("recorded %+v", got)
	}
}

// The sign tells staff how the kiosk is, by its shape and its name.
func TestSignForStaff(t *testing.T) {
	d := newDevice(t, nil)
	d.set(func() { d.status = kiosk.Status{LastContact: time.Now()} })
	ctx := visit(t, d, "state: 100")
	seen := map[string]bool{}
	for _, sign := range []struct {
		state, name string
		status      kiosk.Status
	}{
		{"ok", "Máy hoạt động bình thường", kiosk.Status{LastContact: time.Now()}},
		{"waiting", "Máy đang chờ kết nối", kiosk.Status{LastContact: time.Now().Add(-time.Hour)}},
		{"trouble", "Máy cần được kiểm tra", kiosk.Status{LastContact: time.Now(), StorageError: "disk full"}},
	} {
		d.set(func() { d.status = sign.status })
		do(t, ctx, until(`document.querySelector("#sign").className === "`+sign.state+`"`))
		if name := get(t, ctx, chromedp.Evaluate[string](`document.querySelector("#sign").title`)); name != sign.name {
			t.Errorf("%s: %q", sign.state, name)
		}
		shape := get(t, ctx, chromedp.Evaluate[string](`(s => [s.clipPath, s.borderRadius, s.borderTopColor === s.borderLeftColor].join())(getComputedStyle(document.querySelector("#sign")))`))
		if seen[shape] {
			t.Errorf("%s is told from another by colour alone", sign.state)
		}
		seen[shape] = true
	}
}

// Whoever mistyped the PIN goes on by touch alone: the page after it has keys too,
// as large, on the smallest screen.
func TestWrongPINByTouch(t *testing.T) {
	d := newDevice(t, nil, func(o *kiosk.Options) { o.PIN, o.ScreenMM = "204060", 154 })
	ctx := visit(t, d, "")
	do(t, ctx, chromedp.EmulateViewport(1024, 600), corner, step("staff"), chromedp.Click(`#keys [data-key="1"]`), chromedp.Click(`#keys [data-key="enter"]`), chromedp.WaitVisible("main.status #keys .key"))
	low := get(t, ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("#keys .key")].map((k) => [k.dataset.key, k.getBoundingClientRect()])
		.filter(([, r]) => r.height < 15 * innerWidth / 154 - .5 || r.width < 15 * innerWidth / 154 - .5 || r.bottom > innerHeight || r.right > innerWidth)
		.map(([key, r]) => key + " " + JSON.stringify(r))`))
	if len(low) > 0 {
		t.Errorf("keys of less than 15 mm, or outside the screen: %q", low)
	}
	picture(t, ctx, "1024x600-vi-19-wrong-pin")
	for _, key := range []string{"2", "0", "5", "backspace", "4", "0", "6", "0", "enter"} {
		do(t, ctx, chromedp.Click(`#keys [data-key="`+key+`"]`))
	}
	do(t, ctx, chromedp.WaitVisible("main.status table"))
}

func TestStaffCorner(t *testing.T) {
	d := newDevice(t, nil, func(o *kiosk.Options) { o.PIN = "204060" })
	ctx := visit(t, d, "")
	id := newID(t)
	do(t, ctx, scanner(id.String()), step("faces"), corner, step("staff"))
	if get(t, ctx, chromedp.Evaluate[bool](`hailong.sitting !== null`)) {
		t.Error("whoever was at the screen is still there")
	}
	for _, digit := range "204060" {
		do(t, ctx, chromedp.Click(`#keys [data-key="`+string(digit)+`"]`))
	}
	do(t, ctx, chromedp.Click(`#keys [data-key="enter"]`), chromedp.WaitVisible("main.status table"))
	do(t, ctx, chromedp.Navigate(d.url+"/"), step("start"), chromedp.KeyEvent("S", chromedp.KeyModifiers(chromedp.ModifierAlt, chromedp.ModifierShift)), step("staff"), chromedp.Click("#leave"), step("start"))
	// Three taps, or four slow ones, open nothing.
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`hailong.times.corner = 0`), corner)
	if on := get(t, ctx, chromedp.Evaluate[string](`hailong.step`)); on != "start" {
		t.Errorf("slow taps lead to %s", on)
	}
}
