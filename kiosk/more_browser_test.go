package kiosk_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hailong/internal/fact"
	"hailong/internal/survey"
)

// on goes on from the screen that is shown, with what was said there or without.
var on = chromedp.Click(`main > section:not([hidden]) [data-do="next"]`)

// back goes back to the screen before.
var back = chromedp.Click(`main > section:not([hidden]) [data-do="back"]`)

// follow scans, taps a five, and goes on to the first question.
func follow(t *testing.T, d *device) context.Context {
	t.Helper()
	d.offer(t, "vi", "en", "lo")
	ctx := visit(t, d, "")
	do(t, ctx, scanner(newID(t).String()), step("faces"), tap("5"), step("thanks"), chromedp.Click("#more"), step("ask"))
	return ctx
}

// at waits for the question of that number, from 0.
func at(n string) chromedp.Action[chromedp.Void] {
	return until(`hailong.step === "ask" && hailong.sitting.at === ` + n)
}

// wrote gives what was written for a purpose, in order; "" was taken back.
func (d *device) wrote(t *testing.T, purpose survey.Purpose) (all []survey.Writing) {
	t.Helper()
	found := d.writings(t)
	for _, text := range records[fact.Text](t, d, fact.KindText) {
		if text.Purpose != uint8(purpose) {
			continue
		}
		var w survey.Writing
		if len(text.Digest) > 0 {
			w = found[[32]byte(text.Digest)]
		}
		all = append(all, w)
	}
	return all
}

// answers gives a rating's answers by question.
func answers(r fact.Rating) map[string]uint8 {
	m := map[string]uint8{}
	for _, a := range r.Answers {
		m[a.Question] = a.Score
	}
	return m
}

func TestWholeSittingIsRecordedStepByStep(t *testing.T) {
	d := newDevice(t, nil)
	ctx := follow(t, d)
	do(t, ctx, tap("4"), at("1"))
	if got := d.ratings(t); len(got) != 2 || answers(got[1])["access"] != 4 || got[1].Questionnaire != 7 {
		t.Fatalf("after the first question: %+v", got)
	}
	// Skipped, gone back to, and thought over.
	do(t, ctx, on, at("2"), tap("1"), step("good"), back, at("2"))
	if chosen := get(t, ctx, chromedp.Evaluate[string](`document.querySelector("#ask [aria-pressed=true]").value`)); chosen != "1" {
		t.Errorf("the answer of the screen gone back to is %s", chosen)
	}
	do(t, ctx, tap("2"), step("good"),
		chromedp.Click(`[value="+r1"]`), chromedp.Click(`[value="+r2"]`), on, step("bad"), chromedp.Click(`[value="-r3"]`),
		chromedp.Click(`[value="-r2"]`)) // instead of the +
	do(t, ctx, on, step("comment"), insert("Cảm ơn <b>cán bộ</b> 🙂"), on, step("contact"),
		chromedp.Click(`[data-go="name"]`), step("name"), insert("Nguyễn Thị A"), on, step("reach"), insert("0912 000 000"), on, step("consent"),
		chromedp.Click("#agree"), chromedp.Click("#send"), step("done"))
	got := d.ratings(t)
	last := got[len(got)-1]
	if a := answers(last); last.Score != 5 || len(a) != 2 || a["access"] != 4 || a["staff"] != 2 || strings.Join(last.Reasons, " ") != "+r1 -r3 -r2" {
		t.Errorf("recorded last %+v", last)
	}
	for _, r := range got {
		if !bytes.Equal(r.Session, got[0].Session) || !bytes.Equal(r.Receipt, got[0].Receipt) || r.Score != 5 || r.Took != got[0].Took {
			t.Errorf("not of one sitting: %+v", r)
		}
	}
	if c := d.wrote(t, survey.PurposeComment); len(c) != 1 || c[0].Comment != "Cảm ơn <b>cán bộ</b> 🙂" {
		t.Errorf("comments %+v", c)
	}
	if c := d.wrote(t, survey.PurposeContact); len(c) != 1 || c[0].Name != "Nguyễn Thị A" || c[0].Contact != "0912 000 000" || !strings.HasPrefix(c[0].Consent, "Tôi đồng ý") {
		t.Errorf("contacts %+v", c)
	}
	do(t, ctx, chromedp.Click(`#done [data-go="start"]`), step("start"))
	if rest := content(t, ctx); strings.Contains(rest, "Nguyễn Thị A") || strings.Contains(rest, "0912") || strings.Contains(rest, "🙂") {
		t.Error("a trace is left")
	}
}

