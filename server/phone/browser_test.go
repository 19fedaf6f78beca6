package phone_test

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"hailong/internal/survey"
	"hailong/server/questionnaire"
)

const (
	facesShown  = "fieldset.faces"
	moreShown   = "textarea, details.part"
	thanksShown = "main > svg.done"
)

// From the first tap to the last page on phones and on a desktop, by pages that
// hold no script, in a browser that runs none.
func TestPhoneWithoutScript(t *testing.T) {
	for name, size := range map[string][2]int64{"360": {360, 740}, "412": {412, 915}, "1366": {1366, 768}} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			v := f.visit(t, size[0], size[1])
			known := open
			known.Officer = true
			id := f.receipt(t, known)
			v.follow(chromedp.Navigate(v.base+"/R/"+id.String()), facesShown)
			v.shoot(name + "-1-rate")
			if small := ask[int](v, `[...document.querySelectorAll(".faces button")].filter(b => b.offsetHeight < 48 || b.offsetWidth < 200 || b.offsetHeight != document.querySelector(".faces button").offsetHeight).length`); small > 0 {
				t.Errorf("%d faces are small, or not alike", small)
			}
			v.follow(chromedp.Click(`.faces button[value="2"]`), moreShown)
			v.shoot(name + "-2-more")
			v.openAll()
			v.shoot(name + "-3-more-open")
			v.do(chromedp.Click(`label[for="access-4"]`), chromedp.Click(`label[for="staff-0"]`), chromedp.Click(`label[for="officer-5"]`),
				chromedp.Click(`label[for="good.access.seats"]`), chromedp.Click(`label[for="bad.staff.polite"]`),
				chromedp.SendKeys("#comment", "Phải chờ lâu."),
				chromedp.WaitNotVisible("#contact"), chromedp.Click(`label[for="consent"]`), chromedp.WaitVisible("#contact"), chromedp.SendKeys("#contact", "0900 000 000"))
			v.shoot(name + "-4-more-filled")
			v.follow(chromedp.Click(`form button.button`), thanksShown)
			v.shoot(name + "-5-thanks")
			ratings, texts := f.facts(t)
			if len(ratings) != 2 || len(texts) != 2 || ratings[1].Score != 2 || len(ratings[1].Answers) != 2 || len(ratings[1].Reasons) != 2 || ratings[0].Took == 0 {
				t.Fatalf("recorded %+v %+v", ratings, texts)
			}
			if f.writing(t, texts[0]).Comment != "Phải chờ lâu." || f.writing(t, texts[1]).Contact != "0900 000 000" {
				t.Error("other words")
			}
		})
	}
}

// Neither back nor reload shows what anybody chose or wrote, in the page or in
// its address.
func TestNoTraceByBackAndReload(t *testing.T) {
	f := newFixture(t)
	v := f.visit(t, 390, 844)
	v.follow(chromedp.Navigate(v.base+"/r/"+f.receipt(t, open).String()), facesShown)
	v.follow(chromedp.Click(`.faces button[value="1"]`), moreShown)
	address := ask[string](v, `location.href`)
	v.openAll()
	v.do(chromedp.Click(`label[for="access-1"]`), chromedp.SendKeys("#comment", "riêng tư"))
	nothing := func(when string) {
		t.Helper()
		if n := ask[int](v, `document.querySelectorAll("input:checked").length`); n > 0 {
			t.Errorf("%s: %d are chosen", when, n)
		}
		if text := ask[string](v, `document.documentElement.outerHTML + [...document.querySelectorAll("textarea")].map(e => e.value)`); strings.Contains(text, "riêng tư") {
			t.Errorf("%s: the comment is there", when)
		}
	}
	v.follow(chromedp.Reload(), moreShown)
	nothing("reloaded")
	v.openAll()
	v.do(chromedp.Click(`label[for="access-1"]`), chromedp.SendKeys("#comment", "riêng tư"))
	v.follow(chromedp.Click(`form button.button`), thanksShown)
	v.do(chromedp.NavigateBack(), chromedp.WaitVisible(moreShown))
	nothing("back from the thanks")
	v.do(chromedp.NavigateBack(), chromedp.WaitVisible(facesShown))
	nothing("back at the faces")
	// Two taps that differ give addresses of one form: none tells which it was.
	v.follow(chromedp.Click(`.faces button[value="5"]`), moreShown)
	if other := ask[string](v, `location.href`); len(other) != len(address) || other == address {
		t.Errorf("%s\n%s", address, other)
	}
	// The last answer counts, whatever was there before.
	if got := f.ratings(t); got[len(got)-1].Score != 5 {
		t.Errorf("%+v", got)
	}
}

// By the keyboard alone: a face, a part that opens, an answer, a tick, send.
func TestPhoneByKeyboard(t *testing.T) {
	f := newFixture(t)
	v := f.visit(t, 1366, 768)
	v.follow(chromedp.Navigate(v.base+"/r/"+f.receipt(t, open).String()), facesShown)
	// tab moves on until what has the focus fits; each stop must be seen.
	tab := func(selector string) {
		t.Helper()
		for range 60 {
			v.do(chromedp.KeyEvent(kb.Tab))
			if seen := ask[bool](v, `(e => { const l = e.matches("input[type=radio],input[type=checkbox]") ? e.nextElementSibling : e; return e == document.body || getComputedStyle(l).outlineStyle != "none" || getComputedStyle(e).outlineStyle != "none" })(document.activeElement)`); !seen {
				t.Errorf("focus is not seen on %s", ask[string](v, `document.activeElement.outerHTML`))
			}
			if ask[bool](v, `document.activeElement.matches('`+selector+`')`) {
				return
			}
		}
		t.Fatalf("the keyboard never comes to %s", selector)
	}
	tab(`button[value="3"]`)
	v.follow(chromedp.KeyEvent(kb.Enter), moreShown)
	tab("details:nth-of-type(1) > summary")
	v.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("#access-5 + label"))
	tab("#access-5")
	v.do(chromedp.KeyEvent(kb.ArrowRight)) // the arrows choose
	tab("details:not(.factor):nth-of-type(2) > summary")
	v.do(chromedp.KeyEvent(" "), chromedp.WaitVisible(".factor"))
	tab(".factor > summary")
	v.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(".ticks"))
	tab(`input[name="bad.access.seats"]`)
	v.do(chromedp.KeyEvent(" "))
	tab("button.button")
	v.follow(chromedp.KeyEvent(kb.Enter), thanksShown)
	got := f.ratings(t)
	if last := got[len(got)-1]; len(got) != 2 || last.Score != 3 || len(last.Answers) != 1 || last.Answers[0].Score != 4 || len(last.Reasons) != 1 || last.Reasons[0] != "-access.seats" {
		t.Errorf("%+v", got)
	}
}

// Below 40 KB on first load, counted on the wire with its headers; the page with
// the further questions is no larger. The cache is empty.
func TestFirstLoadIsSmall(t *testing.T) {
	f := newFixture(t)
	f.versions = []*survey.Questionnaire{example(t)}
	v := f.visit(t, 390, 844)
	v.follow(chromedp.Navigate(v.base+"/r/"+f.receipt(t, open).String()), facesShown)
	first := v.sent.Load()
	loaded := ask[string](v, `performance.getEntriesByType("resource").map(e => new URL(e.name).pathname).join(" ")`)
	if first >= 40_000 || first < 1000 || !strings.HasPrefix(loaded, "/static/calm") || strings.Contains(loaded, " ") {
		t.Errorf("%d bytes; beside the page: %s", first, loaded)
	}
	v.follow(chromedp.Click(`.faces button[value="5"]`), moreShown)
	if second := v.sent.Load() - first; second >= 40_000 {
		t.Errorf("%d bytes for the further questions", second)
	} else {
		t.Logf("first load: %d bytes; further questions: %d bytes", first, second)
	}
}