// Whoever skips everything, or leaves half-way, has said what was tapped, and
// nothing else.
func TestSkippingAndLeaving(t *testing.T) {
	d := newDevice(t, nil)
	ctx := follow(t, d)
	do(t, ctx, on, at("1"), on, at("2"), on, step("good"), on, step("bad"), on, step("comment"), on, step("contact"), on, step("done"))
	if got := d.ratings(t); len(got) != 1 || len(got[0].Answers)+len(got[0].Reasons) != 0 {
		t.Errorf("skipped, recorded %+v", got)
	}
	do(t, ctx, chromedp.Click(`#done [data-go="start"]`), step("start"), scanner(newID(t).String()), step("faces"), tap("2"), step("thanks"), chromedp.Click("#more"), step("ask"),
		tap("3"), at("1"), on, at("2"), on, step("good"), on, step("bad"), chromedp.Click(`[value="-r0"]`), on, step("comment"), insert("nửa chừng"), chromedp.Click("#leave"), step("start"))
	got := d.ratings(t)
	if last := got[len(got)-1]; last.Score != 2 || answers(last)["access"] != 3 || strings.Join(last.Reasons, " ") != "-r0" {
		t.Errorf("left, recorded %+v", last)
	}
	if texts := records[fact.Text](t, d, fact.KindText); len(texts) != 0 {
		t.Errorf("what was not sent was recorded: %+v", texts)
	}
	if strings.Contains(content(t, ctx), "nửa chừng") {
		t.Error("a trace is left")
	}
}

func TestNothingOfAPersonWithoutConsent(t *testing.T) {
	d := newDevice(t, nil)
	ctx := follow(t, d)
	do(t, ctx, on, at("1"), on, at("2"), on, step("good"), on, step("bad"), on, step("comment"), on, step("contact"),
		chromedp.Click(`[data-go="name"]`), step("name"), on, step("reach"), insert("0912 000 000"), on, step("consent"))
	if get(t, ctx, chromedp.Evaluate[bool](`document.querySelector("#agree").checked`)) {
		t.Error("consent is given beforehand")
	}
	do(t, ctx, chromedp.Click("#send"), chromedp.WaitVisible("#problem"), on, step("done"))
	if texts := records[fact.Text](t, d, fact.KindText); len(texts) != 0 {
		t.Errorf("recorded %+v", texts)
	}
	// Where the kiosk has no key to seal words with, it asks for none.
	d.set(func() { d.config.SealKey = nil })
	do(t, ctx, chromedp.Navigate(d.url+"/"), step("start"), scanner(newID(t).String()), step("faces"), tap("4"), step("thanks"), chromedp.Click("#more"), step("ask"),
		on, at("1"), on, at("2"), on, step("good"), on, step("bad"), on, step("done"))
}

// A comment is typed on the screen, by Telex; what is too long is cut, with a
// notice; a scan in its middle is a scan.
func TestComment(t *testing.T) {
	d := newDevice(t, nil)
	ctx := follow(t, d)
	do(t, ctx, on, at("1"), on, at("2"), on, step("good"), on, step("bad"), on, step("comment"))
	for _, key := range strings.Split("shift c o s space t r a c h s space n h i e e m j", " ") {
		do(t, ctx, chromedp.Click(`#keys [data-key="`+key+`"]`))
	}
	if typed := get(t, ctx, chromedp.Value("#written")); typed != "Có trách nhiệm" {
		t.Errorf("typed %q", typed)
	}
	do(t, ctx, scanner("no code at all"), chromedp.WaitVisible("#problem"))
	if kept := get(t, ctx, chromedp.Value("#written")); kept != "Có trách nhiệm" {
		t.Errorf("after a scan the comment is %q", kept)
	}
	do(t, ctx, insert(strings.Repeat(" dài", 600)), until(`!document.querySelector("#problem").hidden`))
	if said, count := get(t, ctx, chromedp.Text("#problem")), get(t, ctx, chromedp.Text("#count")); !strings.Contains(said, "cắt") || count != "2000/2000" {
		t.Errorf("%q, %q", said, count)
	}
	do(t, ctx, on, step("contact"), back, step("comment"))
	if kept := get(t, ctx, chromedp.Value("#written")); !strings.HasPrefix(kept, "Có trách nhiệm dài") {
		t.Errorf("gone back to, it is %.40q", kept)
	}
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector("#written").select()`), chromedp.Click(`#keys [data-key="backspace"]`), until(`document.querySelector("#written").value === ""`), on, step("contact"))
	c := d.wrote(t, survey.PurposeComment)
	if len(c) != 2 || len([]rune(c[0].Comment)) != 2000 || c[1].Comment != "" {
		t.Errorf("comments %+v", c)
	}
}