// The other pages, and both other languages.
func TestOtherPhonePages(t *testing.T) {
	f := newFixture(t)
	v := f.visit(t, 360, 740)
	closed := open
	closed.WindowOpen = false
	for _, page := range []struct{ name, path, shows string }{
		{"type", "/r", "input#code"},
		{"unknown", "/r/0000000000000000X", "input#code"},
		{"closed", "/r/" + f.receipt(t, closed).String(), "main"},
		{"notes", "/r/" + f.receipt(t, open).String() + "/thanks?cut=1&nocontact=1", ".notice"},
		{"error", "/r/a/b/c", "a.button"},
		{"english", "/r/" + f.receipt(t, open).String() + "?lang=en", facesShown},
		{"lao", "/r/" + f.receipt(t, open).String() + "?lang=lo", facesShown},
	} {
		v.follow(chromedp.Navigate(v.base+page.path), page.shows)
		v.shoot("360-" + page.name)
	}
	for _, language := range []string{"en", "lo"} {
		id := f.receipt(t, open)
		more := f.tap(t, id, url.Values{"score": {"5"}, "version": {"1"}})
		v.follow(chromedp.Navigate(v.base+more.String()+"&lang="+language), moreShown)
		v.openAll()
		v.shoot("360-more-" + language)
	}
}

// example is the questionnaire that the product comes with.
func example(t *testing.T) *survey.Questionnaire {
	t.Helper()
	v, err := questionnaire.Load(filepath.Join("..", "..", "deploy", "example", "questionnaire.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return &v.Questionnaire
}

// The questionnaire of the example fits on the narrowest of these screens, for
// both kinds of service and in every language.
func TestExampleOnANarrowPhone(t *testing.T) {
	f := newFixture(t)
	f.versions = []*survey.Questionnaire{example(t)}
	v := f.visit(t, 360, 740)
	known := open
	known.Officer = true
	for _, known.Service = range survey.Services {
		id := f.receipt(t, known)
		for _, language := range f.languages {
			v.follow(chromedp.Navigate(v.base+"/r/"+id.String()+"?lang="+language), facesShown)
			v.shoot("360-example-" + known.Service.String() + "-" + language)
			if below := ask[float64](v, `document.querySelector(".faces").getBoundingClientRect().bottom`); below > 740 {
				t.Errorf("%v %s: the last face ends at %.0f of 740", known.Service, language, below)
			}
			v.follow(chromedp.Click(`.faces button[value="4"]`), moreShown)
			v.openAll()
			v.shoot("360-example-" + known.Service.String() + "-more-" + language)
		}
	}
}

// Every text is told from its ground at 7 : 1, whether chosen or not.
func TestContrast(t *testing.T) {
	f := newFixture(t)
	v := f.visit(t, 390, 844)
	known := open
	known.Officer = true
	id := f.receipt(t, known)
	check := func(page string) {
		t.Helper()
		for _, low := range ask[[]string](v, lowContrast) {
			t.Errorf("%s: %s", page, low)
		}
	}
	v.follow(chromedp.Navigate(v.base+"/r/"+id.String()), facesShown)
	check("rate")
	v.follow(chromedp.Click(`.faces button[value="2"]`), moreShown)
	v.openAll()
	check("more")
	ask[int](v, `[...document.querySelectorAll("input[type=checkbox], input[value='5']")].map(e => e.checked = true).length`)
	check("more, chosen")
	v.follow(chromedp.Navigate(v.base+"/r/"+id.String()+"/thanks?cut=1&nocontact=1"), thanksShown)
	check("thanks")
	v.follow(chromedp.Navigate(v.base+"/r/0000000000000000X"), "input#code")
	check("unknown")
}

// lowContrast lists the texts below 7 : 1 (WCAG 2.2, 1.4.6).
const lowContrast = `(() => {
	const rgb = c => c.match(/[\d.]+/g).map(Number)
	const light = c => { const [r, g, b] = c.map(x => (x /= 255) <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b }
	const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length == 3 || c[3] == 1) return c.slice(0, 3) } return [255, 255, 255] }
	const low = []
	for (const e of document.body.querySelectorAll("*")) {
		if (!e.getClientRects().length || ![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue
		const a = light(rgb(getComputedStyle(e).color).slice(0, 3)), b = light(ground(e))
		const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05)
		if (ratio < 7) low.push(ratio.toFixed(2) + " " + e.tagName + " " + e.textContent.trim().slice(0, 40))
	}
	return low
})()`