// An address is typed by Telex as well, and what does not fit is said.
func TestAddressByTelex(t *testing.T) {
	d := newDevice(t, nil)
	ctx := follow(t, d)
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`hailong.setup.limits.contact = 12; hailong.show("reach")`), step("reach"))
	for _, key := range strings.Split("1 2 space shift q u a n g space t r u n g", " ") {
		do(t, ctx, chromedp.Click(`#keys [data-key="`+key+`"]`))
	}
	do(t, ctx, until(`!document.querySelector("#problem").hidden`))
	if typed, said := get(t, ctx, chromedp.Value("#written")), get(t, ctx, chromedp.Text("#problem")); typed != "12 Quang tru" || said != "Đã đủ số chữ cho phép." {
		t.Errorf("typed %q, told %q", typed, said)
	}
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`hailong.setup.limits.contact = 120; hailong.show("name"); hailong.sitting.words = {}; hailong.show("reach")`))
	for _, key := range strings.Split("1 2 space d d u w o w n g f", " ") {
		do(t, ctx, chromedp.Click(`#keys [data-key="`+key+`"]`))
	}
	if typed := get(t, ctx, chromedp.Value("#written")); typed != "12 đường" {
		t.Errorf("typed %q", typed)
	}
	do(t, ctx, chromedp.Click(`a[data-language="en"]`), until(`hailong.language === "en"`), chromedp.Click(`#keys [data-key="s"]`))
	if typed := get(t, ctx, chromedp.Value("#written")); typed != "12 đườngs" {
		t.Errorf("typed in English: %q", typed)
	}
}

// The whole flow goes by keyboard alone: a row of faces is one tab stop.
func TestByKeyboardAlone(t *testing.T) {
	d := newDevice(t, nil)
	d.offer(t, "vi", "en")
	ctx := visit(t, d, "")
	clock := time.Now()
	press := func(key string) chromedp.Action[chromedp.Void] {
		clock = clock.Add(200 * time.Millisecond) // a person's pace
		return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			return stroke(ctx, target, []rune(key)[0], clock)
		})
	}
	tabTo := func(selector string) {
		t.Helper()
		for range 40 {
			if get(t, ctx, chromedp.Evaluate[bool](`document.activeElement.matches('`+selector+`')`)) {
				return
			}
			do(t, ctx, press("\t"))
		}
		t.Fatalf("the Tab key never comes to %s", selector)
	}
	tabTo("#begin")
	do(t, ctx, press("\r"), step("how"))
	tabTo("#walkin")
	do(t, ctx, press("\r"), step("faces"))
	tabTo("#faces .faces button")
	do(t, ctx, press(kb.ArrowRight), press(kb.ArrowRight), press(kb.ArrowLeft))
	if on := get(t, ctx, chromedp.Evaluate[string](`document.activeElement.value`)); on != "4" {
		t.Errorf("the arrows lead to %s", on)
	}
	do(t, ctx, press("\t"))
	if get(t, ctx, chromedp.Evaluate[bool](`document.activeElement.matches(".faces button")`)) {
		t.Error("the faces are more than one tab stop")
	}
	tabTo("#faces .faces button")
	do(t, ctx, press(" "), step("thanks"))
	tabTo("#more")
	do(t, ctx, press("\r"), step("ask"))
	tabTo("#ask .faces button")
	do(t, ctx, press("\r"), at("1"))
	tabTo(`#ask [data-do="next"]`)
	do(t, ctx, press("\r"), at("2"))
	tabTo("#ask .faces button")
	do(t, ctx, press(kb.ArrowRight), press(" "), step("good"))
	tabTo(".reason")
	do(t, ctx, press(" "))
	tabTo(`#ticks [data-do="next"]`)
	do(t, ctx, press("\r"), step("bad"))
	tabTo(`#ticks [data-do="next"]`)
	do(t, ctx, press("\r"), step("comment"))
	tabTo("#written")
	do(t, ctx, insert("tốt"))
	tabTo(`#write [data-do="next"]`)
	do(t, ctx, press("\r"), step("contact"))
	tabTo(`#contact [data-do="next"]`)
	do(t, ctx, press("\r"), step("done"))
	got := d.ratings(t)
	last := got[len(got)-1]
	if a := answers(last); last.Desk != "VPUB-1" || last.Score == 0 || a["access"] != 5 || a["staff"] != 4 || strings.Join(last.Reasons, "") != "+r0" || len(d.wrote(t, survey.PurposeComment)) != 1 {
		t.Errorf("recorded %+v", last)
	}
}

// Where a person asked for less motion, nothing moves; reading aloud is offered
// only where the device has a voice for the language.
func TestReducedMotionAndNoVoice(t *testing.T) {
	d := newDevice(t, nil)
	ctx := visit(t, d, "")
	moving := func() int {
		return get(t, ctx, chromedp.Evaluate[int](`document.getAnimations().length`))
	}
	do(t, ctx, scanner(newID(t).String()), step("faces"), tap("5"), step("thanks"))
	if moving() == 0 {
		t.Error("nothing shows how long the undo is there")
	}
	do(t, ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	}))
	if n := moving(); n != 0 {
		t.Errorf("%d things move", n)
	}
	type aloud struct {
		Voices int
		Hidden bool
	}
	if a := get(t, ctx, chromedp.Evaluate[aloud](`({voices: speechSynthesis.getVoices().filter(v => v.localService && v.lang.startsWith("vi")).length, hidden: document.querySelector("#aloud").hidden})`)); (a.Voices == 0) != a.Hidden {
		t.Errorf("%d Vietnamese voices, hidden: %v", a.Voices, a.Hidden)
	}
}
